//! A leader hands its office over: it lets what is outstanding be committed, resigns, and votes for the one that it
//! prefers instead of for itself. Ours; ZooKeeper's nearest is the designated leader of a reconfiguration
//! (`Leader.getDesignatedLeader`).
//!
//! HANDOVER is a wish like every vote: it shortens the next election and decides nothing. Who is ahead of the
//! candidate votes for itself, discovery checks histories as always, and if the candidate is dead the election after
//! that knows of no wish.

use alloc::format;

use replica::{LocalTime, NodeId};

use crate::message::{Message, Vote};
use crate::relation::{LearnerStage, Stage};
use crate::{Out, Phase, Zab, gates};

/// A leader that is about to resign: no new proposals are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resigning {
    /// To whom the operator wants the office to go.
    to: Option<NodeId>,
    /// When it gives the wish up: outstanding proposals were not committed in time.
    ends: LocalTime,
}

impl Zab {
    /// Only a leader that serves, and that somebody else can follow, takes the wish.
    pub(crate) fn on_hand_over(&mut self, now: LocalTime, to: Option<NodeId>, out: &mut Out<'_>) {
        let ends = now + self.config.sync_limit;
        let Phase::Leading(leading) = &mut self.phase else { return };
        let up_to_date = leading.up_to_date.and(self.members.voters);
        let can = to.map_or(!up_to_date.is_empty(), |to| up_to_date.contains(to));
        let Stage::Broadcast(broadcast) = &mut leading.stage else { return };
        if !can {
            return out.narrate("", || "asked to hand over, to nobody that is up to date: stays".into());
        }
        broadcast.resigning = Some(Resigning { to, ends });
        self.resign_if_drained(now, out);
    }

    /// Resigns once nothing is outstanding and the candidate has acknowledged everything.
    pub(crate) fn resign_if_drained(&mut self, now: LocalTime, out: &mut Out<'_>) {
        let Phase::Leading(leading) = &mut self.phase else { return };
        let Stage::Broadcast(broadcast) = &mut leading.stage else { return };
        let Some(Resigning { to, ends }) = broadcast.resigning else { return };
        let last = self.log.last();
        let caught_up = |node: &NodeId| {
            let learner = leading.learners[node.index()].as_ref();
            learner.is_some_and(|learner| learner.stage == LearnerStage::Synced && last <= learner.acked)
        };
        // The highest id is whom an election would prefer.
        let ready = leading.up_to_date.and(self.members.voters).iter().filter(caught_up);
        let candidate = ready.filter(|node| to.is_none_or(|to| to == *node)).max();
        match candidate {
            Some(candidate) if broadcast.outstanding() == 0 => self.resign(now, candidate, out),
            _ if ends <= now => {
                broadcast.resigning = None;
                out.narrate("", || "could not hand over in time: stays".into());
            }
            _ => {}
        }
    }

    /// Tells the voters that follow, and votes for `candidate`.
    fn resign(&mut self, now: LocalTime, candidate: NodeId, out: &mut Out<'_>) {
        let vote = Vote { leader: candidate, zxid: self.log.last(), epoch: self.current_epoch };
        let Phase::Leading(leading) = &self.phase else { unreachable!("only a leader resigns") };
        for node in leading.up_to_date.and(self.members.voters).iter() {
            let attempt = leading.learner(node).attempt;
            out.send(node, Message::HandOver { attempt, vote });
        }
        out.reached(gates::HANDED_OVER);
        out.narrate("", || format!("hands over to {candidate}"));
        self.look(now, "resigns", Some(vote), out);
    }

    /// The leader resigns. What was granted to it is void, for it serves no more.
    pub(crate) fn on_resigned(&mut self, now: LocalTime, from: NodeId, vote: Vote, out: &mut Out<'_>) {
        self.release_promise(from);
        let is_ahead = (vote.epoch, vote.zxid) < (self.current_epoch, self.log.last());
        let wish = Some(vote).filter(|vote| !is_ahead && self.may_vote(vote.leader));
        self.look(now, "is told that its leader resigns", wish, out);
    }
}
