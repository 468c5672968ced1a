//! Histories of other systems: the files that Porcupine redistributes, line by line.
//!
//! Both formats have no times: the order of lines is real time, and a line's number is its time. A process has at
//! most one operation open. A line that cannot be read is an error, never skipped: a loader that splits on tabs alone
//! reads the three files with spaces as empty histories and passes them.

use std::collections::BTreeMap;

use crate::append;
use crate::history::{Defect, History, HistoryError, Operation, Outcome, Value};
use crate::kv::{Kind, Output};

/// Reads a Jepsen log of one register with compare-and-set: `INFO jepsen.util - PROCESS :TYPE :OPERATION VALUE`.
pub fn jepsen_log(text: &str) -> Result<History, HistoryError> {
    let mut operations: Vec<Operation> = Vec::new();
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let number = index + 1;
        let event = log_line(line).ok_or_else(|| malformed(number, line))?;
        let out_of_turn = HistoryError { line: number, defect: Defect::OutOfTurn };
        match event.phase {
            Phase::Invoke => {
                let kind = log_kind(event.name, event.argument).ok_or_else(|| malformed(number, line))?;
                let (client, call) = (event.process, number as u64);
                if open.insert(client, operations.len()).is_some() {
                    return Err(out_of_turn);
                }
                // An operation that never ends stays as it is: of unknown outcome.
                let outcome = Outcome::Unknown;
                operations.push(Operation { client, key: 0, call, ret: None, kind, outcome, position: None });
            }
            phase => {
                let started = open.remove(&event.process).ok_or(out_of_turn)?;
                let operation = &mut operations[started];
                operation.outcome = log_outcome(operation.kind, phase, event.name, event.argument)
                    .ok_or_else(|| malformed(number, line))?;
                operation.ret = Some(number as u64);
            }
        }
    }
    History::new(operations)
}

/// The word in the middle of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Invoke,
    Ok,
    Fail,
    Info,
}

/// One line of a Jepsen log.
#[derive(Clone, Copy, Debug)]
struct LogLine<'a> {
    process: u64,
    phase: Phase,
    name: &'a str,
    argument: &'a str,
}

fn log_line(line: &str) -> Option<LogLine<'_>> {
    let rest = line.trim().strip_prefix("INFO")?.trim_start().strip_prefix("jepsen.util")?;
    let rest = rest.trim_start().strip_prefix('-')?;
    let (process, rest) = word(rest)?;
    let (phase, rest) = word(rest)?;
    let (name, rest) = word(rest)?;
    let phase = match phase {
        ":invoke" => Phase::Invoke,
        ":ok" => Phase::Ok,
        ":fail" => Phase::Fail,
        ":info" => Phase::Info,
        _ => return None,
    };
    Some(LogLine { process: process.parse().ok()?, phase, name, argument: rest.trim() })
}

/// The first word, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn log_kind(name: &str, argument: &str) -> Option<Kind> {
    match name {
        ":read" if argument == "nil" => Some(Kind::Get),
        ":write" => Some(Kind::Put { value: argument.parse().ok()? }),
        ":cas" => {
            let (expect, value) = pair(argument)?;
            Some(Kind::Cas { expect: Some(expect), value })
        }
        _ => None,
    }
}

/// Reads `[A B]`.
fn pair(argument: &str) -> Option<(Value, Value)> {
    let inner = argument.strip_prefix('[')?.strip_suffix(']')?;
    let (left, right) = inner.trim().split_once(char::is_whitespace)?;
    Some((left.parse().ok()?, right.trim().parse().ok()?))
}

fn log_outcome(kind: Kind, phase: Phase, name: &str, argument: &str) -> Option<Outcome> {
    let is_timed_out = argument == ":timed-out";
    let is_repeated = !is_timed_out && log_kind(name, argument) == Some(kind);
    match (kind, phase) {
        (Kind::Get, Phase::Ok) if name == ":read" => {
            let seen = if argument == "nil" { None } else { Some(argument.parse().ok()?) };
            Some(Outcome::Ok(Output::Value(seen)))
        }
        (Kind::Get, Phase::Fail) if name == ":read" && is_timed_out => Some(Outcome::Failed),
        (Kind::Put { .. }, Phase::Ok) if is_repeated => Some(Outcome::Ok(Output::Done)),
        (Kind::Put { .. }, Phase::Info) if name == ":write" && is_timed_out => Some(Outcome::Unknown),
        (Kind::Cas { .. }, Phase::Ok) if is_repeated => Some(Outcome::Ok(Output::Swapped)),
        (Kind::Cas { .. }, Phase::Fail) if is_repeated => Some(Outcome::Ok(Output::Mismatch)),
        (Kind::Cas { .. }, Phase::Info) if name == ":cas" && is_timed_out => Some(Outcome::Unknown),
        _ => None,
    }
}

