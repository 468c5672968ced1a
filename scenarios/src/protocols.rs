//! The one list of protocols: the only place in the workspace that names them.

use replica::{Knobs, Link, Message, ReadMode, Replica, RuleText, Setting};
use sim::plan::Plan;
use sim::run::{PlanError, Run, RunOptions};

/// A protocol of the testbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// Multi-Paxos.
    Paxos,
    /// Zab.
    Zab,
    /// Raft.
    Raft,
}

impl Protocol {
    /// Every protocol, in the order of reports.
    pub const ALL: [Protocol; 3] = [Protocol::Paxos, Protocol::Zab, Protocol::Raft];

    /// The protocol's name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Paxos => "paxos",
            Protocol::Zab => "zab",
            Protocol::Raft => "raft",
        }
    }

    /// The protocol of this name.
    pub fn parse(name: &str) -> Option<Protocol> {
        Protocol::ALL.into_iter().find(|protocol| protocol.name() == name)
    }
}

/// What a protocol made of the knobs, as (name, value).
pub type Described = Vec<(&'static str, String)>;

/// What a protocol says of itself: all that a scenario is held against.
#[derive(Clone, Copy, Debug)]
pub struct ProtocolInfo {
    /// Its name.
    pub name: &'static str,
    /// The weakest kind of link that it tolerates.
    pub link: Link,
    /// Its kinds of messages.
    pub kinds: &'static [&'static str],
    /// Its safety rules.
    pub rules: &'static [RuleText],
    /// Its settings.
    pub settings: &'static [Setting],
    /// The read modes it serves beside those that any server serves.
    pub reads: &'static [ReadMode],
    /// What it makes of the knobs, or what is wrong with them.
    pub check: fn(&Knobs) -> Result<Described, String>,
}

/// What scenarios are held against: protocols, and the rules of what sits above them.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    /// One for each of [`Protocol::ALL`], in that order.
    pub protocols: [ProtocolInfo; 3],
    /// Rules of the replicated service.
    pub service: &'static [RuleText],
    /// Rules of a node below its replica.
    pub node: &'static [RuleText],
}

impl Catalog {
    /// What a protocol says of itself.
    pub fn of(&self, protocol: Protocol) -> &ProtocolInfo {
        &self.protocols[protocol as usize]
    }

    /// Every rule that a run may leave out.
    pub fn rules(&self) -> impl Iterator<Item = &'static RuleText> {
        let of_protocols = self.protocols.iter().flat_map(|info| info.rules);
        of_protocols.chain(self.service).chain(self.node)
    }
}

/// The catalog of this build.
pub fn catalog() -> Catalog {
    Catalog {
        protocols: [info::<paxos::Paxos>(), info::<zab::Zab>(), info::<raft::Raft>()],
        service: registry::rules::RULES,
        node: sim::rules::RULES,
    }
}

/// Something to do with a protocol's own types.
pub trait Visit {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<R: Replica>(self) -> Self::Output;
}

/// Does something with the types of a protocol, by its name.
pub fn visit<V: Visit>(protocol: Protocol, visitor: V) -> V::Output {
    match protocol {
        Protocol::Paxos => visitor.visit::<paxos::Paxos>(),
        Protocol::Zab => visitor.visit::<zab::Zab>(),
        Protocol::Raft => visitor.visit::<raft::Raft>(),
    }
}

/// Runs a plan under a protocol.
pub fn run(protocol: Protocol, plan: &Plan, options: &RunOptions) -> Result<Run, PlanError> {
    /// What `sim::run::run` is asked.
    struct Ask<'a>(&'a Plan, &'a RunOptions);

    impl Visit for Ask<'_> {
        type Output = Result<Run, PlanError>;

        fn visit<R: Replica>(self) -> Self::Output {
            sim::run::run::<R>(self.0, self.1)
        }
    }

    visit(protocol, Ask(plan, options))
}

/// What a protocol says of itself.
fn info<R: Replica>() -> ProtocolInfo {
    ProtocolInfo {
        name: R::NAME,
        link: R::LINK,
        kinds: R::Message::KINDS,
        rules: R::RULES,
        settings: R::SETTINGS,
        reads: R::READS,
        check: |knobs| R::config(knobs).map(|config| R::describe(&config)),
    }
}
