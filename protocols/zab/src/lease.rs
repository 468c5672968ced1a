//! Leases, by which a leader may answer linearizable reads at once (setting `reads = "lease"`). Ours: ZooKeeper has
//! none.
//!
//! A follower that answers a ping promises that for the lease it acknowledges no epoch of anybody else and announces
//! none of its own. A later epoch needs a quorum of ACKEPOCH, and any quorum has a member of the one whose answers the
//! leader counted. So until the first of those promises ends, no later epoch is established, and what is committed is
//! committed here.
//!
//! Each end measures on its own clock. The promise begins when the ping arrives, the lease when it was sent, which is
//! before; so only drift can make the lease outlive the promise, and the leader uses it for less by exactly what two
//! clocks may drift apart. Beyond that bound reads may be stale: there is no further margin.
//!
//! The promise is volatile. A server that restarts may have forgotten one, and so waits as long as one lasts.

use alloc::collections::VecDeque;
use alloc::format;

use replica::{LocalTime, Members, NodeId, NodeSet, Round};

use crate::config::Reading;
use crate::discovery::FollowingStage;
use crate::{Config, Out, Phase, Zab, gates, rules};

/// The most rounds of pings of which answers may still come. Older ones are of no use: a later one grants more.
const ROUNDS_MAX: usize = 8;

/// What was granted to a leader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    /// When it ends; never, if there is none.
    ends: LocalTime,
    /// To whom; nobody knows, after a restart.
    to: Option<NodeId>,
}

impl Promise {
    pub(crate) const NONE: Promise = Promise { ends: LocalTime::NEVER, to: None };

    /// When it ends; never, if there is none.
    pub(crate) fn ends(&self) -> LocalTime {
        self.ends
    }
}

/// What a leader was granted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lease {
    /// Rounds of pings, oldest first.
    rounds: VecDeque<PingRound>,
    /// Until when reads may be answered at once; zero if they never might.
    ends: LocalTime,
}

#[derive(Clone, Debug)]
struct PingRound {
    token: u64,
    sent: LocalTime,
    from: NodeSet,
}

impl Lease {
    /// Until when reads may be answered at once, for people; zero if they never might.
    pub(crate) fn ends(&self) -> LocalTime {
        self.ends
    }

    /// A round of pings leaves.
    pub(crate) fn begin(&mut self, node: NodeId, token: u64, sent: LocalTime) {
        if self.rounds.len() == ROUNDS_MAX {
            self.rounds.pop_front();
        }
        self.rounds.push_back(PingRound { token, sent, from: NodeSet::EMPTY.with(node) });
    }

    /// An answer came: it is one to every round up to its own.
    pub(crate) fn answered(
        &mut self,
        from: NodeId,
        token: u64,
        now: LocalTime,
        members: &Members,
        config: &Config,
    ) {
        for round in self.rounds.iter_mut().take_while(|round| round.token <= token) {
            round.from.insert(from);
        }
        while let Some(place) = self.rounds.iter().rposition(|round| members.is_quorum(round.from)) {
            let round = self.rounds.drain(..=place).next_back().expect("it was found");
            let begins = if config.rules.obeys(rules::LEASE_FROM_SEND) { round.sent } else { now };
            let span =
                if config.rules.obeys(rules::LEASE_DRIFT) { config.lease_of_leader() } else { config.lease };
            self.ends = self.ends.max(begins + span);
        }
    }

    /// Whether it is held.
    pub(crate) fn holds(&self, now: LocalTime) -> bool {
        now < self.ends
    }
}

impl Zab {
    fn reads_by_lease(&self) -> bool {
        self.config.reads == Reading::Lease
    }

    /// At boot: an earlier incarnation may have granted a lease. One that never accepted an epoch followed nobody.
    pub(crate) fn wait_out_promise(&mut self, now: LocalTime) {
        let rules = self.config.rules;
        if self.reads_by_lease() && rules.obeys(rules::LEASE_RESTART) && Round::ZERO < self.accepted_epoch {
            self.promise = Promise { ends: now + self.config.lease, to: None };
        }
    }

    /// A ping of the leader is answered. A leader counts answers of those that are up to date, so that before the
    /// history is taken over there is nothing to promise; and a promise to another may still stand then.
    pub(crate) fn grant(&mut self, now: LocalTime, to: NodeId) {
        let Phase::Following(following) = &self.phase else { unreachable!("only a follower grants") };
        if following.stage < FollowingStage::Synchronized {
            return;
        }
        if self.reads_by_lease() && self.config.rules.obeys(rules::LEASE_PROMISE) {
            self.promise = Promise { ends: now + self.config.lease, to: Some(to) };
        }
    }

    /// The leader that it was granted to has no use for it any more.
    pub(crate) fn release_promise(&mut self, from: NodeId) {
        if self.promise.to == Some(from) {
            self.promise = Promise::NONE;
        }
    }

    /// Whether a new epoch of `leader` must wait (rule zab/lease-promise).
    pub(crate) fn is_bound(&self, now: LocalTime, leader: NodeId, out: &mut Out<'_>) -> bool {
        let is_bound = self.promise.ends != LocalTime::NEVER
            && now < self.promise.ends
            && self.promise.to != Some(leader);
        if is_bound {
            out.reached(gates::LEASE_WAITED);
            out.narrate("zab/lease-promise", || format!("an epoch of {leader} waits for a lease to end"));
        }
        is_bound
    }

    /// A promise may have ended: what waited for it goes on.
    pub(crate) fn end_promise(&mut self, now: LocalTime, out: &mut Out<'_>) {
        if now < self.promise.ends {
            return;
        }
        self.promise = Promise::NONE;
        match &mut self.phase {
            Phase::Following(following) => {
                if let Some(epoch) = following.held.take() {
                    self.on_leader_info(now, epoch, out);
                }
            }
            Phase::Leading(_) => self.announce_if_quorum(now, out),
            Phase::Looking(_) | Phase::Unformed => {}
        }
    }
}
