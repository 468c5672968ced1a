//! What the judge remembers: of each slot the proposals and their votes, of each node its disk and what waits for it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use replica::{Findings, NodeId, NodeSet, Slot, WriteId};

use super::Invariants;
use crate::Ballot;

/// A slot.
#[derive(Clone, Default)]
pub(super) struct Place {
    /// The first proposal seen; for most slots the only one.
    first: Option<Proposal>,
    /// The others.
    more: Vec<Proposal>,
    /// The digest of the value chosen, and the ballot in which it first was. Never changes.
    pub(super) chosen: Option<(u64, Ballot)>,
}

/// A value in a ballot at a slot.
#[derive(Clone)]
pub(super) struct Proposal {
    pub(super) ballot: Ballot,
    pub(super) digest: u64,
    /// Whether the ballot's owner has proposed it.
    pub(super) proposed: bool,
    /// Who has voted for it and has not lost that vote in a crash.
    pub(super) written: NodeSet,
    /// Whose vote for it has ever been durable.
    pub(super) durable: NodeSet,
}

/// A node.
#[derive(Clone, Default)]
pub(super) struct Node {
    /// What it has promised, durable or about to be.
    pub(super) promised: Ballot,
    /// What its disk has promised.
    pub(super) promised_durable: Ballot,
    /// Records on their way to the disk.
    pub(super) pending: VecDeque<(WriteId, Pending)>,
    /// The last slot delivered in this incarnation, or covered by the snapshot that it began with.
    pub(super) delivered: Slot,
    /// The newest blob that was written whole, and in which step.
    pub(super) blob: Option<(replica::BlobId, u64)>,
    /// The newest ballot it stood in, and whose promises of that ballot reached it.
    pub(super) phase1: (Ballot, NodeSet),
    /// The answer that is being stepped in, if one is: how many were counted before, and whether it may count.
    pub(super) answer: Option<(u64, bool)>,
}

/// A vote as a disk keeps it: what the acceptor has promised with it, and for what it voted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vote {
    pub(super) promised: Ballot,
    pub(super) ballot: Ballot,
    pub(super) slot: Slot,
    pub(super) digest: u64,
}

/// A record without its value.
#[derive(Clone, Copy)]
pub(super) enum Pending {
    Promise { ballot: Ballot },
    Vote(Vote),
}

impl Place {
    /// Every proposal seen here.
    pub(super) fn proposals(&self) -> impl Iterator<Item = &Proposal> {
        self.first.iter().chain(&self.more)
    }

    /// The proposal of a value in a ballot, made if it is new.
    #[inline]
    pub(super) fn proposal(&mut self, ballot: Ballot, digest: u64) -> &mut Proposal {
        let is_it = |proposal: &Proposal| proposal.ballot == ballot && proposal.digest == digest;
        let new =
            Proposal { ballot, digest, proposed: false, written: NodeSet::EMPTY, durable: NodeSet::EMPTY };
        if self.first.as_ref().is_none_or(is_it) {
            return self.first.get_or_insert(new);
        }
        let place = self.more.iter().position(is_it).unwrap_or_else(|| {
            self.more.push(new);
            self.more.len() - 1
        });
        &mut self.more[place]
    }

    /// The highest ballot below `below` in which `node` voted here.
    pub(super) fn highest_vote(&self, node: NodeId, below: Ballot) -> Option<Ballot> {
        let votes = self.proposals().filter(|p| p.ballot < below && p.written.contains(node));
        votes.map(|p| p.ballot).max()
    }
}

impl Invariants {
    #[inline]
    pub(super) fn place(&mut self, slot: Slot) -> &mut Place {
        let index = slot.previous().0 as usize;
        if self.places.len() <= index {
            self.places.resize_with(index + 1, Place::default);
        }
        &mut self.places[index]
    }

    /// The process of `node` is gone, and with it what its disk had not yet.
    pub(super) fn lose(&mut self, node: NodeId) {
        let ghost = &mut self.nodes[node.index()];
        let lost = core::mem::take(&mut ghost.pending);
        ghost.promised = ghost.promised_durable;
        ghost.delivered = Slot::ZERO;
        ghost.answer = None;
        for (_, pending) in lost {
            if let Pending::Vote(Vote { ballot, slot, digest, .. }) = pending {
                let vote = self.place(slot).proposal(ballot, digest);
                if !vote.durable.contains(node) {
                    vote.written.remove(node);
                }
            }
        }
    }

    /// Records of `node` up to `upto` are durable: promises bind from here on, votes count.
    pub(super) fn harden(&mut self, node: NodeId, upto: WriteId, findings: &mut Findings) {
        loop {
            let ghost = &mut self.nodes[node.index()];
            let Some(&(write, pending)) = ghost.pending.front() else { return };
            if upto < write {
                return;
            }
            ghost.pending.pop_front();
            match pending {
                Pending::Promise { ballot } => ghost.promised_durable = ballot,
                Pending::Vote(Vote { promised, ballot, slot, digest }) => {
                    ghost.promised_durable = promised;
                    self.harden_vote(node, slot, ballot, digest, findings);
                }
            }
        }
    }
}
