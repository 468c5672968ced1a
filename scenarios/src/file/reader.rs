//! Reads TOML tables by hand, so that every error of a file is found in one pass: a table remembers which keys it was
//! asked for, and at the end reports the ones that nobody knows.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use sim::plan::{Between, Ppm};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Draft;
use crate::units::{self, Decimal, Unreadable};

/// A value and its place in the file.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// Where errors gather.
#[derive(Default)]
pub(crate) struct Errors(RefCell<Vec<Draft>>);

impl Errors {
    pub(crate) fn push(
        &self,
        span: Range<usize>,
        problem: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.0.borrow_mut().push(Draft::new(span, problem, expected, help));
    }

    pub(crate) fn take(&self) -> Vec<Draft> {
        self.0.take()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.borrow().len()
    }
}

/// A table that is being read.
pub(crate) struct Table<'a> {
    /// How messages call it: `[network]`, or `the file`.
    pub(crate) name: String,
    /// Its header, or its braces.
    pub(crate) span: Range<usize>,
    pub(crate) errors: &'a Errors,
    entries: &'a DeTable<'a>,
    known: RefCell<Vec<&'static str>>,
    finished: Cell<bool>,
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        debug_assert!(self.finished.get() || std::thread::panicking(), "{} was not finished", self.name);
    }
}

impl<'a> Table<'a> {
    pub(crate) fn new(
        name: &str,
        span: Range<usize>,
        entries: &'a DeTable<'a>,
        errors: &'a Errors,
    ) -> Table<'a> {
        let known = RefCell::default();
        Table { name: name.to_string(), span, errors, entries, known, finished: Cell::new(false) }
    }

    /// The value of a key, which is thereby known.
    pub(crate) fn value(&self, key: &'static str) -> Option<&'a Value<'a>> {
        self.known.borrow_mut().push(key);
        self.entries.get(key)
    }

    /// These keys are known, whatever they hold.
    pub(crate) fn know(&self, keys: &[&'static str]) {
        self.known.borrow_mut().extend(keys);
    }

    /// Whether a key is given.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// What `read` makes of a key's value; none if it is absent or wrong.
    pub(crate) fn get<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Field<'a>) -> Option<T>,
    ) -> Option<Placed<T>> {
        let value = self.value(key)?;
        let field = Field { name: key.to_string(), value, errors: self.errors };
        Some(Placed { span: value.span(), value: read(&field)? })
    }

    /// Like [`Table::get`], for a key that must be there.
    pub(crate) fn required<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&Field<'a>) -> Option<T>,
    ) -> Option<Placed<T>> {
        if !self.has(key) {
            self.known.borrow_mut().push(key);
            let problem = format!("{} has no `{key}`", self.name);
            self.errors.push(self.span.clone(), problem, expected, format!("add `{key} = ..`"));
            return None;
        }
        self.get(key, read)
    }

    /// A table in this one.
    pub(crate) fn table(&self, key: &'static str) -> Option<Table<'a>> {
        let value = self.value(key)?;
        Field { name: key.to_string(), value, errors: self.errors }.table(&format!("[{key}]"))
    }

    /// Every entry, for tables whose keys the reader does not list; they are all known.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Range<usize>, Field<'a>)> {
        let field = |key: &str, value| Field { name: key.to_string(), value, errors: self.errors };
        self.entries
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), field(key.get_ref().as_ref(), value)))
            .collect()
    }

    /// Nothing more is asked: keys that are not known are errors.
    pub(crate) fn finish(&self) {
        let known = self.known.borrow();
        for key in self.entries.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                self.unknown(key.get_ref(), key.span(), &known);
            }
        }
        self.finished.set(true);
    }

    /// Nothing more is asked and all keys were looked at one by one.
    pub(crate) fn finish_entries(&self) {
        self.finished.set(true);
    }

    fn unknown(&self, key: &str, span: Range<usize>, known: &[&'static str]) {
        let mut names: Vec<_> = known.to_vec();
        names.sort_unstable();
        names.dedup();
        let problem = format!("{} has no key `{key}`", self.name);
        self.errors.push(span, problem, one_of(&names), did_you_mean(key, &names, "remove it"));
    }
}

/// `one of a, b, c`, or the only one.
pub(crate) fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_string(),
        [only] => only.clone(),
        many => format!("one of {}", many.join(", ")),
    }
}

/// `did you mean ..?`, or what else to do.
pub(crate) fn did_you_mean(word: &str, names: &[&str], otherwise: &str) -> String {
    match units::nearest(word, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => otherwise.to_string(),
    }
}

/// A value that was read, and where.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// The value, or what stands for it.
pub(crate) trait OrElse<T> {
    fn or_value(self, otherwise: T) -> T;
}

impl<T> OrElse<T> for Option<Placed<T>> {
    fn or_value(self, otherwise: T) -> T {
        self.map_or(otherwise, |placed| placed.value)
    }
}

/// A value that is being read. Its methods report what is wrong and then return none.
pub(crate) struct Field<'a> {
    pub(crate) name: String,
    pub(crate) value: &'a Value<'a>,
    pub(crate) errors: &'a Errors,
}

