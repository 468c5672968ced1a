//! `quorate rules`: every rule that a run may leave out, and every setting that a scenario may make.

use clap::Args;

use crate::engine::{self, Protocol};
use crate::exit::{self, Exit, Failure};
use crate::render;
use crate::terminal::Terminal;

/// Lists the rules that keep the protocols safe, each with its source, and the protocols' settings
///
/// `run --without` leaves a rule out; a scenario's [settings.PROTOCOL] changes a setting.
///
/// Example: quorate rules --protocol raft
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// Only these protocols' rules
    #[arg(long, value_name = "P", value_delimiter = ',', value_parser = engine::protocol)]
    protocol: Vec<Protocol>,
    /// Only this rule, and no settings
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
    let mut text = render::rules::human(chosen);
    if arguments.id.is_none() {
        let chosen: Vec<_> = engine::settings().into_iter().filter(|(name, _)| wanted(name)).collect();
        text.push('\n');
        text.push_str(&render::rules::settings(&chosen));
    }
    terminal.emit(&text)?;
    Ok(Exit::Held)
}
