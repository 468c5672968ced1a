//! `quorate completions`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::exit::{self, Exit, Failure};
use crate::terminal::Terminal;

/// Prints completions for a shell
///
/// Example: quorate completions bash > /etc/bash_completion.d/quorate
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Prints them.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::Cli::command(), "quorate", &mut script);
    // Not `emit`: a script has no colors.
    let plain = Terminal { color: false, ..*terminal };
    plain.emit(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Held)
}
