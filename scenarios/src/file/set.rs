//! Overrides: keys of a file set from outside, before anything of it is read. So what is set is held to the same rules
//! as what is written, and an error in it names the key.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{Errors, Value};

/// A key that is set, and the text that its value's spans point into.
pub(super) struct Setting<'a> {
    /// Where the key stands in a file that goes on with the overrides, a line each.
    start: usize,
    key: &'a str,
    value: &'a str,
    /// A file of spaces but for `v=` and the value, which stands where it would stand in the line.
    padded: String,
}

impl<'a> Setting<'a> {
    /// Lays the overrides out behind a file that is `length` bytes long.
    pub(super) fn laid_out(length: usize, overrides: &'a [(String, String)]) -> Vec<Setting<'a>> {
        let mut start = length + 1;
        let lay = |(key, value): &'a (String, String)| {
            // At least one character and the sign of equality stand before the value, even if the key is empty.
            let padding = " ".repeat(start + key.len().max(1) - 1);
            let setting = Setting { start, key, value, padded: format!("{padding}v={value}") };
            start = setting.span().end + 1;
            setting
        };
        overrides.iter().map(lay).collect()
    }

    /// The override as it is written on the command line.
    pub(super) fn line(&self) -> String {
        format!("{}={}", self.key, self.value)
    }

    /// The whole of it.
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.start + self.key.len().max(1) + 1 + self.value.len()
    }

    fn value_span(&self) -> Range<usize> {
        let end = self.span().end;
        end - self.value.len()..end
    }

    /// The value as TOML; what is no TOML is a string: nobody wants to write quotes twice.
    fn read(&self) -> Value<'_> {
        let (mut document, errors) = DeTable::parse_recoverable(&self.padded);
        match document.get_mut().remove("v") {
            Some(value) if errors.is_empty() && document.get_ref().is_empty() => value,
            _ => Spanned::new(self.value_span(), DeValue::String(Cow::Borrowed(self.value))),
        }
    }
}

/// Sets the keys, in order: a later one wins.
pub(super) fn apply<'a>(root: &mut DeTable<'a>, settings: &'a [Setting<'a>], errors: &Errors) {
    for setting in settings {
        let parts: Vec<&str> = setting.key.split('.').collect();
        if parts.iter().any(|part| part.trim() != *part || part.is_empty()) {
            let problem = format!("`{}` is no key", setting.key);
            errors.push(setting.span(), problem, "names with dots between them, such as `network.loss`", "");
            continue;
        }
        if let Err(problem) = put(root, &parts, setting) {
            let expected = "the key of a file, lists by number: `fault.0.at`";
            errors.push(setting.span(), format!("`{}`: {problem}", setting.key), expected, "");
        }
    }
}

/// Sets what `parts` lead to. Tables on the way that are not there yet are made.
fn put<'a>(table: &mut DeTable<'a>, parts: &[&'a str], setting: &'a Setting<'a>) -> Result<(), String> {
    let [name, rest @ ..] = parts else { unreachable!("a key has a part") };
    if rest.is_empty() {
        table.insert(Spanned::new(setting.span(), Cow::Borrowed(name)), setting.read());
        return Ok(());
    }
    if !table.contains_key(*name) {
        table.insert(Spanned::new(setting.span(), Cow::Borrowed(name)), fresh(rest, setting));
    }
    let value = table.get_mut(*name).expect("it was there or was made");
    put_below(value, name, rest, setting)
}

/// What is made on the way: a list if the next part is a number, else a table.
fn fresh<'a>(rest: &[&str], setting: &Setting<'_>) -> Value<'a> {
    let value = match rest.first().is_some_and(|part| part.parse::<usize>().is_ok()) {
        true => DeValue::Array(Default::default()),
        false => DeValue::Table(DeTable::new()),
    };
    Spanned::new(setting.span(), value)
}

fn put_below<'a>(
    value: &mut Value<'a>,
    name: &str,
    rest: &[&'a str],
    setting: &'a Setting<'a>,
) -> Result<(), String> {
    match value.get_mut() {
        DeValue::Table(table) => put(table, rest, setting),
        DeValue::Array(list) => {
            let [place, below @ ..] = rest else { unreachable!("the caller has seen that parts are left") };
            let count = list.len();
            let place: usize = place.parse().map_err(|_| format!("`{name}` is a list, not a table"))?;
            if count < place {
                return Err(format!("`{name}` has {count} items, and the next would be number {count}"));
            }
            if below.is_empty() {
                match list.get_mut(place) {
                    Some(item) => *item = setting.read(),
                    None => list.push(setting.read()),
                }
                return Ok(());
            }
            if place == count {
                list.push(fresh(below, setting));
            }
            let item = list.get_mut(place).expect("it was there or was made");
            put_below(item, name, below, setting)
        }
        _ => Err(format!("`{name}` is a value, and nothing stands below it")),
    }
}
