//! Scenarios and runs: the only file of the command that knows where they come from.

use std::path::Path;

use replica::{RuleText, Setting};
use sim::plan::Plan;

pub(crate) use scenarios::Protocol;
pub(crate) use sim::run::{Run, RunOptions};

/// The protocol of this name, for the command line.
pub(crate) fn protocol(name: &str) -> Result<Protocol, String> {
    let names = || Protocol::ALL.map(Protocol::name).join(", ");
    Protocol::parse(name).ok_or_else(|| format!("expected one of {}", names()))
}

/// Every rule that a run may leave out, by protocol; those of the replicated service and of nodes last.
pub(crate) fn rules() -> Vec<(&'static str, &'static [RuleText])> {
    let catalog = scenarios::catalog();
    let of_protocols = catalog.protocols.iter().map(|info| (info.name, info.rules));
    of_protocols.chain([("registry", catalog.service), ("node", catalog.node)]).collect()
}

/// Every setting that a scenario may make, by protocol.
pub(crate) fn settings() -> Vec<(&'static str, &'static [Setting])> {
    scenarios::catalog().protocols.iter().map(|info| (info.name, info.settings)).collect()
}

/// A scenario file that was read without errors.
pub(crate) struct Scenario {
    /// The file, as it was named.
    pub(crate) file: String,
    /// What it says.
    says: scenarios::Scenario,
}

/// Everything that is wrong with a scenario file.
pub(crate) struct Errors {
    /// A line an error: `file:line:column: what is wrong; what was expected`.
    pub(crate) plain: String,
    /// How many.
    pub(crate) count: usize,
    /// The same with excerpts of the file.
    pub(crate) report: miette::Report,
}

impl Scenario {
    /// Reads a file, or says everything that is wrong with it.
    pub(crate) fn read(path: &Path) -> Result<Scenario, Box<Errors>> {
        Scenario::read_with(path, &[])
    }

    /// Reads a file with keys set to other values.
    pub(crate) fn read_with(path: &Path, set: &[(String, String)]) -> Result<Scenario, Box<Errors>> {
        let file = path.display().to_string();
        match scenarios::Scenario::read_with(path, set) {
            Ok(says) => Ok(Scenario { file, says }),
            Err(errors) => {
                let (plain, count) = (errors.plain(), errors.errors.len());
                Err(Box::new(Errors { plain, count, report: miette::Report::new(errors) }))
            }
        }
    }

    /// The library that comes with Quorate, for use outside of a clone.
    pub(crate) fn library() -> Vec<Scenario> {
        let parse = |file: &scenarios::LibraryFile| {
            let says =
                scenarios::Scenario::parse(file.path, file.text).expect("the library is without errors");
            Scenario { file: file.path.to_string(), says }
        };
        scenarios::library().iter().map(parse).collect()
    }

    /// What happens, in a sentence.
    pub(crate) fn title(&self) -> &str {
        &self.says.title
    }

    /// What there is to learn from it, in a sentence; may be empty.
    pub(crate) fn teaches(&self) -> &str {
        &self.says.teaches
    }

    /// How many nodes.
    pub(crate) fn nodes(&self) -> u8 {
        self.says.nodes
    }

    /// Its protocols, in the order of the file.
    pub(crate) fn protocols(&self) -> &[Protocol] {
        &self.says.protocols
    }

    /// The rules that the file itself leaves out.
    pub(crate) fn without(&self) -> &[String] {
        &self.says.without
    }

    /// The plan for a seed, with these rules left out beside those of the file.
    pub(crate) fn plan(&self, seed: u64, without: &[String]) -> Plan {
        let mut plan = self.says.plan(seed);
        for rule in without {
            if !plan.without.contains(rule) {
                plan.without.push(rule.clone());
            }
        }
        plan
    }
}

/// Runs a plan. `Err` says why the plan cannot run under the protocol.
pub(crate) fn run(protocol: Protocol, plan: &Plan, options: &RunOptions) -> Result<Run, String> {
    scenarios::run(protocol, plan, options).map_err(|error| error.to_string())
}
