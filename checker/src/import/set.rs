//! Sets as histories of events speak of them: `:add`, `:remove`, `:contains?`, and `:read` for all elements.

use super::events::{Event, Spoken};
use super::faults::Draft;
use super::form::{Form, What};
use super::names::Namer;
use crate::history::Value;
use crate::set::{Kind, Output};

impl Spoken for Kind {
    type Asked = Kind;
    type Came = Output;

    const FUNCTIONS: &'static str = ":add, :remove, :contains? or :read";

    fn asked(function: &str, value: &Form<'_>, names: &mut Namer) -> Option<Result<Kind, Draft>> {
        match function {
            "add" => Some(names.some_value(value).map(|value| Kind::Add { value })),
            "remove" => Some(names.some_value(value).map(|value| Kind::Remove { value })),
            "contains?" | "contains" => Some(names.some_value(value).map(|value| Kind::Contains { value })),
            "read" => Some(Ok(Kind::Members)),
            _ => None,
        }
    }

    fn answered(&self, end: &Event<'_>, names: &mut Namer) -> Result<Output, Draft> {
        match self {
            Kind::Add { .. } | Kind::Remove { .. } => self.repeated(end, names).map(|()| Output::Done),
            Kind::Contains { .. } => answer(&end.value).map(Output::Is),
            Kind::Members => members(&end.value, names).map(Output::Members),
        }
    }
}

/// Yes or no.
fn answer(form: &Form<'_>) -> Result<bool, Draft> {
    match form.what {
        What::Other("true") => Ok(true),
        What::Other("false") => Ok(false),
        _ => Err(Draft::new(form.span.clone(), format!("{} is no answer", form.name()), "true or false")),
    }
}

/// All elements; none is `nil` too.
fn members(form: &Form<'_>, names: &mut Namer) -> Result<Vec<Value>, Draft> {
    match &form.what {
        What::Nil => Ok(Vec::new()),
        What::Set(forms) | What::Sequence(forms) => forms.iter().map(|form| names.some_value(form)).collect(),
        _ => Err(Draft::new(form.span.clone(), format!("{} is no set", form.name()), "#{..} or [..]")),
    }
}
