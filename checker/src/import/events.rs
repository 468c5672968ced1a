//! From events to operations: each call of a process is paired with its end.
//!
//! The words are Jepsen's. A process has at most one operation open. `:ok` ends it with what it returned, `:fail` says
//! that it did not happen, `:info` that nobody knows; an operation that never ends is of unknown outcome too.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::DeserializeOwned;

use super::faults::{Draft, Drafts};
use super::form::{Form, What};
use super::names::Namer;
use super::{Loaded, Span};
use crate::history::{History, Operation, Outcome};
use crate::object::Object;

/// Whether an event begins an operation, or how it ends one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Invoke,
    Ok,
    Fail,
    Info,
}

impl Phase {
    /// The phase of a keyword.
    pub(super) fn parse(word: &str) -> Option<Phase> {
        match word {
            "invoke" => Some(Phase::Invoke),
            "ok" => Some(Phase::Ok),
            "fail" => Some(Phase::Fail),
            "info" => Some(Phase::Info),
            _ => None,
        }
    }
}

/// A word of a file, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

/// One event of a client.
#[derive(Clone, Debug)]
pub(super) struct Event<'a> {
    /// Its bytes in the file.
    pub(super) span: Range<usize>,
    pub(super) process: u64,
    pub(super) phase: Phase,
    /// What is asked, without its colon.
    pub(super) function: Word<'a>,
    /// The key, where the file has one beside the value.
    pub(super) key: Option<Form<'a>>,
    pub(super) value: Form<'a>,
    /// When, if the file says so.
    pub(super) time: Option<u64>,
}

/// What a file is made of, one after the other.
pub(super) trait Events {
    /// Hands every event to `visit`, and everything that is wrong to `drafts`; stops when `drafts` is full. Returns how
    /// many events of others than clients were left out.
    fn each<'a>(
        &self,
        text: &'a str,
        drafts: &mut Drafts,
        visit: &mut dyn FnMut(&mut Drafts, Event<'a>),
    ) -> usize;
}

/// An object as histories of events speak of it.
pub(super) trait Spoken: Object {
    /// What is asked, as a line of JSON has it.
    type Asked: DeserializeOwned + Into<Self>;

    /// What came back, as a line of JSON has it.
    type Came: DeserializeOwned + Into<Self::Output>;

    /// What can be asked, for those who asked for something else.
    const FUNCTIONS: &'static str;

    /// Whether only equality matters of the numbers in operations, so that texts may stand for them.
    const TAKES_TEXTS: bool = true;