/// The longest span that a file may name: nothing is simulated for longer.
pub(crate) const TIME_MAX: u64 = 3_600_000_000_000;

const A_DURATION: &str = "a duration such as \"200us\", \"5ms\", \"1.5s\" or \"2min\"";
const A_RATE: &str = "a rate such as \"400/s\", \"0.5/s\" or \"30/min\"";
const A_PROBABILITY: &str = "a probability from 0 to 1 with at most six decimals, such as 0.001";

impl<'a> Field<'a> {
    pub(crate) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Reports that the value is wrong.
    pub(crate) fn wrong<T>(
        &self,
        problem: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.errors.push(self.span(), problem, expected, help);
        None
    }

    /// Reports that the value is of another type than it must be.
    pub(crate) fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        let found = match self.value.get_ref() {
            DeValue::String(text) => format!("the string \"{text}\""),
            DeValue::Integer(number) => format!("the integer {number}"),
            DeValue::Float(number) => format!("the number {number}"),
            DeValue::Boolean(flag) => format!("{flag}"),
            DeValue::Datetime(when) => format!("the date {when}"),
            DeValue::Array(_) => "a list".to_string(),
            DeValue::Table(_) => "a table".to_string(),
        };
        self.wrong(format!("`{}` is {found}", self.name), expected, "")
    }

    pub(crate) fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    pub(crate) fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    pub(crate) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    pub(crate) fn table(&self, name: &str) -> Option<Table<'a>> {
        match self.value.get_ref().as_table() {
            Some(entries) => Some(Table::new(name, self.span(), entries, self.errors)),
            None => self.wrong_type("a table"),
        }
    }

    pub(crate) fn list(&self, expected: &str) -> Option<Vec<Field<'a>>> {
        let Some(items) = self.value.get_ref().as_array() else { return self.wrong_type(expected) };
        let item = |value| Field { name: self.name.clone(), value, errors: self.errors };
        Some(items.iter().map(item).collect())
    }

    pub(crate) fn text(&self, expected: &str) -> Option<&'a str> {
        match self.value.get_ref().as_str() {
            Some(text) => Some(text),
            None => self.wrong_type(expected),
        }
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        match self.value.get_ref().as_bool() {
            Some(flag) => Some(flag),
            None => self.wrong_type("true or false"),
        }
    }

    /// A whole number from `from` to `to`.
    pub(crate) fn whole(&self, from: u64, to: u64) -> Option<u64> {
        let expected = format!("a whole number from {from} to {to}");
        let Some(number) = self.value.get_ref().as_integer() else { return self.wrong_type(&expected) };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) if from <= value && value <= to => Some(value),
            _ => self.wrong(format!("`{}` is {number}", self.name), expected, ""),
        }
    }

    /// The number as it was written, integer or float.
    fn number(&self) -> Option<&'a str> {
        match self.value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
            DeValue::Float(number) => Some(number.as_str()),
            _ => None,
        }
    }

    /// A probability, exactly as its decimals say.
    pub(crate) fn probability(&self) -> Option<Ppm> {
        let Some(text) = self.number() else { return self.wrong_type(A_PROBABILITY) };
        let ppm = Decimal::parse(text).and_then(|decimal| decimal.whole(1_000_000, 1));
        match ppm {
            Some(ppm @ 0..=1_000_000) => Some(ppm as Ppm),
            _ => self.wrong(format!("`{}` is {text}", self.name), A_PROBABILITY, help_for_probability(text)),
        }
    }

    /// Parts per million with up to three decimals, in parts per billion. `-most..=most`, in parts per million.
    pub(crate) fn ppb(&self, least: i64, most: i64) -> Option<i64> {
        let expected = format!("parts per million from {least} to {most}, with at most three decimals");
        let Some(text) = self.number() else { return self.wrong_type(&expected) };
        let ppb = Decimal::parse(text).and_then(|decimal| decimal.whole(1_000, 1));
        match ppb.and_then(|ppb| i64::try_from(ppb).ok()) {
            Some(ppb) if least * 1_000 <= ppb && ppb <= most * 1_000 => Some(ppb),
            _ => self.wrong(format!("`{}` is {text}", self.name), expected, ""),
        }
    }

    /// A number with a unit.
    fn quantity(
        &self,
        units: &[(&str, u64)],
        divisor: i128,
        what: &str,
        least: u64,
        most: u64,
        bounds: &str,
    ) -> Option<u64> {
        if let Some(number) = self.number() {
            let problem = format!("`{}` is {number}, a number without a unit", self.name);
            return self.wrong(
                problem,
                what,
                format!("write \"{number}{}\" or another unit", units[units.len() - 2].0),
            );
        }
        let text = self.text(what)?;
        let names: Vec<&str> = units.iter().map(|(name, _)| *name).filter(|name| *name != "µs").collect();
        let problem = |why: &str| format!("`{}` is \"{text}\"{why}", self.name);
        let help = format!("units are {}", names.join(", "));
        match units::quantity(text, units, divisor) {
            Ok(value) if least <= value && value <= most => Some(value),
            Ok(_) | Err(Unreadable::TooLarge) => self.wrong(problem(""), format!("{what}, {bounds}"), ""),
            Err(Unreadable::Number) => {
                self.wrong(problem(", which does not begin with a number"), what, help)
            }
            Err(Unreadable::NoUnit) => self.wrong(problem(", a number without a unit"), what, help),
            Err(Unreadable::Unit(unit)) => {
                let why = format!(", and `{unit}` is no unit of it");
                self.wrong(problem(&why), what, did_you_mean(unit, &names, &help))
            }
            Err(Unreadable::TooFine) => {
                self.wrong(problem(", finer than what is simulated"), what, "round it")
            }
            Err(Unreadable::Negative) => self.wrong(problem(", below zero"), what, ""),
        }
    }

    /// A span in nanoseconds, zero included.
    pub(crate) fn duration(&self) -> Option<u64> {
        self.quantity(units::TIME, 1, A_DURATION, 0, TIME_MAX, "60min at most")
    }

    /// A span in nanoseconds, not zero.
    pub(crate) fn positive_duration(&self) -> Option<u64> {
        self.quantity(units::TIME, 1, A_DURATION, 1, TIME_MAX, "more than zero, 60min at most")
    }

    /// A span in picoseconds.
    pub(crate) fn picoseconds(&self) -> Option<u64> {
        let what = "a duration such as \"500ps\" or \"10ns\"";
        self.quantity(units::TIME_PS, 1, what, 0, 1_000_000_000, "1ms at most")
    }

    /// A rate in thousandths of an event a minute.
    pub(crate) fn rate(&self) -> Option<u64> {
        self.quantity(units::RATE, 1, A_RATE, 1, 60_000_000_000, "more than zero, 1000000/s at most")
    }

    /// Bytes per second; at least one.
    pub(crate) fn bandwidth(&self) -> Option<u64> {
        let what = "a bandwidth such as \"10MB/s\" or \"1Gbit/s\"";
        self.quantity(units::BANDWIDTH, 8, what, 1, 1 << 50, "at least 1B/s")
    }

    /// A span that may go either way: its sign as written (`+` if none, `±` for one or the other) and nanoseconds.
    pub(crate) fn signed_duration(&self) -> Option<(char, u64)> {
        let expected = "a duration with a sign, such as \"+1s\", \"-500ms\" or, either way, \"±1s\"";
        let text = self.text(expected)?;
        let (sign, rest) = match text.chars().next() {
            Some(sign @ ('+' | '-' | '±')) => (sign, &text[sign.len_utf8()..]),
            _ => ('+', text),
        };
        match units::quantity(rest, units::TIME, 1) {
            Ok(nanos @ 1..=TIME_MAX) => Some((sign, nanos)),
            _ => {
                self.wrong(format!("`{}` is \"{text}\"", self.name), expected, "units are ns, us, ms, s, min")
            }
        }
    }

    /// A range of spans: `["100us", "1ms"]`, or one span for both ends.
    pub(crate) fn range(&self) -> Option<Between> {
        let expected = "two durations, the lesser first, such as [\"100us\", \"1ms\"]";
        if self.is_text() {
            return self.duration().map(|at| Between { from: at, to: at });
        }
        let ends = self.list(expected)?;
        let [from, to] = ends.as_slice() else {
            return self.wrong(format!("`{}` is a list of {}", self.name, ends.len()), expected, "");
        };
        let (from, to) = (from.duration(), to.duration());
        let (from, to) = (from?, to?);
        if to < from {
            let (from, to) = (units::show_time(from), units::show_time(to));
            let problem = format!("`{}` ends at {to}, before it begins at {from}", self.name);
            return self.wrong(problem, expected, format!("write [\"{to}\", \"{from}\"]"));
        }
        Some(Between { from, to })
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let text = self.text(&one_of(&names))?;
        match words.iter().find(|(name, _)| *name == text) {
            Some(&(_, value)) => Some(value),
            None => {
                let problem = format!("`{}` is \"{text}\"", self.name);
                self.wrong(problem, one_of(&names), did_you_mean(text, &names, ""))
            }
        }
    }

    /// A string, an integer, a float or a flag, as text.
    pub(crate) fn scalar(&self) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => Some(number.to_string()),
            DeValue::Float(number) => Some(number.to_string()),
            DeValue::Boolean(flag) => Some(flag.to_string()),
            _ => self.wrong_type("a string, a number, true or false"),
        }
    }
}

fn help_for_probability(text: &str) -> String {
    match Decimal::parse(text) {
        Some(decimal) if decimal.exceeds(1) => match decimal.whole(10_000, 1) {
            Some(ppm @ 0..=1_000_000) => {
                format!("if {text} percent is meant, write {}", as_fraction(ppm as u64))
            }
            _ => "1 means always".to_string(),
        },
        Some(decimal) if decimal.is_negative() => "0 means never".to_string(),
        Some(_) => "it is counted in parts per million".to_string(),
        None => String::new(),
    }
}

/// Parts per million as a decimal without needless zeros.
fn as_fraction(ppm: u64) -> String {
    let text = format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
