//! `quorate trace`: a trace file as something to read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::de::DeserializeOwned;
use sim::trace::{HappensBefore, TRACE_VERSION, TraceEvent, TraceHeader, TraceKind, causes};

use crate::exit::{self, Exit, Failure};
use crate::render::trace::{Page, kind_name};
use crate::render::{self, units};
use crate::terminal::{Terminal, Written, written};

/// The width of a page where there is no terminal to ask.
const WIDTH_DEFAULT: u16 = 160;
/// The narrowest page that can be asked for.
const WIDTH_MIN: i64 = 60;
/// The widest.
const WIDTH_MAX: i64 = 2_000;

/// Draws a trace: a column a node, a line an event, the rule applied at the right
///
/// Example: quorate trace leader-crash.raft.jsonl --from 2.9s --to 3.5s | less -S
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// The trace file, as `quorate run --trace` writes it
    file: PathBuf,
    /// Only events at these nodes, by number; the world's events stay
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = node)]
    node: Vec<u8>,
    /// Only events of these kinds
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = PossibleValuesParser::new(TraceKind::ALL.map(kind_name)))]
    kind: Vec<String>,
    /// Only events at or after this time, as in 2.5s or 300ms
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    from: Option<u64>,
    /// Only events before or at this time
    #[arg(long, value_name = "TIME", value_parser = units::parse_duration)]
    to: Option<u64>,
    /// Only the event of this number and the chain of events that caused it
    #[arg(long, value_name = "EVENT", conflicts_with = "past")]
    why: Option<u64>,
    /// Only the event of this number and everything that can have had an influence on it
    #[arg(long, value_name = "EVENT")]
    past: Option<u64>,
    /// How many columns the page has; by default the terminal's, or 160
    #[arg(long, value_name = "CELLS", value_parser = clap::value_parser!(u16).range(WIDTH_MIN..=WIDTH_MAX))]
    width: Option<u16>,
}

/// Reads a node's number, with or without the `n` of reports.
fn node(text: &str) -> Result<u8, String> {
    text.strip_prefix('n')
        .unwrap_or(text)
        .parse()
        .map_err(|_| "expected a node's number, as in 2 or n2".to_string())
}

impl Arguments {
    /// Whether an event is to be shown.
    fn shows(&self, event: &TraceEvent) -> bool {
        let node = self.node.is_empty() || event.node.is_none_or(|node| self.node.contains(&node));
        let kind = self.kind.is_empty() || self.kind.iter().any(|kind| kind == kind_name(event.kind));
        let from = self.from.is_none_or(|from| from <= event.time);
        let to = self.to.is_none_or(|to| event.time <= to);
        node && kind && from && to
    }

    fn width(&self) -> usize {
        let of_terminal = || match terminal_size::terminal_size() {
            Some((terminal_size::Width(width), _)) if io::stdout().is_terminal() => width,
            _ => WIDTH_DEFAULT,
        };
        usize::from(self.width.unwrap_or_else(of_terminal))
    }
}

/// Draws it, line by line as the file is read: a trace may be larger than memory.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut lines = Lines::open(&arguments.file)?;
    let header = lines.header()?;
    let mut page = Page::new(&header, arguments.width());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut put = |text: String| {
        let text = if terminal.color { render::paint(&text) } else { text };
        written(out.write_all(text.as_bytes()))
    };
    let mut shown = 0u64;
    let mut title = Some(page.title(&header));
    let relevant = relevant(arguments)?;
    while let Some(event) = lines.event(&header)? {
        let is_relevant = relevant.as_ref().is_none_or(|relevant| relevant.binary_search(&event.seq).is_ok());
        if !is_relevant || !arguments.shows(&event) {
            continue;
        }
        shown += 1;
        let text = title.take().unwrap_or_default() + &page.event(&event);
        if put(text)? == Written::Closed {
            return Ok(Exit::Held);
        }
    }
    written(out.flush())?;
    if shown == 0 {
        return Err(Failure::nothing(format!("{}: no event is selected", arguments.file.display())));
    }
    Ok(Exit::Held)
}

/// The events that `--why` or `--past` asks for, in order; none: all of them. Happens-before needs the whole trace in
/// memory.
fn relevant(arguments: &Arguments) -> Result<Option<Vec<u64>>, Failure> {
    let Some(asked) = arguments.why.or(arguments.past) else { return Ok(None) };
    let mut lines = Lines::open(&arguments.file)?;
    let header = lines.header()?;
    let mut events: Vec<TraceEvent> = Vec::new();
    while let Some(event) = lines.event(&header)? {
        let expected = events.len() as u64 + 1;
        if event.seq != expected || event.cause.is_some_and(|cause| cause == 0 || event.seq <= cause) {
            return Err(lines.wrong(format!("expected event {expected}, caused by an earlier one")));
        }
        events.push(event);
    }
    if asked == 0 || (events.len() as u64) < asked {
        let file = arguments.file.display();
        return Err(Failure::usage(format!(
            "{file} has no event {asked}; it has events 1 to {}",
            events.len()
        )));
    }
    let relevant = match arguments.why {
        Some(event) => causes(&events, event),
        None => HappensBefore::of(&events).past(asked),
    };
    Ok(Some(relevant))
}

/// The lines of a trace file, with what is needed to say where one is wrong.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    /// The line read last, from 1.
    number: u64,
    buffer: Vec<u8>,
}

impl Lines {
    fn open(path: &Path) -> Result<Lines, Failure> {
        let file =
            File::open(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        Ok(Lines { path: path.to_path_buf(), reader: BufReader::new(file), number: 0, buffer: Vec::new() })
    }

    /// An error at the line read last.
    fn wrong(&self, message: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("{}:{}: {message}", self.path.display(), self.number))
    }

    /// The next line as data; none at the end of the file.
    fn next<T: DeserializeOwned>(&mut self, expected: &str) -> Result<Option<T>, Failure> {
        self.buffer.clear();
        self.number += 1;
        let read = self.reader.read_until(b'\n', &mut self.buffer).map_err(|error| self.wrong(error))?;
        if read == 0 {
            return Ok(None);
        }
        let parsed = serde_json::from_slice(&self.buffer);
        parsed.map(Some).map_err(|error| self.wrong(format!("expected {expected}: {}", without_line(&error))))
    }

    /// The first line.
    fn header(&mut self) -> Result<TraceHeader, Failure> {
        let header: Option<TraceHeader> = self.next("the header of a trace")?;
        let header = header.ok_or_else(|| self.wrong("the file is empty; expected the header of a trace"))?;
        if header.quorate_trace != TRACE_VERSION {
            let found = header.quorate_trace;
            return Err(
                self.wrong(format!("the trace is of version {found}; this build reads {TRACE_VERSION}"))
            );
        }
        if header.nodes == 0 {
            return Err(self.wrong("a trace has at least one node"));
        }
        Ok(header)
    }

    /// The next event.
    fn event(&mut self, header: &TraceHeader) -> Result<Option<TraceEvent>, Failure> {
        let event: Option<TraceEvent> = self.next("an event of a trace")?;
        if let Some(node) = event.as_ref().and_then(|event| event.node)
            && header.nodes <= node
        {
            return Err(self.wrong(format!("there is no node {node} among {}", header.nodes)));
        }
        Ok(event)
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
