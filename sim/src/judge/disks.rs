//! The judges of disks, from facts and claims: durable before visible, rounds and votes never regress, a restart
//! refines the durable image.

use replica::{BlobId, Claim, Fact, Message, NodeId, Record, Role, Round, Slot, Status, WriteId};

use super::image::Image;
use super::tally::{Tally, When};
use crate::outcome::Side;

/// Judges every node's disk.
#[derive(Clone)]
pub struct Disks {
    images: Vec<Image>,
    /// What each node has said of its disk to others, the strongest of each kind.
    said: Vec<Said>,
    /// Durable before visible: what a message asserts of its sender's disk is durable when it leaves.
    pub visible: Tally,
    /// Promised rounds and votes never regress, across restarts.
    pub rounds: Tally,
    /// What a node starts again with is what its disk kept, and nothing it told others is missing.
    pub restart: Tally,
}

#[derive(Clone, Copy, Debug, Default)]
struct Said {
    promised: Round,
    voted: Option<(Round, NodeId)>,
    epoch: Round,
}

impl Said {
    #[inline]
    fn remember(&mut self, claim: Claim) {
        match claim {
            Claim::Promised { round } => self.promised = self.promised.max(round),
            Claim::Epoch { round } => self.epoch = self.epoch.max(round),
            Claim::Voted { round, candidate } => self.voted = self.voted.max(Some((round, candidate))),
            Claim::Accepted { .. } | Claim::Prefix { .. } | Claim::Report { .. } => {}
        }
    }
}

impl Disks {
    /// Judges for `nodes` empty disks.
    pub fn new(nodes: usize, silenced: &[String]) -> Disks {
        Disks {
            images: vec![Image::default(); nodes],
            said: vec![Said::default(); nodes],
            visible: Tally::new("durable-before-visible", Side::Internal, silenced),
            rounds: Tally::new("rounds", Side::Internal, silenced),
            restart: Tally::new("restart", Side::Internal, silenced),
        }
    }

    /// A record was handed to the disk.
    pub fn wrote<T: Record>(&mut self, when: When, node: NodeId, id: WriteId, record: &T) {
        let image = &mut self.images[node.index()];
        let rounds = &mut self.rounds;
        record.facts(&mut |fact| {
            let written = image.write(id, fact);
            if matches!(fact, Fact::Promised { .. } | Fact::Voted { .. } | Fact::Epoch { .. })
                || written.is_err()
            {
                rounds.check(when, written.is_ok(), || format!("{node}: {}", written.unwrap_err()));
            }
        });
    }

    /// A record was handed to the disk that names a blob: after a power loss it may be there, so the blob must be, too.
    pub fn named(&mut self, when: When, node: NodeId, id: WriteId, blob: BlobId, is_durable: bool) {
        self.visible.check(when, is_durable, || {
            format!("{node} wrote {id}, which names blob {blob}, before that blob was durable")
        });
    }

    /// Records up to `upto` are durable.
    pub fn hardened(&mut self, node: NodeId, upto: WriteId) {
        self.images[node.index()].harden(upto);
    }

    /// A message is held until `after` is durable: its claims must be true as of that write.
    pub fn held<M: Message>(&mut self, when: When, from: NodeId, to: NodeId, message: &M, after: WriteId) {
        let image = &self.images[from.index()];
        let visible = &mut self.visible;
        message.claims(from, to, &mut |claim| {
            visible.check(when, image.holds(claim, after), || {
                lie::<M>(from, message, claim, "as of the write it waits for")
            });
        });
    }

    /// A message leaves that was not held: its claims must be true of the durable image.
    pub fn left<M: Message>(&mut self, when: When, from: NodeId, to: NodeId, message: &M) {
        let image = &self.images[from.index()];
        let visible = &mut self.visible;
        let said = &mut self.said[from.index()];
        message.claims(from, to, &mut |claim| {
            visible
                .check(when, image.holds_now(claim), || lie::<M>(from, message, claim, "in what is durable"));
            said.remember(claim);
        });
    }

    /// A held message leaves: the write it waited for must be durable by the disk's own account.
    pub fn released<M: Message>(
        &mut self,
        when: When,
        from: NodeId,
        to: NodeId,
        message: &M,
        waited: WriteId,
        durable: WriteId,
    ) {
        self.visible.check(when, waited <= durable, || {
            format!("{from} released {} after write {waited}, but only {durable} is durable", name(message))
        });
        let said = &mut self.said[from.index()];
        message.claims(from, to, &mut |claim| said.remember(claim));
    }

    /// A process starts on `records`, all that its disk kept.
    pub fn restarting<'a, T: Record + 'a>(
        &mut self,
        when: When,
        node: NodeId,
        records: impl Iterator<Item = (WriteId, &'a T)>,
    ) {
        let mut facts = Vec::new();
        let mut last = WriteId::ZERO;
        for (id, record) in records {
            last = id;
            record.facts(&mut |fact| facts.push((id, fact)));
        }
        let image = &mut self.images[node.index()];
        let durable = image.durable();
        self.restart.check(when, durable <= last, || {
            format!("{node} starts again on writes up to {last}, but its disk had called {durable} durable")
        });
        image.rebuild(facts.into_iter());
        let said = self.said[node.index()];
        let mut must = |claim: Claim| {
            self.restart.check(when, image.holds_now(claim), || {
                format!("{node} starts again without what it told others: {claim:?}")
            });
        };
        must(Claim::Promised { round: said.promised });
        must(Claim::Epoch { round: said.epoch });
        // Of a round that is over for it a node need not remember whom it voted for.
        if let Some((round, candidate)) = said.voted
            && image.promised() <= round
        {
            must(Claim::Voted { round, candidate });
        }
    }

    /// A process has started: it must stand where its disk says.
    pub fn restarted(&mut self, when: When, node: NodeId, status: Status) {
        let image = &self.images[node.index()];
        if !image.is_member() {
            self.restart.check(when, status.role == Role::Unformed, || {
                format!("{node} has no genesis on its disk, but takes part as {:?}", status.role)
            });
            return;
        }
        let (promised, last) = (image.promised(), image.last_slot());
        self.restart.check(when, promised <= status.round, || {
            format!("{node} started in round {}, but its disk has promised {promised}", status.round)
        });
        // A log that is a snapshot and no entries ends where either does.
        self.restart.check(when, image.last_entry() <= status.last && status.last <= last, || {
            format!("{node} started with a log up to {}, but its disk's log ends at {last}", status.last)
        });
    }

    /// A disk was wiped: its node is nobody, and is held to nothing it said before.
    pub fn wiped(&mut self, node: NodeId) {
        self.images[node.index()] = Image::default();
        self.said[node.index()] = Said::default();
    }

    /// The last slot on a node's disk, durable or on its way.
    pub fn last_slot(&self, node: NodeId) -> Slot {
        self.images[node.index()].last_slot()
    }
}

fn name<M: Message>(message: &M) -> &'static str {
    M::KINDS[message.kind()]
}

#[cold]
fn lie<M: Message>(from: NodeId, message: &M, claim: Claim, where_: &str) -> String {
    format!("{from} sent {} claiming {claim:?}, which is not so {where_}", name(message))
}
