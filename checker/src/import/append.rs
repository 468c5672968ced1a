//! Keys with texts as histories of events speak of them: `:get`, `:put` and `:append`.

use super::events::{Event, Spoken};
use super::faults::Draft;
use super::form::{Form, What};
use super::names::Namer;
use crate::append::{Kind, Output};

impl Spoken for Kind {
    type Asked = Kind;
    type Came = Output;

    const FUNCTIONS: &'static str = ":get, :put or :append";

    fn asked(function: &str, value: &Form<'_>, _names: &mut Namer) -> Option<Result<Kind, Draft>> {
        match function {
            "get" | "read" => Some(Ok(Kind::Get)),
            "put" | "write" => Some(text(value).map(|text| Kind::Put { text })),
            "append" => Some(text(value).map(|text| Kind::Append { text })),
            _ => None,
        }
    }

    fn answered(&self, end: &Event<'_>, names: &mut Namer) -> Result<Output, Draft> {
        match self {
            Kind::Get if end.value.is_nil() => Ok(Output::Text(String::new())),
            Kind::Get => text(&end.value).map(Output::Text),
            Kind::Put { .. } | Kind::Append { .. } => self.repeated(end, names).map(|()| Output::Done),
        }
    }
}

fn text(form: &Form<'_>) -> Result<String, Draft> {
    match &form.what {
        What::Text(text) => Ok(text.to_string()),
        _ => Err(Draft::new(form.span.clone(), format!("{} is no text", form.name()), "a text in quotes")),
    }
}
