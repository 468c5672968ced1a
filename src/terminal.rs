//! The two streams: stdout carries the result only, stderr everything else.

use std::io::{self, ErrorKind, IsTerminal, Write};

use clap::ColorChoice;

use crate::exit::{Exit, Failure};

/// The streams and what they can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Whether the result may have colors.
    pub(crate) color: bool,
    /// Whether diagnostics may.
    pub(crate) color_of_diagnostics: bool,
}

/// What became of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// All of it went out.
    All,
    /// The reader has seen enough and closed the pipe: no error, and no use in going on.
    Closed,
}

impl Terminal {
    /// By the option and, if that is `auto`, by NO_COLOR and the kind of stream.
    pub(crate) fn new(choice: ColorChoice) -> Terminal {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let wanted = |is_terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !plain,
        };
        Terminal {
            color: wanted(io::stdout().is_terminal()),
            color_of_diagnostics: wanted(io::stderr().is_terminal()),
        }
    }

    /// Writes a result.
    pub(crate) fn emit(&self, text: &str) -> Result<Written, Failure> {
        let text = if self.color { crate::render::paint(text) } else { text.to_string() };
        let mut out = io::stdout().lock();
        written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Says something beside the result.
    pub(crate) fn note(&self, text: &str) {
        // Nobody is left to be told that stderr is gone.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Says what went wrong.
    pub(crate) fn error(&self, text: &str) {
        let label = if self.color_of_diagnostics { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
        self.note(&format!("{label} {text}"));
    }
}

/// Tells a closed pipe from a real error.
pub(crate) fn written(result: io::Result<()>) -> Result<Written, Failure> {
    match result {
        Ok(()) => Ok(Written::All),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Written::Closed),
        Err(error) => {
            Err(Failure { exit: Exit::Usage, message: format!("cannot write the result: {error}") })
        }
    }
}
