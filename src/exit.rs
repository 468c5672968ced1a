//! How a command ends: its exit code, and the failures that are no result.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All held.
    Held,
    /// A property was violated.
    Violated,
    /// The command line or a scenario is wrong.
    Usage,
    /// A judge ran out of budget, or nothing was judged.
    Unknown,
    /// Nothing was selected.
    Nothing,
    /// The same run came out differently.
    Differed,
    /// Quorate is wrong.
    Bug,
}

/// The exit codes, for the help of every subcommand. 130 is the shell's word for a process that SIGINT ended.
pub(crate) const CODES: &str = "\
Exit codes:
  0    all held
  1    a property was violated
  2    usage or scenario error
  3    unknown: a judge ran out of budget, or nothing was judged
  4    nothing selected
  5    a run was not deterministic
  70   a bug in Quorate
  130  interrupted";

impl Exit {
    /// Its number, as a process reports it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Held => 0,
            Exit::Violated => 1,
            Exit::Usage => 2,
            Exit::Unknown => 3,
            Exit::Nothing => 4,
            Exit::Differed => 5,
            Exit::Bug => 70,
        }
    }

    /// The worse of two: what says most about the results comes first. A bug makes every result doubtful, a run that
    /// is not deterministic its own; a violation outranks an error of the scenario that found it.
    pub(crate) fn worse(self, other: Exit) -> Exit {
        let rank = |exit| match exit {
            Exit::Held => 0,
            Exit::Nothing => 1,
            Exit::Unknown => 2,
            Exit::Usage => 3,
            Exit::Violated => 4,
            Exit::Differed => 5,
            Exit::Bug => 6,
        };
        if rank(self) < rank(other) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why a command ended without a result: a code, and what to say on stderr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How the command ends.
    pub(crate) exit: Exit,
    /// What to say.
    pub(crate) message: String,
}

impl Failure {
    /// The command line or a file is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, message: message.into() }
    }

    /// Nothing is left to do.
    pub(crate) fn nothing(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Nothing, message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_of_two_exits_does_not_depend_on_their_order() {
        let all = [
            Exit::Held,
            Exit::Violated,
            Exit::Usage,
            Exit::Unknown,
            Exit::Nothing,
            Exit::Differed,
            Exit::Bug,
        ];
        for a in all {
            for b in all {
                assert_eq!(a.worse(b), b.worse(a));
            }
        }
        assert_eq!(Exit::Violated.worse(Exit::Usage), Exit::Violated);
        assert_eq!(Exit::Usage.worse(Exit::Unknown), Exit::Usage);
    }

    #[test]
    fn the_help_names_every_code() {
        for exit in
            [Exit::Held, Exit::Violated, Exit::Usage, Exit::Unknown, Exit::Nothing, Exit::Differed, Exit::Bug]
        {
            assert!(CODES.contains(&format!("\n  {} ", exit.code())), "{exit:?}");
        }
    }
}
