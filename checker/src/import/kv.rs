//! Registers and keys as histories of events speak of them: `:read`, `:write`, `:cas`, and `:get`, `:put`, `:delete`.

use super::events::{Event, Rules, Spoken};
use super::faults::Draft;
use super::form::Form;
use super::names::Namer;
use crate::history::Outcome;
use crate::kv::{Kind, Output};

impl Spoken for Kind {
    type Asked = Kind;
    type Came = Output;

    const FUNCTIONS: &'static str = ":read, :write, :cas, :get, :put or :delete";

    fn asked(function: &str, value: &Form<'_>, names: &mut Namer) -> Option<Result<Kind, Draft>> {
        match function {
            "read" | "get" => Some(Ok(Kind::Get)),
            "write" | "put" => Some(names.some_value(value).map(|value| Kind::Put { value })),
            "delete" => Some(Ok(Kind::Delete)),
            "cas" => Some(swap(value, names)),
            _ => None,
        }
    }

    fn answered(&self, end: &Event<'_>, names: &mut Namer) -> Result<Output, Draft> {
        match self {
            Kind::Get => names.value(&end.value).map(Output::Value),
            Kind::Put { .. } => self.repeated(end, names).map(|()| Output::Done),
            Kind::Delete => Ok(Output::Done),
            Kind::Cas { .. } => self.repeated(end, names).map(|()| Output::Swapped),
        }
    }

    fn failed(&self, end: &Event<'_>, rules: Rules, names: &mut Namer) -> Result<Outcome, Draft> {
        let looked = matches!(self, Kind::Cas { .. }) && rules.failed_swap_looked;
        if looked {
            self.repeated(end, names)?;
        }
        Ok(if looked { Outcome::Ok(Output::Mismatch) } else { Outcome::Failed })
    }
}

fn swap(value: &Form<'_>, names: &mut Namer) -> Result<Kind, Draft> {
    let no_pair = || Draft::new(value.span.clone(), format!("{} is no pair", value.name()), "[old new]");
    let (expect, value) = value.pair().ok_or_else(no_pair)?;
    Ok(Kind::Cas { expect: names.value(expect)?, value: names.some_value(value)? })
}
