//! Numbers for the keys and values of a file: only equality matters to a checker.

use xxhash_rust::xxh3::xxh3_64;

use super::faults::Draft;
use super::form::{Form, What};
use crate::history::{Names, Value};
use crate::table::Table;

/// Gives numbers to texts, in order of first appearance; small numbers stand for themselves.
#[derive(Debug)]
pub(super) struct Namer {
    table: Table,
    /// What the numbers from [`Names::FIRST`] on stand for.
    texts: Vec<String>,
    /// For each of them, whether the file had a text there, and not a keyword, a negative number or the like: the
    /// text "-1" is not the number -1.
    is_text: Vec<bool>,
}

impl Namer {
    pub(super) fn new() -> Namer {
        Namer { table: Table::new(), texts: Vec::new(), is_text: Vec::new() }
    }

    /// The number of a text.
    pub(super) fn text(&mut self, text: &str) -> Value {
        self.intern(text, true)
    }

    /// The number of something else than a text or a small number, as the file writes it.
    pub(super) fn literal(&mut self, source: &str) -> Value {
        self.intern(source, false)
    }

    fn intern(&mut self, text: &str, is_text: bool) -> Value {
        let hash = xxh3_64(text.as_bytes()) ^ u64::from(is_text);
        let is = |entry: u32| self.texts[entry as usize] == text && self.is_text[entry as usize] == is_text;
        let entry = self.table.find(hash, is).unwrap_or_else(|| {
            let entry = u32::try_from(self.texts.len()).expect("a file has fewer than 2^32 different texts");
            self.texts.push(text.to_owned());
            self.is_text.push(is_text);
            self.table.insert(hash, entry);
            entry
        });
        Names::FIRST + u64::from(entry)
    }

    /// The number of a whole number.
    pub(super) fn integer(&mut self, number: i128) -> Value {
        match u64::try_from(number) {
            Ok(number) if number < Names::FIRST => number,
            _ => self.literal(&number.to_string()),
        }
    }

    /// The value of a form; `None` is `nil`.
    pub(super) fn value(&mut self, form: &Form<'_>) -> Result<Option<Value>, Draft> {
        match &form.what {
            What::Nil => Ok(None),
            What::Integer(number) => Ok(Some(self.integer(*number))),
            What::Text(text) => Ok(Some(self.text(text))),
            What::Keyword(_) | What::Other(_) => Ok(Some(self.literal(&form.name()))),
            What::Sequence(_) | What::Set(_) | What::Map(_) => Err(Draft::new(
                form.span.clone(),
                format!("{} is no value", form.name()),
                "a number or a text",
            )),
        }
    }

    /// The value of a form that must not be `nil`.
    pub(super) fn some_value(&mut self, form: &Form<'_>) -> Result<Value, Draft> {
        let nil =
            || Draft::new(form.span.clone(), "nil is no value that can be written", "a number or a text");
        self.value(form)?.ok_or_else(nil)
    }

    /// A number as the file writes it.
    pub(super) fn written(&self, number: Value) -> String {
        let text = number.checked_sub(Names::FIRST).and_then(|place| self.texts.get(place as usize));
        text.map_or_else(|| number.to_string(), |text| format!("{text:?}"))
    }

    /// What the numbers stand for.
    pub(super) fn close(self) -> Names {
        Names::new(self.texts)
    }
}
