//! Errors of a scenario file: each says where, what is wrong, what was expected and what to do. A file's errors come
//! all at once, in order of place.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

/// One thing that is wrong with a scenario file.
#[derive(Clone, Debug)]
pub struct ScenarioError {
    /// The file, as it was named by the caller.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What stands there in a correct file.
    pub expected: String,
    /// What to do about it; may be empty.
    pub help: String,
    /// The bytes of the file that it is about.
    pub span: Range<usize>,
    /// The file's text; none if there is none to show.
    source: Option<Arc<NamedSource<String>>>,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ScenarioError {}

impl Diagnostic for ScenarioError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        let label = LabeledSpan::at(self.span.clone(), format!("expected {}", self.expected));
        Some(Box::new(std::iter::once(label)))
    }
}

/// The plain form: `file:line:column: problem; expected so-and-so (what to do)`.
struct Plain<'a>(&'a ScenarioError);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        write!(f, "{}:{}:{}: {}", error.file, error.line, error.column, error.problem)?;
        write!(f, "; expected {}", error.expected)?;
        if !error.help.is_empty() {
            write!(f, " ({})", error.help)?;
        }
        Ok(())
    }
}

impl ScenarioError {
    /// One line without color: `file:line:column: problem; expected so-and-so (what to do)`.
    pub fn plain(&self) -> String {
        Plain(self).to_string()
    }
}

/// Everything that is wrong with one scenario file, in order of place. Never empty.
///
/// As a [`Diagnostic`] it has a headline and every error as a related diagnostic, each with its excerpt of the file.
#[derive(Clone, Debug)]
pub struct ScenarioErrors {
    /// The file, as it was named by the caller.
    pub file: String,
    /// The errors.
    pub errors: Vec<ScenarioError>,
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.len() {
            1 => write!(f, "{} has an error", self.file),
            many => write!(f, "{} has {many} errors", self.file),
        }
    }
}

impl std::error::Error for ScenarioErrors {}

impl Diagnostic for ScenarioErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.errors.iter().map(|error| error as &dyn Diagnostic)))
    }
}

impl ScenarioErrors {
    /// One line an error, without color, each ended by a newline.
    pub fn plain(&self) -> String {
        self.errors.iter().map(|error| error.plain() + "\n").collect()
    }

    /// The errors as a JSON array of objects `{file, line, column, problem, expected, help}`.
    pub fn as_json(&self) -> serde_json::Value {
        serde_json::Value::Array(self.errors.iter().map(json_of).collect())
    }

    /// An error of a file that has no text to point into.
    pub(crate) fn without_text(file: &str, problem: &str, expected: &str, help: &str) -> ScenarioErrors {
        let draft = Draft::new(0..0, problem, expected, help);
        let mut errors = locate(file, "", vec![draft]);
        errors.errors[0].source = None;
        errors
    }
}

/// The fields of an error that leave the process.
#[derive(Serialize)]
struct Exported<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    problem: &'a str,
    expected: &'a str,
    help: &'a str,
}

fn json_of(error: &ScenarioError) -> serde_json::Value {
    let ScenarioError { file, line, column, problem, expected, help, .. } = error;
    let exported = Exported { file, line: *line, column: *column, problem, expected, help };
    serde_json::to_value(exported).expect("strings and numbers are JSON")
}

/// An error that knows its bytes but not yet its line.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    span: Range<usize>,
    problem: String,
    expected: String,
    help: String,
}

impl Draft {
    pub(crate) fn new(
        span: Range<usize>,
        problem: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) -> Draft {
        Draft { span, problem: problem.into(), expected: expected.into(), help: help.into() }
    }
}

/// Gives every draft its line and column and puts them in order of place.
pub(crate) fn locate(file: &str, text: &str, mut drafts: Vec<Draft>) -> ScenarioErrors {
    assert!(!drafts.is_empty(), "a file without errors is a scenario");
    drafts.sort_by_key(|draft| (draft.span.start, draft.span.end));
    let source = Arc::new(NamedSource::new(file, text.to_string()).with_language("toml"));
    let errors = drafts
        .into_iter()
        .map(|draft| {
            let (line, column) = place(text, draft.span.start);
            ScenarioError {
                file: file.to_string(),
                line,
                column,
                problem: draft.problem,
                expected: draft.expected,
                help: draft.help,
                span: draft.span,
                source: Some(Arc::clone(&source)),
            }
        })
        .collect();
    ScenarioErrors { file: file.to_string(), errors }
}

/// Like [`locate`], for a file with overrides laid out behind it, each with its bytes. An error in one of them is said of
/// `FILE --set KEY=VALUE` and points into that.
pub(crate) fn locate_set(
    file: &str,
    text: &str,
    overrides: &[(Range<usize>, String)],
    drafts: Vec<Draft>,
) -> ScenarioErrors {
    let mut of_file = Vec::new();
    let mut of_override: Vec<Vec<Draft>> = vec![Vec::new(); overrides.len()];
    for mut draft in drafts {
        match overrides.iter().rposition(|(span, _)| span.start <= draft.span.start) {
            Some(place) => {
                let start = overrides[place].0.start;
                draft.span = draft.span.start - start..draft.span.end.saturating_sub(start);
                of_override[place].push(draft);
            }
            None => of_file.push(draft),
        }
    }
    let mut errors = Vec::new();
    if !of_file.is_empty() {
        errors = locate(file, text, of_file).errors;
    }
    for ((_, line), drafts) in overrides.iter().zip(of_override) {
        if !drafts.is_empty() {
            errors.extend(locate(&format!("{file} --set {line}"), line, drafts).errors);
        }
    }
    ScenarioErrors { file: file.to_string(), errors }
}

/// Line and column of a byte, both from 1; the column counts characters.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[start..].chars().count() + 1)
}