    /// What the call of an operation asks for; `None` if there is no such function.
    fn asked(function: &str, value: &Form<'_>, names: &mut Namer) -> Option<Result<Self, Draft>>;

    /// What the operation returned, by the value of its end.
    fn answered(&self, end: &Event<'_>, names: &mut Namer) -> Result<Self::Output, Draft>;

    /// How the operation ended whose end says that it failed.
    fn failed(
        &self,
        _end: &Event<'_>,
        _rules: Rules,
        _names: &mut Namer,
    ) -> Result<Outcome<Self::Output>, Draft> {
        Ok(Outcome::Failed)
    }

    /// Checks that the end of an operation has the same value as its call.
    fn repeated(&self, end: &Event<'_>, names: &mut Namer) -> Result<(), Draft> {
        let again = Self::asked(end.function.text, &end.value, names).and_then(Result::ok);
        if again.as_ref() == Some(self) {
            return Ok(());
        }
        let problem = format!("the end of the :{} has another value than its call", end.function.text);
        Err(Draft::new(end.value.span.clone(), problem, "the same value on both lines"))
    }
}

/// What differs between the formats that are made of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// A compare-and-set that failed did find something else than it expected. Where this is not said, one that failed
    /// may as well have failed before it looked.
    pub(super) failed_swap_looked: bool,
    /// Every operation ends, with `:ok`.
    pub(super) all_complete: bool,
    /// Keys are numbers, written as texts.
    pub(super) numbers_as_texts: bool,
}

/// What all events of a file have.
#[derive(Clone, Copy, Debug)]
struct Survey {
    /// A time.
    is_timed: bool,
    /// A key together with their value, `[key value]`, as Jepsen's independent tests have.
    is_keyed: bool,
    /// Events.
    count: usize,
}

impl Survey {
    fn new(text: &str, events: &impl Events) -> Survey {
        let mut survey = Survey { is_timed: true, is_keyed: true, count: 0 };
        events.each(text, &mut Drafts::default(), &mut |_, event| {
            survey.count += 1;
            survey.is_timed &= event.time.is_some();
            survey.is_keyed &= event.phase != Phase::Invoke || is_keyed(&event);
        });
        survey
    }
}

/// The one function that is about no key.
const LIST: &str = "list";

/// Whether the value of a call can be a key and a value.
fn is_keyed(event: &Event<'_>) -> bool {
    if event.function.text == LIST {
        return true;
    }
    let Some((_, value)) = event.value.pair() else { return false };
    // The value of a compare-and-set is a pair by itself.
    event.key.is_none() && (event.function.text != "cas" || value.pair().is_some())
}

/// Reads a history.
pub(super) fn load<K: Spoken>(
    text: &str,
    events: &impl Events,
    rules: Rules,
    drafts: &mut Drafts,
) -> Loaded<K> {
    let survey = Survey::new(text, events);
    let mut pairing = Pairing::<K>::new(text, rules, survey);
    let skipped = events.each(text, drafts, &mut |drafts, event| {
        if let Err(draft) = pairing.take(event) {
            drafts.add(draft);
        }
    });
    pairing.close(skipped, drafts)
}

/// An operation that was called and has not ended.
#[derive(Clone, Debug)]
struct Open<'a> {
    /// `None` if its call was at fault: nothing can be said of its end.
    operation: Option<usize>,
    function: &'a str,
    span: Range<usize>,
    line: usize,
}

/// Operations on their way.
#[derive(Debug)]
struct Pairing<'a, K: Spoken> {
    text: &'a str,
    rules: Rules,
    survey: Survey,
    names: Namer,
    operations: Vec<Operation<K>>,
    places: Vec<Span>,
    /// By process.
    open: BTreeMap<u64, Open<'a>>,
    /// Lines before this byte have been counted.
    counted: usize,
    line: usize,
    /// The time of the event before.
    time: u64,
}

