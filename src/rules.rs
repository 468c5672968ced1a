//! `quorate rules`: every rule that a run may leave out.

use clap::Args;

use crate::engine::{self, Protocol};
use crate::exit::{self, Exit, Failure};
use crate::render;
use crate::terminal::Terminal;

/// Lists the rules that keep the protocols safe, each with its source; `run --without` leaves one out
///
/// Example: quorate rules --protocol raft
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// Only these protocols' rules
    #[arg(long, value_name = "P", value_delimiter = ',', value_parser = engine::protocol)]
    protocol: Vec<Protocol>,
    /// Only this rule
    id: Option<String>,
}

/// Lists them.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = |name: &str| {
        arguments.protocol.is_empty() || arguments.protocol.iter().any(|protocol| protocol.name() == name)
    };
    let chosen: Vec<_> = engine::rules()
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .flat_map(|(_, rules)| rules)
        .filter(|rule| arguments.id.as_ref().is_none_or(|id| rule.id == id))
        .collect();
    if chosen.is_empty() {
        return Err(Failure::nothing("no rule matches; `quorate rules` lists them all"));
    }
    terminal.emit(&render::rules::human(chosen))?;
    Ok(Exit::Held)
}