/// Reads a key-value history with append: `{:process P, :type :invoke|:ok, :f :get|:put|:append, :key "K", :value V}`.
pub fn append_history(text: &str) -> Result<History<append::Kind>, HistoryError> {
    let mut operations: Vec<Operation<append::Kind>> = Vec::new();
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let number = index + 1;
        let event = append_line(line).ok_or_else(|| malformed(number, line))?;
        let out_of_turn = HistoryError { line: number, defect: Defect::OutOfTurn };
        if event.is_invoke {
            if open.insert(event.process, operations.len()).is_some() {
                return Err(out_of_turn);
            }
            operations.push(Operation {
                client: event.process,
                key: event.key,
                call: number as u64,
                ret: None,
                kind: event.kind().ok_or_else(|| malformed(number, line))?,
                outcome: Outcome::Unknown,
                position: None,
            });
            continue;
        }
        let started = open.remove(&event.process).ok_or(out_of_turn)?;
        let operation = &mut operations[started];
        let seen = event.text.ok_or_else(|| malformed(number, line))?;
        let is_repeated = event.kind().as_ref() == Some(&operation.kind);
        if operation.key != event.key || !is_repeated {
            return Err(malformed(number, line));
        }
        operation.ret = Some(number as u64);
        operation.outcome = Outcome::Ok(match operation.kind {
            append::Kind::Get => append::Output::Text(seen.to_owned()),
            append::Kind::Put { .. } | append::Kind::Append { .. } => append::Output::Done,
        });
    }
    match open.values().min() {
        None => History::new(operations),
        // The format has no unknown outcomes: every operation completes.
        Some(&never) => {
            Err(HistoryError { line: operations[never].call as usize, defect: Defect::OutOfTurn })
        }
    }
}

/// One line of a key-value history.
#[derive(Clone, Copy, Debug)]
struct AppendLine<'a> {
    process: u64,
    is_invoke: bool,
    name: Name,
    key: u64,
    /// `None` for the bare word `nil`.
    text: Option<&'a str>,
}

/// What stands behind `:f`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Get,
    Put,
    Append,
}

impl AppendLine<'_> {
    /// What the line asks for.
    fn kind(&self) -> Option<append::Kind> {
        let text = || self.text.map(str::to_owned);
        match self.name {
            Name::Get => Some(append::Kind::Get),
            Name::Put => Some(append::Kind::Put { text: text()? }),
            Name::Append => Some(append::Kind::Append { text: text()? }),
        }
    }
}

fn append_line(line: &str) -> Option<AppendLine<'_>> {
    let rest = line.trim().strip_prefix("{:process ")?.strip_suffix('}')?;
    let (process, rest) = rest.split_once(", :type :")?;
    let (phase, rest) = rest.split_once(", :f :")?;
    let (name, rest) = rest.split_once(", :key \"")?;
    let (key, value) = rest.split_once("\", :value ")?;
    let is_invoke = match phase {
        "invoke" => true,
        "ok" => false,
        _ => return None,
    };
    let name = match name {
        "get" => Name::Get,
        "put" => Name::Put,
        "append" => Name::Append,
        _ => return None,
    };
    let text = if value == "nil" { None } else { Some(value.strip_prefix('"')?.strip_suffix('"')?) };
    if text.is_none() && !(is_invoke && name == Name::Get) {
        return None;
    }
    Some(AppendLine { process: process.parse().ok()?, is_invoke, name, key: key.parse().ok()?, text })
}

fn malformed(line: usize, text: &str) -> HistoryError {
    HistoryError { line, defect: Defect::Malformed(format!("not understood: {text}")) }
}