impl<'a, K: Spoken> Pairing<'a, K> {
    fn new(text: &'a str, rules: Rules, survey: Survey) -> Pairing<'a, K> {
        Pairing {
            text,
            rules,
            survey,
            names: Namer::new(),
            operations: Vec::with_capacity(survey.count / 2),
            places: Vec::with_capacity(survey.count / 2),
            open: BTreeMap::new(),
            counted: 0,
            line: 1,
            time: 0,
        }
    }

    fn take(&mut self, event: Event<'a>) -> Result<(), Draft> {
        let passed = &self.text.as_bytes()[self.counted..event.span.start];
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count();
        self.counted = event.span.start;
        self.time = match event.time {
            Some(time) if self.survey.is_timed => time,
            // Without times the order of lines is real time; of two events on a line, too.
            _ => (self.line as u64).max(self.time + 1),
        };
        match event.phase {
            Phase::Invoke => self.call(event),
            _ => self.end(event),
        }
    }

    fn call(&mut self, event: Event<'a>) -> Result<(), Draft> {
        let asked = self.asked(&event);
        let open = Open {
            operation: asked.is_ok().then_some(self.operations.len()),
            function: event.function.text,
            span: event.span.clone(),
            line: self.line,
        };
        let before = self.open.insert(event.process, open);
        let (key, kind) = asked?;
        self.operations.push(Operation {
            client: event.process,
            key,
            call: self.time,
            ret: None,
            kind,
            outcome: Outcome::Unknown,
            position: None,
        });
        self.places.push(Span { call: self.line, end: None });
        let Some(before) = before else { return Ok(()) };
        let problem = format!("process {} is called while it has an operation open", event.process);
        let expected = format!("an end of the one called on line {} before it", before.line);
        Err(Draft::new(event.span, problem, expected))
    }

    /// What a call asks for, and of which key.
    fn asked(&mut self, event: &Event<'a>) -> Result<(u64, K), Draft> {
        let Word { text: function, span } = event.function.clone();
        let (key, value) = self.key_and_value(event)?;
        let unknown = || {
            let problem = format!("no {} has :{function}", K::NAME);
            Err(Draft::new(span, problem, K::FUNCTIONS).help(super::model_with(function)))
        };
        let kind = K::asked(function, value, &mut self.names).unwrap_or_else(unknown)?;
        Ok((key, kind))
    }

    fn end(&mut self, event: Event<'a>) -> Result<(), Draft> {
        let Some(open) = self.open.remove(&event.process) else {
            let problem = format!("process {} ends an operation that it never called", event.process);
            return Err(Draft::new(event.span, problem, "its :invoke on a line before")
                .help("a history that was cut off at its beginning cannot be judged"));
        };
        let Some(place) = open.operation else { return Ok(()) };
        let Word { text: function, span } = event.function.clone();
        let line = open.line;
        if function != open.function {
            let problem = format!("the end of a :{} says :{function}", open.function);
            return Err(Draft::new(span, problem, format!(":{}, as on line {line}", open.function)));
        }
        let called = self.operations[place].clone();
        let outcome = match event.phase {
            Phase::Ok => {
                let (key, value) = self.key_and_value(&event)?;
                if key != called.key {
                    let key = called.key;
                    let problem = "the operation ends on another key than it was called on";
                    let expected = format!("key {}, as on line {line}", self.names.written(key));
                    return Err(Draft::new(event.span, problem, expected));
                }
                let inner = Event { value: value.clone(), ..event.clone() };
                Outcome::Ok(called.kind.answered(&inner, &mut self.names)?)
            }
            Phase::Fail => {
                let value = self.key_and_value(&event).map_or(&event.value, |(_, value)| value).clone();
                called.kind.failed(&Event { value, ..event.clone() }, self.rules, &mut self.names)?
            }
            Phase::Info | Phase::Invoke => Outcome::Unknown,
        };
        if self.rules.all_complete && !matches!(outcome, Outcome::Ok(_)) {
            return Err(Draft::new(event.span, "an operation ends without a result", ":ok")
                .help("use --format edn for a history with other ends"));
        }
        if self.time < called.call {
            let problem = format!("the operation ends at {}, before its call at {}", self.time, called.call);
            return Err(Draft::new(event.span, problem, format!("a time after that on line {line}")));
        }
        let operation = &mut self.operations[place];
        operation.outcome = outcome;
        operation.ret = Some(self.time);
        self.places[place].end = Some(self.line);
        Ok(())
    }

    /// The key of an event, and its value without the key.
    fn key_and_value<'e>(&mut self, event: &'e Event<'a>) -> Result<(u64, &'e Form<'a>), Draft> {
        let (key, value) = match &event.key {
            Some(key) => (key, &event.value),
            None if self.survey.is_keyed && event.function.text != LIST => match event.value.pair() {
                Some(pair) => pair,
                None => {
                    let problem = format!("{} has no key", event.value.name());
                    return Err(Draft::new(
                        event.value.span.clone(),
                        problem,
                        "[key value], as in the calls",
                    ));
                }
            },
            None => return Ok((0, &event.value)),
        };
        if let (true, What::Text(text)) = (self.rules.numbers_as_texts, &key.what)
            && let Ok(number) = text.parse::<u32>()
            && number.to_string() == *text
        {
            return Ok((u64::from(number), value));
        }
        Ok((self.names.some_value(key)?, value))
    }

    fn close(mut self, skipped: usize, drafts: &mut Drafts) -> Loaded<K> {
        if self.rules.all_complete {
            for open in std::mem::take(&mut self.open).into_values() {
                drafts.add(
                    Draft::new(open.span, "an operation never ends", "an :ok of its process further on")
                        .help("use --format edn for a history with operations of unknown outcome"),
                );
            }
        }
        let history = History::new(self.operations).unwrap_or_else(|error| {
            unreachable!("calls and ends are paired with their outputs, and times are compared: {error}")
        });
        Loaded { history: history.with_names(self.names.close()), places: self.places, skipped }
    }
}
