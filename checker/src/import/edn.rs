//! Jepsen's `history.edn`: a map an operation, one after the other or all in one vector.
//!
//! `{:type :invoke, :f :read, :value nil, :process 0, :time 123, :index 7}`. What else a map holds is left out. The
//! nemesis's operations are no operations of a client and are counted, not read.

use super::events::{Event, Events, Rules};
use super::faults::{Draft, Drafts};
use super::form::{Form, Next, Reader, What};

/// How Jepsen's own files are meant.
pub(super) const RULES: Rules =
    Rules { failed_swap_looked: false, all_complete: false, numbers_as_texts: false };

/// How the key-value histories are meant that Porcupine hands around: the same maps, with `:key`, and no unknowns.
pub(super) const RULES_OF_PORCUPINE: Rules =
    Rules { failed_swap_looked: false, all_complete: true, numbers_as_texts: true };

/// The format.
pub(super) struct Edn;

impl Events for Edn {
    fn each<'a>(
        &self,
        text: &'a str,
        drafts: &mut Drafts,
        visit: &mut dyn FnMut(&mut Drafts, Event<'a>),
    ) -> usize {
        let mut reader = Reader::new(text, 0);
        let bracket = reader.peek().filter(|byte| b"[(".contains(byte));
        let opening = reader.at();
        if bracket.is_some() {
            reader.skip_byte();
        }
        let (mut skipped, mut is_open, mut was_lost) = (0, bracket.is_some(), false);
        while !drafts.is_full() {
            match reader.next() {
                Ok(Next::Form(form)) => match event(form) {
                    Ok(Some(event)) => visit(drafts, event),
                    Ok(None) => skipped += 1,
                    Err(draft) => drafts.add(draft),
                },
                Ok(Next::Closing(_)) if is_open => is_open = false,
                // Behind a fault nobody knows which bracket closes what.
                Ok(Next::Closing(_)) if was_lost => {}
                Ok(Next::Closing(span)) => {
                    drafts.add(Draft::new(span, "a bracket closes nothing", "a map an operation"));
                }
                Ok(Next::End) => break,
                Err(draft) => {
                    // What follows on the same line hangs together with it.
                    reader = Reader::new(text, draft.start());
                    reader.skip_line();
                    (is_open, was_lost) = (false, true);
                    drafts.add(draft);
                }
            }
        }
        if is_open && !drafts.is_full() {
            drafts.add(Draft::new(
                opening..opening + 1,
                "the vector of operations is never closed",
                "\"]\" at its end",
            ));
        }
        skipped
    }
}

/// The event of a map, or `None` if it is the nemesis's.
fn event(form: Form<'_>) -> Result<Option<Event<'_>>, Draft> {
    let span = form.span.clone();
    let What::Map(pairs) = form.what else {
        let problem = format!("{} is no operation", form.name());
        return Err(Draft::new(span, problem, "a map an operation, {:process 0, :type :invoke, ..}"));
    };
    let mut fields = Fields::default();
    for (key, value) in pairs {
        fields.put(key, value)?;
    }
    let missing = |what: &str| {
        Draft::new(
            span.start..span.start + 1,
            format!("the operation has no :{what}"),
            format!(":{what} in the map"),
        )
    };
    let process = fields.process.as_ref().ok_or_else(|| missing("process"))?;
    if let What::Keyword("nemesis") = process.what {
        return Ok(None);
    }
    let phase = super::phase(fields.phase.as_ref().ok_or_else(|| missing("type"))?)?;
    let function = super::function(fields.function.as_ref().ok_or_else(|| missing("f"))?)?;
    let time = fields.time.as_ref().map(time).transpose()?;
    let process = super::process(process)?;
    let nil = Form { span: span.end - 1..span.end, what: What::Nil };
    Ok(Some(Event {
        process,
        phase,
        function,
        key: fields.key,
        value: fields.value.unwrap_or(nil),
        time,
        span,
    }))
}

/// The parts of a map that matter.
#[derive(Debug, Default)]
struct Fields<'a> {
    process: Option<Form<'a>>,
    phase: Option<Form<'a>>,
    function: Option<Form<'a>>,
    key: Option<Form<'a>>,
    value: Option<Form<'a>>,
    time: Option<Form<'a>>,
}

impl<'a> Fields<'a> {
    fn put(&mut self, key: Form<'a>, value: Form<'a>) -> Result<(), Draft> {
        let field = match key.what {
            What::Keyword("process") => &mut self.process,
            What::Keyword("type") => &mut self.phase,
            What::Keyword("f") => &mut self.function,
            What::Keyword("key") => &mut self.key,
            What::Keyword("value") => &mut self.value,
            What::Keyword("time") => &mut self.time,
            _ => return Ok(()),
        };
        match field.replace(value) {
            None => Ok(()),
            Some(_) => Err(Draft::new(
                key.span.clone(),
                format!("{} stands there twice", key.name()),
                "each key once",
            )),
        }
    }
}

fn time(form: &Form<'_>) -> Result<u64, Draft> {
    let time = match form.what {
        What::Integer(time) => u64::try_from(time).ok(),
        _ => None,
    };
    time.ok_or_else(|| {
        Draft::new(form.span.clone(), format!("{} is no time", form.name()), "nanoseconds from 0 on")
    })
}
