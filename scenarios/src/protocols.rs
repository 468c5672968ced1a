//! The one list of protocols: the only place in the workspace that names them.

use replica::{Knobs, Link, ReadMode, RuleText, Setting};

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

/// What a protocol says of itself: all that a scenario is held against.
#[derive(Clone, Copy, Debug)]
pub struct ProtocolInfo {
    /// Its name.
    pub name: &'static str,
    /// The weakest kind of link that it tolerates.
    pub link: Link,
    /// Its safety rules.
    pub rules: &'static [RuleText],
    /// Its settings.
    pub settings: &'static [Setting],
    /// The read modes it serves beside those that any server serves.
    pub reads: &'static [ReadMode],
    /// What it makes of the knobs, as (name, value), or what is wrong with them.
    pub check: fn(&Knobs) -> Result<Vec<(&'static str, String)>, String>,
}

/// What scenarios are held against: protocols, and the rules of what sits above them.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    /// One for each of [`Protocol::ALL`], in that order.
    pub protocols: [ProtocolInfo; 3],
    /// Rules of the replicated service.
    pub service: &'static [RuleText],
}

impl Catalog {
    /// What a protocol says of itself.
    pub fn of(&self, protocol: Protocol) -> &ProtocolInfo {
        &self.protocols[protocol as usize]
    }

    /// Every rule that a run may leave out.
    pub fn rules(&self) -> impl Iterator<Item = &'static RuleText> {
        let of_protocols = self.protocols.iter().flat_map(|info| info.rules);
        of_protocols.chain(self.service)
    }
}

/// The catalog of this build.
pub fn catalog() -> Catalog {
    use ReadMode::{Linearizable, Sync};
    // Until the protocols' crates say it themselves: no rules, no settings, and what the design says of the rest.
    let info = |name, link, reads| ProtocolInfo {
        name,
        link,
        rules: &[],
        settings: &[],
        reads,
        check: |_: &Knobs| Ok(Vec::new()),
    };
    Catalog {
        protocols: [
            info("paxos", Link::Datagram, &[Linearizable]),
            info("zab", Link::Session, &[Linearizable, Sync]),
            info("raft", Link::Datagram, &[Linearizable]),
        ],
        service: &[],
    }
}
