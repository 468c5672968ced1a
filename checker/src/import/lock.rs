//! Locks with fencing tokens as histories of events speak of them: `:acquire`, `:release`, `:expire`, `:use`.

use super::events::{Event, Spoken};
use super::faults::Draft;
use super::form::{Form, What};
use super::names::Namer;
use crate::lock::{Kind, Output, Token};

impl Spoken for Kind {
    type Asked = Kind;
    type Came = Output;

    const FUNCTIONS: &'static str = ":acquire, :release, :expire or :use";

    /// Tokens are compared by size.
    const TAKES_TEXTS: bool = false;

    fn asked(function: &str, value: &Form<'_>, _names: &mut Namer) -> Option<Result<Kind, Draft>> {
        match function {
            "acquire" => Some(Ok(Kind::Acquire)),
            "release" => Some(token(value).map(|token| Kind::Release { token })),
            "expire" => Some(token(value).map(|token| Kind::Expire { token })),
            "use" => Some(token(value).map(|token| Kind::Use { token })),
            _ => None,
        }
    }

    fn answered(&self, end: &Event<'_>, names: &mut Namer) -> Result<Output, Draft> {
        match self {
            Kind::Acquire => token(&end.value).map(|token| Output::Granted { token }),
            Kind::Release { .. } | Kind::Expire { .. } => self.repeated(end, names).map(|()| Output::Done),
            Kind::Use { .. } => self.repeated(end, names).map(|()| Output::Accepted),
        }
    }
}

fn token(form: &Form<'_>) -> Result<Token, Draft> {
    let token = match form.what {
        What::Integer(token) => Token::try_from(token).ok(),
        _ => None,
    };
    token.ok_or_else(|| {
        Draft::new(
            form.span.clone(),
            format!("{} is no fencing token", form.name()),
            "a number that grows with every grant",
        )
        .help("a lock without tokens cannot be judged: its clients cannot tell one grant from the next")
    })
}
