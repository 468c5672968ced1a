//! Queues as histories of events speak of them: `:enqueue` and `:dequeue`.

use super::events::{Event, Spoken};
use super::faults::Draft;
use super::form::Form;
use super::names::Namer;
use crate::queue::{Kind, Output};

impl Spoken for Kind {
    type Asked = Kind;
    type Came = Output;

    const FUNCTIONS: &'static str = ":enqueue or :dequeue";

    fn asked(function: &str, value: &Form<'_>, names: &mut Namer) -> Option<Result<Kind, Draft>> {
        match function {
            "enqueue" => Some(names.some_value(value).map(|value| Kind::Enqueue { value })),
            "dequeue" => Some(Ok(Kind::Dequeue)),
            _ => None,
        }
    }

    fn answered(&self, end: &Event<'_>, names: &mut Namer) -> Result<Output, Draft> {
        match self {
            Kind::Enqueue { .. } => self.repeated(end, names).map(|()| Output::Done),
            Kind::Dequeue => names.value(&end.value).map(|taken| taken.map_or(Output::Empty, Output::Took)),
        }
    }
}
