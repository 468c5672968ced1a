//! The files that hold histories: read, understood, judged.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use checker::import::{About, Fault, Faults, Format, Subject};
use checker::{History, Names, Report};
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use super::{Arguments, Model, Promise};
use crate::exit::Failure;
use crate::terminal::Terminal;

/// A history that was read without faults.
pub(super) struct File {
    /// As it was named.
    name: String,
    format: Format,
    history: Subject,
}

/// What was found out about a file.
pub(crate) struct Checked {
    /// The file, as it was named.
    pub(crate) name: String,
    /// What it was read as.
    pub(crate) format: Format,
    /// Operations in the file.
    pub(crate) operations: usize,
    /// Events that were left out.
    pub(crate) skipped: usize,
    /// What the checker says.
    pub(crate) report: Report,
    /// What keys are called.
    pub(crate) names: Arc<Names>,
    /// The operations that the report points at, in words.
    pub(crate) words: Vec<(usize, Told)>,
    /// The page about it, if one was asked for.
    pub(crate) page: Option<String>,
}

/// An operation, told.
pub(crate) struct Told {
    /// Where it was called.
    pub(crate) line: usize,
    /// Who asked for what, when, and what came back.
    pub(crate) words: String,
}

impl File {
    /// Judges the history.
    pub(super) fn judge(&self, arguments: &Arguments) -> Checked {
        let history = &self.history;
        let weaker = history.kv().and_then(|history| weaker(history, arguments));
        let report = weaker.unwrap_or_else(|| history.linearizable(arguments.options()));
        let page = arguments.html.is_some().then(|| history.page(&report, &self.name));
        let mut told = std::collections::BTreeMap::new();
        for key in &report.keys {
            let checker::Verdict::Illegal { explanation } = &key.verdict else { continue };
            for &operation in explanation.core.iter().chain([&explanation.operation]) {
                told.entry(operation).or_insert_with(|| Told {
                    line: history.line(operation),
                    words: history.words(operation),
                });
            }
        }
        Checked {
            name: self.name.clone(),
            format: self.format,
            operations: history.operations(),
            skipped: history.skipped(),
            report,
            names: Arc::clone(history.names()),
            words: told.into_iter().collect(),
            page,
        }
    }
}

/// Judges by a weaker promise, if one was asked for.
fn weaker(history: &History, arguments: &Arguments) -> Option<Report> {
    match arguments.promise {
        Promise::Linearizable => None,
        Promise::Sequential => Some(checker::sequential(history)),
        Promise::Sync => Some(checker::sync(history)),
        Promise::Stale => Some(checker::stale(history)),
        Promise::MonotonicReads => Some(checker::monotonic_reads(history)),
        Promise::ReadYourWrites => Some(checker::read_your_writes(history)),
        Promise::BoundedStaleness => {
            let bound = arguments.bound.expect("the command line asks for it with this promise");
            Some(checker::bounded_staleness(history, bound))
        }
    }
}

/// Reads every history. If any has faults, all faults of all files are shown, and nothing is judged.
pub(super) fn read_all(arguments: &Arguments, terminal: &Terminal) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let mut faulty = 0;
    for path in &arguments.histories {
        match read(path, arguments)? {
            Ok(file) => files.push(file),
            Err(wrong) => {
                show(&wrong, terminal);
                faulty += 1;
            }
        }
    }
    match faulty {
        0 => Ok(files),
        1 => Err(Failure::usage("a history has errors; nothing was judged")),
        _ => Err(Failure::usage(format!("{faulty} histories have errors; nothing was judged"))),
    }
}

/// Reads one history.
fn read(path: &Path, arguments: &Arguments) -> Result<Result<File, Wrong>, Failure> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let text = text(path).map_err(|error| Failure::usage(format!("{name}: cannot be read: {error}")))?;
    let Some(format) = arguments.format.format().or_else(|| Format::guess(&text)) else {
        return Err(Failure::usage(format!(
            "{name}: looks like no format of histories; say which with --format"
        )));
    };
    let about = match arguments.model {
        Model::Register | Model::Kv => About::Kv,
        Model::Append => About::Append,
        Model::Set => About::Set,
        Model::Queue => About::Queue,
        Model::Lock => About::Lock,
        Model::Registry => About::Registry,
    };
    let history = Subject::load(about, &text, format);
    match history {
        Ok(history) => Ok(Ok(File { name, format, history })),
        Err(faults) => Ok(Err(Wrong::new(name, format, arguments.format.format().is_none(), text, faults))),
    }
}

/// The text of a file or of standard input. What is not UTF-8 becomes a replacement character, which no format has
/// outside of its texts.
fn text(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(path)?;
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        std::io::Error::other(format!("line {} is no UTF-8", line + 1))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Everything that is wrong with a file.
#[derive(Debug)]
struct Wrong {
    title: String,
    faults: Vec<Located>,
    is_cut: bool,
}

/// A fault with the file around it.
#[derive(Debug)]
struct Located {
    name: String,
    fault: Fault,
    source: Arc<NamedSource<String>>,
}

impl Wrong {
    fn new(name: String, format: Format, is_guessed: bool, text: String, faults: Faults) -> Wrong {
        let many = match faults.faults.len() {
            1 => "an error".to_owned(),
            many => format!("{many} errors"),
        };
        let format = format.name();
        let taken =
            if is_guessed { format!(", taken for {format} by its beginning,") } else { String::new() };
        let title = format!("{name}{taken} has {many}");
        let source = Arc::new(NamedSource::new(&name, text));
        let located = faults.faults.into_iter();
        let located = located.map(|fault| Located { name: name.clone(), fault, source: Arc::clone(&source) });
        Wrong { title, faults: located.collect(), is_cut: faults.is_cut }
    }

    /// A line an error, below the title.
    fn plain(&self) -> String {
        let mut text = self.title.clone();
        for Located { name, fault, .. } in &self.faults {
            text.push_str(&format!("\n{name}:{fault}"));
        }
        if self.is_cut {
            text.push_str("\nreading stopped here; there may be more");
        }
        text
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Wrong {}

impl Diagnostic for Wrong {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.is_cut.then(|| Box::new("reading stopped here; there may be more") as Box<dyn fmt::Display>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.faults.iter().map(|fault| fault as &dyn Diagnostic)))
    }
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault.problem)
    }
}

impl std::error::Error for Located {}

impl Diagnostic for Located {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.fault.help.is_empty()).then(|| Box::new(&self.fault.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source.as_ref())
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::at(self.fault.span.clone(), format!("expected {}", self.fault.expected));
        Some(Box::new(std::iter::once(label)))
    }
}

/// Shows what is wrong with a file: with excerpts where colors are welcome, else a line an error.
fn show(wrong: &Wrong, terminal: &Terminal) {
    let mut text = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode());
    let is_drawn = terminal.color_of_diagnostics && handler.render_report(&mut text, wrong).is_ok();
    if !is_drawn {
        text = wrong.plain();
    }
    terminal.note(text.trim_end());
}
