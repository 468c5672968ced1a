//! Registries as files speak of them: what registers have, and `:list`.

use serde::Deserialize;

use super::events::{Event, Rules, Spoken};
use super::faults::Draft;
use super::form::{Form, What};
use super::names::Namer;
use crate::history::{Outcome, Value};
use crate::kv;
use crate::registry::{Kind, Output};

/// What is asked, as a line of JSON has it: one list of words for what keys and registries have.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    List {
        #[serde(default)]
        prefix: Option<u64>,
    },
    Put {
        value: Value,
    },
    Get,
    Delete,
    Cas {
        expect: Option<Value>,
        value: Value,
    },
}

impl From<Asked> for Kind {
    fn from(asked: Asked) -> Kind {
        match asked {
            Asked::List { prefix } => Kind::List { prefix },
            Asked::Put { value } => Kind::Key(kv::Kind::Put { value }),
            Asked::Get => Kind::Key(kv::Kind::Get),
            Asked::Delete => Kind::Key(kv::Kind::Delete),
            Asked::Cas { expect, value } => Kind::Key(kv::Kind::Cas { expect, value }),
        }
    }
}

/// What came back, as a line of JSON has it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Came {
    List(Vec<(u64, Value)>),
    Done,
    Value(Option<Value>),
    Swapped,
    Differs(Option<Value>),
    Mismatch,
}

impl From<Came> for Output {
    fn from(came: Came) -> Output {
        match came {
            Came::List(entries) => Output::List(entries),
            Came::Done => Output::Key(kv::Output::Done),
            Came::Value(seen) => Output::Key(kv::Output::Value(seen)),
            Came::Swapped => Output::Key(kv::Output::Swapped),
            Came::Differs(seen) => Output::Key(kv::Output::Differs(seen)),
            Came::Mismatch => Output::Key(kv::Output::Mismatch),
        }
    }
}

impl Spoken for Kind {
    type Asked = Asked;
    type Came = Came;

    const FUNCTIONS: &'static str = ":read, :write, :cas, :get, :put, :delete or :list";

    fn asked(function: &str, value: &Form<'_>, names: &mut Namer) -> Option<Result<Kind, Draft>> {
        if function == "list" {
            return Some(names.value(value).map(|prefix| Kind::List { prefix }));
        }
        kv::Kind::asked(function, value, names).map(|kind| kind.map(Kind::Key))
    }

    fn answered(&self, end: &Event<'_>, names: &mut Namer) -> Result<Output, Draft> {
        match self {
            Kind::Key(kind) => kind.answered(end, names).map(Output::Key),
            Kind::List { .. } => entries(&end.value, names).map(Output::List),
        }
    }

    fn failed(&self, end: &Event<'_>, rules: Rules, names: &mut Namer) -> Result<Outcome<Output>, Draft> {
        let Kind::Key(kind) = self else { return Ok(Outcome::Failed) };
        Ok(match kind.failed(end, rules, names)? {
            Outcome::Ok(output) => Outcome::Ok(Output::Key(output)),
            Outcome::Failed => Outcome::Failed,
            Outcome::Unknown => Outcome::Unknown,
        })
    }
}

/// What a list saw: a map from keys to values.
fn entries(form: &Form<'_>, names: &mut Namer) -> Result<Vec<(u64, Value)>, Draft> {
    let mut entry = |key: &Form<'_>, value: &Form<'_>| Ok((names.some_value(key)?, names.some_value(value)?));
    match &form.what {
        What::Nil => Ok(Vec::new()),
        What::Map(pairs) => pairs.iter().map(|(key, value)| entry(key, value)).collect(),
        _ => Err(Draft::new(
            form.span.clone(),
            format!("{} is no list of keys", form.name()),
            "{key value, ..}",
        )),
    }
}
