//! A trace as JSON lines: the canonical form, from which every other is made. The first line is the header, every
//! other line an event; keys are the fields of [`TraceHeader`] and [`TraceEvent`], and `docs/exports.md` lists them.

use std::fmt;
use std::io::{self, BufRead, Write};

use serde::de::DeserializeOwned;
use sim::trace::{TRACE_VERSION, TraceEvent, TraceHeader};

/// Writes a whole trace.
pub fn write(out: &mut impl Write, header: &TraceHeader, events: &[TraceEvent]) -> io::Result<()> {
    serde_json::to_writer(&mut *out, header)?;
    out.write_all(b"\n")?;
    for event in events {
        serde_json::to_writer(&mut *out, event)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// What is wrong with a trace, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}

impl std::error::Error for Fault {}

/// Reads a whole trace, and checks what everything here relies on: the version, numbers without gaps, times that do not
/// go back, causes that come before what they cause, nodes that there are.
pub fn read(input: impl BufRead) -> Result<(TraceHeader, Vec<TraceEvent>), Fault> {
    let mut lines = Lines { input, line: 0, buffer: Vec::new() };
    let header: TraceHeader = lines.next("the header of a trace")?.ok_or_else(|| {
        let message = "the file is empty; expected the header of a trace, as `quorate run --trace` writes it";
        Fault { line: 1, message: message.into() }
    })?;
    if header.quorate_trace != TRACE_VERSION {
        let found = header.quorate_trace;
        return Err(lines.fault(format!("the trace is of version {found}; this build reads {TRACE_VERSION}")));
    }
    if header.nodes == 0 {
        return Err(lines.fault("a trace has at least one node"));
    }
    let mut events: Vec<TraceEvent> = Vec::new();
    while let Some(event) = lines.next::<TraceEvent>("an event of a trace")? {
        if let Some(defect) = defect(&header, events.last(), &event) {
            return Err(lines.fault(defect));
        }
        events.push(event);
    }
    Ok((header, events))
}

/// What is wrong with an event that comes after `before`.
fn defect(header: &TraceHeader, before: Option<&TraceEvent>, event: &TraceEvent) -> Option<String> {
    let expected = before.map_or(1, |before| before.seq + 1);
    let unknown = [event.node, event.peer].into_iter().flatten().find(|node| header.nodes <= *node);
    if event.seq != expected {
        return Some(format!("expected event {expected}, found event {}", event.seq));
    }
    if before.is_some_and(|before| event.time < before.time) {
        return Some(format!("event {} is earlier than the one before it", event.seq));
    }
    if event.cause.is_some_and(|cause| cause == 0 || event.seq <= cause) {
        return Some(format!("event {} has a cause that does not come before it", event.seq));
    }
    unknown.map(|node| format!("there is no node {node} among {}", header.nodes))
}

struct Lines<R> {
    input: R,
    /// The line read last, from 1.
    line: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn next<T: DeserializeOwned>(&mut self, expected: &str) -> Result<Option<T>, Fault> {
        self.buffer.clear();
        self.line += 1;
        let read =
            self.input.read_until(b'\n', &mut self.buffer).map_err(|error| self.fault(error.to_string()))?;
        if read == 0 {
            return Ok(None);
        }
        let parsed = serde_json::from_slice(&self.buffer);
        parsed.map(Some).map_err(|error| self.fault(format!("expected {expected}: {}", without_line(&error))))
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { line: self.line, message: message.into() }
    }
}

/// What serde says of an error, without its own line: every line is a document of its own.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line 1 column ") {
        Some((message, column)) => format!("{message} (column {column})"),
        None => text,
    }
}
