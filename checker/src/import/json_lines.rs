//! Our own format: a JSON object an operation, one a line.
//!
//! `{"client":1,"key":0,"call":1,"ret":2,"kind":{"put":{"value":3}},"outcome":{"ok":"done"},"position":7}`. Keys and
//! values may be texts as well as numbers. A history about a single object leaves `key` out.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::events::Spoken;
use super::faults::{Draft, Drafts};
use super::names::Namer;
use super::naming::Naming;
use super::{Loaded, Span};
use crate::history::{Defect, History, Operation, Outcome};

/// What a line looks like.
const LINE: &str = r#"{"client":..,"key":..,"call":..,"ret":..,"kind":..,"outcome":..}"#;

/// The fields of a line.
const FIELDS: &[&str] = &["client", "key", "call", "ret", "kind", "outcome", "position"];

/// Reads a history.
pub(super) fn load<K: Spoken>(text: &str, drafts: &mut Drafts) -> Loaded<K> {
    let mut names = Namer::new();
    let mut operations = Vec::new();
    let mut places = Vec::new();
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let written = line.trim_end();
        if !written.is_empty() {
            match read(written, &mut names) {
                Ok(operation) => {
                    operations.push(operation);
                    places.push(Span { call: index + 1, end: Some(index + 1) });
                }
                Err(wrong) => drafts.add(wrong.draft(start)),
            }
        }
        if drafts.is_full() {
            break;
        }
        start += line.len();
    }
    let history =
        History::new(operations).unwrap_or_else(|error| unreachable!("each was validated: {error}"));
    Loaded { history: history.with_names(names.close()), places, skipped: 0 }
}

/// What is wrong with a line, in bytes of it.
#[derive(Debug)]
struct Wrong {
    at: usize,
    end: usize,
    problem: String,
    expected: String,
    help: &'static str,
}

impl Wrong {
    fn draft(self, start: usize) -> Draft {
        Draft::new(start + self.at..start + self.end, self.problem, self.expected).help(self.help)
    }
}

fn read<K: Spoken>(line: &str, names: &mut Namer) -> Result<Operation<K>, Wrong> {
    let mut reader = serde_json::Deserializer::from_str(line);
    let operation = Line { names, object: PhantomData::<K> }
        .deserialize(&mut reader)
        .and_then(|operation| reader.end().map(|()| operation))
        .map_err(|error| malformed(line, &error))?;
    operation.validate().map_err(|defect| impossible(line, &defect))?;
    Ok(operation)
}

/// What the reader of JSON said.
fn malformed(line: &str, error: &serde_json::Error) -> Wrong {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let problem = said.strip_suffix(&place).unwrap_or(&said);
    let token = token(line, error.column().saturating_sub(1));
    // "unknown variant `enqueue`, expected ..": the word may be another object's.
    let word = problem.strip_prefix("unknown variant `").and_then(|rest| rest.split('`').next());
    let (problem, expected) = problem.split_once(", expected ").unwrap_or((problem, LINE));
    Wrong {
        at: token.start,
        end: token.end,
        problem: problem.to_owned(),
        expected: expected.to_owned(),
        help: word.map_or("", super::model_with),
    }
}

/// The text, number or word that ends at this byte: the reader of JSON names the place behind what it did not like.
fn token(line: &str, last: usize) -> Range<usize> {
    let bytes = line.as_bytes();
    let last = last.min(bytes.len().saturating_sub(1));
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
    let start = match bytes.get(last) {
        Some(b'"') => bytes[..last].iter().rposition(|&byte| byte == b'"').unwrap_or(last),
        Some(byte) if is_word(byte) => {
            bytes[..last].iter().rposition(|byte| !is_word(byte)).map_or(0, |at| at + 1)
        }
        _ => last,
    };
    let mut token = start..(last + 1).min(bytes.len());
    while !line.is_char_boundary(token.start) {
        token.start -= 1;
    }
    while !line.is_char_boundary(token.end) {
        token.end += 1;
    }
    token
}

/// An operation that is well written and cannot be.
fn impossible(line: &str, defect: &Defect) -> Wrong {
    let (field, problem, expected) = match defect {
        Defect::ReturnBeforeCall => ("\"ret\"", "the operation returned before it was called", "call <= ret"),
        Defect::OkWithoutReturn => ("\"outcome\"", "the operation is ok and has no return", "its \"ret\""),
        _ => ("\"outcome\"", "the output belongs to another kind of operation", "an output of this kind"),
    };
    let at = line.find(field).unwrap_or(0);
    let end = line[at..].find([',', '}']).map_or(line.len(), |length| at + length);
    Wrong { at, end, problem: problem.to_owned(), expected: expected.to_owned(), help: "" }
}

/// Reads an operation; what its numbers and texts stand for goes to the names.
struct Line<'n, K> {
    names: &'n mut Namer,
    object: PhantomData<K>,
}

impl<'de, K: Spoken> DeserializeSeed<'de> for Line<'_, K> {
    type Value = Operation<K>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Operation<K>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K: Spoken> Visitor<'de> for Line<'_, K> {
    type Value = Operation<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(LINE)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Operation<K>, A::Error> {
        let (mut client, mut key, mut call, mut ret) = (None, None, None, None);
        let (mut kind, mut outcome, mut position) = (None::<K::Asked>, None::<Outcome<K::Came>>, None);
        while let Some(field) = fields.next_key_seed(FieldName)? {
            match field {
                "client" => once(&mut client, field, || fields.next_value())?,
                "key" => once(&mut key, field, || fields.next_value_seed(Naming::new(self.names)))?,
                "call" => once(&mut call, field, || fields.next_value())?,
                "ret" => once(&mut ret, field, || fields.next_value())?,
                "kind" if K::TAKES_TEXTS => {
                    once(&mut kind, field, || fields.next_value_seed(Naming::new(self.names)))?;
                }
                "outcome" if K::TAKES_TEXTS => {
                    once(&mut outcome, field, || fields.next_value_seed(Naming::new(self.names)))?;
                }
                "kind" => once(&mut kind, field, || fields.next_value())?,
                "outcome" => once(&mut outcome, field, || fields.next_value())?,
                _ => once(&mut position, field, || fields.next_value())?,
            }
        }
        let missing = |field| A::Error::missing_field(field);
        Ok(Operation {
            client: client.ok_or_else(|| missing("client"))?,
            key: key.unwrap_or(0),
            call: call.ok_or_else(|| missing("call"))?,
            ret: ret.flatten(),
            kind: kind.ok_or_else(|| missing("kind"))?.into(),
            outcome: match outcome.ok_or_else(|| missing("outcome"))? {
                Outcome::Ok(came) => Outcome::Ok(came.into()),
                Outcome::Failed => Outcome::Failed,
                Outcome::Unknown => Outcome::Unknown,
            },
            position: position.flatten(),
        })
    }
}

/// Reads a field that must not be there yet.
fn once<T, E: serde::de::Error>(
    field: &mut Option<T>,
    name: &'static str,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<(), E> {
    match field.replace(read()?) {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

/// Reads the name of a field.
struct FieldName;

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<&'static str, E> {
        let known = FIELDS.iter().find(|&&field| field == name);
        known.copied().ok_or_else(|| E::unknown_field(name, FIELDS))
    }
}
