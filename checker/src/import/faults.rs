//! What is wrong with a file: where, what was expected, and what to do. A file's faults come all at once, in order of
//! place, up to a sensible number.

use std::fmt;
use std::ops::Range;

/// Faults after which a file is not read on: it is likely in another format, and nobody reads more.
pub const FAULTS_MAX: usize = 20;

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// What is wrong.
    pub problem: String,
    /// What stands there in a correct file.
    pub expected: String,
    /// What to do about it; may be empty.
    pub help: String,
}

/// `line:column: problem; expected so-and-so (what to do)`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; expected {}", self.line, self.column, self.problem, self.expected)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, " ({})", self.help) }
    }
}

/// Everything that is wrong with a file, in order of place. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// The faults, at most [`FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// Whether reading stopped at that number, so that there may be more.
    pub is_cut: bool,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault}", if index > 0 { "\n" } else { "" })?;
        }
        if self.is_cut { write!(f, "\nreading stopped here; there may be more") } else { Ok(()) }
    }
}

impl std::error::Error for Faults {}

/// A fault that knows its bytes but not yet its line.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    span: Range<usize>,
    problem: String,
    expected: String,
    help: String,
}

impl Draft {
    pub(super) fn new(span: Range<usize>, problem: impl Into<String>, expected: impl Into<String>) -> Draft {
        Draft { span, problem: problem.into(), expected: expected.into(), help: String::new() }
    }

    #[must_use]
    pub(super) fn help(self, help: impl Into<String>) -> Draft {
        Draft { help: help.into(), ..self }
    }

    /// The first byte that it is about.
    pub(super) fn start(&self) -> usize {
        self.span.start
    }

    /// Gives the fault its line and column.
    fn place(self, text: &str) -> Fault {
        let Draft { span, problem, expected, help } = self;
        let span = span.start.min(text.len())..span.end.min(text.len());
        let (line, column) = place(text, span.start);
        Fault { line, column, span, problem, expected, help }
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    drafts: Vec<Draft>,
}

impl Drafts {
    pub(super) fn add(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Whether enough was found to stop reading.
    pub(super) fn is_full(&self) -> bool {
        FAULTS_MAX <= self.drafts.len()
    }

    /// `value` if nothing is wrong with the file. A fault without help asks `advise` for it, with its line.
    pub(super) fn settle<T>(
        mut self,
        text: &str,
        value: T,
        advise: impl Fn(&str) -> String,
    ) -> Result<T, Faults> {
        if self.drafts.is_empty() {
            return Ok(value);
        }
        let is_cut = self.is_full();
        self.drafts.sort_by_key(|draft| (draft.span.start, draft.span.end));
        self.drafts.truncate(FAULTS_MAX);
        let place = |draft: Draft| {
            let mut fault = draft.place(text);
            if fault.help.is_empty() {
                fault.help = text.lines().nth(fault.line - 1).map(&advise).unwrap_or_default();
            }
            fault
        };
        Err(Faults { faults: self.drafts.into_iter().map(place).collect(), is_cut })
    }
}

/// Line and column of a byte, both from 1; the column counts characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    // Every character has one byte that does not continue another.
    let characters = before[start..].iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
    (line, characters + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("ab\nüx", 5), (2, 2));
        assert_eq!(place("ab\nüx", 3), (2, 1));
        assert_eq!(place("ab\n", 3), (2, 1));
        assert_eq!(place("ab", 99), (1, 3));
    }
}
