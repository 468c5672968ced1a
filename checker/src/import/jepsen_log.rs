//! The lines in which Jepsen logs its operations: `INFO jepsen.util - PROCESS :TYPE :FUNCTION VALUE`.
//!
//! Fields are separated by any white space: a loader that splits on tabs alone reads files with spaces as empty
//! histories and passes them. A line that is not understood is an error, never skipped.

use super::events::{Event, Events, Rules};
use super::faults::{Draft, Drafts};
use super::form::{Form, Next, Reader, What};

/// How these files are meant.
pub(super) const RULES: Rules =
    Rules { failed_swap_looked: true, all_complete: false, numbers_as_texts: false };

/// The format.
pub(super) struct JepsenLog;

/// What a line looks like.
const LINE: &str = "INFO jepsen.util - PROCESS :TYPE :FUNCTION VALUE";

impl Events for JepsenLog {
    fn each<'a>(
        &self,
        text: &'a str,
        drafts: &mut Drafts,
        visit: &mut dyn FnMut(&mut Drafts, Event<'a>),
    ) -> usize {
        let (mut start, mut skipped) = (0, 0);
        for line in text.split_inclusive('\n') {
            let end = start + line.trim_end().len();
            if start < end {
                match event(text, start, end) {
                    Ok(Some(event)) => visit(drafts, event),
                    Ok(None) => skipped += 1,
                    Err(draft) => drafts.add(draft),
                }
            }
            if drafts.is_full() {
                break;
            }
            start += line.len();
        }
        skipped
    }
}

/// The event of a line, or `None` if it is the nemesis's.
fn event(text: &str, start: usize, end: usize) -> Result<Option<Event<'_>>, Draft> {
    let line = &text[..end];
    let logged = line[start..].find("jepsen.util").filter(|_| line[start..].trim_start().starts_with("INFO"));
    let Some(logged) = logged else {
        return Err(Draft::new(start..end, "the line is no operation that Jepsen logged", LINE)
            .help("keep the lines with \"jepsen.util\" only"));
    };
    let mut at = start + logged + "jepsen.util".len();
    let dashes = line[at..].trim_start();
    if let Some(rest) = dashes.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace)) {
        at = end - rest.len();
    }
    let mut reader = Reader::new(line, at);
    let process = field(&mut reader, line, "a process")?;
    let phase = field(&mut reader, line, "a type")?;
    let function = field(&mut reader, line, "a function")?;
    let value = field(&mut reader, line, "a value")?;
    if let Some(byte) = reader.peek() {
        let at = reader.at();
        let problem = format!("{:?} stands behind the value", char::from(byte));
        return Err(Draft::new(at..end, problem, "one value, and the end of the line"));
    }
    if let What::Keyword("nemesis") = process.what {
        return Ok(None);
    }
    Ok(Some(Event {
        span: start..end,
        process: super::process(&process)?,
        phase: super::phase(&phase)?,
        function: super::function(&function)?,
        key: None,
        value,
        time: None,
    }))
}

fn field<'a>(reader: &mut Reader<'a>, line: &'a str, what: &str) -> Result<Form<'a>, Draft> {
    match reader.next()? {
        Next::Form(form) => Ok(form),
        Next::Closing(span) => Err(Draft::new(span, "a bracket closes nothing", what)),
        Next::End => Err(Draft::new(line.len()..line.len(), "the line ends early", what).help(LINE)),
    }
}
