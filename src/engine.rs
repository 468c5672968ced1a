//! Scenarios and runs: the only file of the command that knows where they come from.

use std::path::Path;

use replica::RuleText;
use sim::plan::Plan;
use sim::outcome::Outcome;
use sim::trace::TraceEvent;

/// How to run a plan. None of it changes what happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunOptions {
    /// Encode and decode every message and record on its way.
    pub(crate) codec: bool,
    /// Keep a trace.
    pub(crate) tracing: bool,
}

/// A run and what came of it.
pub(crate) struct Run {
    /// The outcome.
    pub(crate) outcome: Outcome,
    /// The trace, if it was asked for; else empty.
    pub(crate) trace: Vec<TraceEvent>,
}

/// A protocol of the testbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Protocol(&'static str);

impl Protocol {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        self.0
    }

    /// The protocol of this name.
    pub(crate) fn parse(name: &str) -> Result<Protocol, String> {
        let found = protocols().into_iter().find(|protocol| protocol.name() == name);
        let names: Vec<&str> = protocols().into_iter().map(Protocol::name).collect();
        found.ok_or_else(|| format!("expected one of {}", names.join(", ")))
    }
}

/// Every protocol, in the order of reports.
pub(crate) fn protocols() -> Vec<Protocol> {
    ["paxos", "zab", "raft"].map(Protocol).to_vec()
}

/// Every rule that a run may leave out, by protocol; those of the replicated service last.
pub(crate) fn rules() -> Vec<(&'static str, Vec<&'static RuleText>)> {
    Vec::new()
}

/// A scenario file that was read without errors.
pub(crate) struct Scenario {
    /// The file, as it was named.
    pub(crate) file: String,
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
        let plain = format!("{}:1:1: scenario files cannot be read yet", path.display());
        Err(Box::new(Errors { report: miette::Report::msg(plain.clone()), plain, count: 1 }))
    }

    /// What happens, in a sentence.
    pub(crate) fn title(&self) -> &str {
        ""
    }

    /// What there is to learn from it, in a sentence; may be empty.
    pub(crate) fn teaches(&self) -> &str {
        ""
    }

    /// How many nodes.
    pub(crate) fn nodes(&self) -> u8 {
        0
    }

    /// Its protocols, in the order of the file.
    pub(crate) fn protocols(&self) -> Vec<Protocol> {
        Vec::new()
    }

    /// The plan for a seed, with these rules left out beside those of the file.
    pub(crate) fn plan(&self, _seed: u64, _without: &[String]) -> Plan {
        unreachable!("no scenario is ever read")
    }
}

/// Runs a plan. `Err` says why the plan cannot run under the protocol.
pub(crate) fn run(_protocol: Protocol, _plan: &Plan, _options: &RunOptions) -> Result<Run, String> {
    Err("nothing runs yet".to_string())
}
