//! The start of an incarnation: promises and votes from the disk; everything else anew. *Paxos Made Simple*, 2.5: "stable
//! storage, preserved during failures, is used to maintain the information that the acceptor must remember".

use alloc::format;

use replica::{BlobId, Boot, Durable, Effect, LocalTime, Members, Position, Slot, Span};

use crate::acceptor::{Acceptor, Cast};
use crate::connected::Rounds;
use crate::learner::Learner;
use crate::paxos::{Out, Role};
use crate::quorum_reads::Probes;
use crate::snapshot::{Snapshot, Snapshots};
use crate::tally::Quorums;
use crate::{Ballot, Config, Paxos, Record, Vote, rules};

/// Rebuilds a replica from what its disk kept. It proposes nothing before a time-out has passed, as any follower.
pub(crate) fn boot(
    boot: Boot,
    config: &Config,
    durable: Durable<'_, Record>,
    now: LocalTime,
    out: &mut Out,
) -> Paxos {
    let mut members = Members::default();
    let mut acceptor = Acceptor::default();
    let (mut snapshot, mut noted) = (None, Slot::ZERO);
    for record in durable.records {
        match record {
            Record::Genesis { members: genesis } => members = *genesis,
            Record::Promise { ballot } => acceptor.promise(*ballot),
            Record::Accept { promised, ballot, slot, entry } => {
                assert!(ballot <= promised || !config.rules.is_whole(), "a vote is a promise too");
                acceptor.accept(*promised, *slot, Cast { ballot: *ballot, entry: entry.clone() });
            }
            Record::Chosen { slot } => noted = *slot,
            Record::Snapshot { len, slot, chain, trimmed, promised, members: kept, votes, .. } => {
                members = *kept;
                snapshot = Some(Snapshot { slot: *slot, chain: *chain, len: *len });
                acceptor = Acceptor::default();
                acceptor.trim(*trimmed);
                for Vote { slot, ballot, entry } in votes.iter() {
                    acceptor.accept(*promised, *slot, Cast { ballot: *ballot, entry: entry.clone() });
                }
                acceptor.promise(*promised);
            }
        }
    }
    let highest = acceptor.promised();
    let kept = config.lease != Span::ZERO && config.rules.obeys(rules::LEASE_KEPT);
    let mut paxos = Paxos {
        node: boot.node,
        members,
        config: config.clone(),
        acceptor,
        learner: Learner::new(Slot::ZERO, 0),
        snapshots: Snapshots::new(None),
        quorums: Quorums::of(&members, config),
        // What lease the former incarnation kept is forgotten: keep one to nobody for as long as it may have run.
        leased: (Ballot::ZERO, if kept { now + config.lease } else { LocalTime(0) }),
        probes: Probes::default(),
        rounds: Rounds::new(boot.node, highest),
        has_stood: false,
        highest,
        preemptions: 0,
        counted: 0,
        role: Role::Unformed,
    };
    if members.voters.is_empty() {
        assert_eq!(highest, Ballot::ZERO, "an unformed node never writes");
        out.narrate("", || format!("{} has no genesis on its disk: it takes part in nothing", boot.node));
        return paxos;
    }
    assert!(members.contains(boot.node), "genesis is given to members only");
    if !config.rules.obeys(rules::MAJORITY) {
        paxos.quorums = paxos.quorums.short();
    }
    out.narrate("", || format!("starts with {highest} promised"));
    paxos.restore(snapshot, durable.blobs, out);
    paxos.deliver_noted(noted, out);
    paxos.become_follower(now, None, highest, Span::ZERO, out);
    paxos.begin_rounds(now, out);
    paxos
}

impl Paxos {
    /// The state machine begins at the snapshot that the newest record names. Blobs that no record names were on their
    /// way in or out.
    fn restore(&mut self, snapshot: Option<Snapshot>, blobs: &[(BlobId, u64)], out: &mut Out) {
        let is_there = |snapshot: &Snapshot| blobs.contains(&(snapshot.blob(), snapshot.len));
        let there = snapshot.filter(is_there);
        assert!(there == snapshot || !self.config.rules.is_whole(), "a record names complete blobs only");
        for (blob, _) in blobs.iter().filter(|(blob, _)| there.is_none_or(|held| held.blob() != *blob)) {
            out.effect(Effect::ForgetBlob(*blob));
        }
        if let Some(held) = there {
            self.learner = Learner::new(held.slot, held.chain);
            self.snapshots = Snapshots::new(Some(held));
            out.effect(Effect::Restore { blob: held.blob(), position: Position(held.slot.0) });
        }
    }
}
