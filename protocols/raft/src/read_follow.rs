//! Linearizable reads at a follower (thesis 6.4): it asks the leader for a read index, under a name that it never uses
//! again, and lets the read be answered once it has applied that index. The leader does for the question what it does
//! for a read of its own, and the answer is good whatever has become of the leader since: the index was read after the
//! question came.

use alloc::collections::VecDeque;

use replica::{LocalTime, NodeId, Position, ReadId, Refusal, Request};

use crate::read::{READS_MAX, Reader};
use crate::role::Role;
use crate::{Index, Message, Out, Raft, gates, rules};

/// A question is given up after this many least election timeouts; the server asks again long before.
const PATIENCE: u64 = 4;

/// The questions of a follower.
#[derive(Clone, Default)]
pub(crate) struct Questions {
    /// The last name given to a question: the incarnation and a count.
    token: u64,
    /// What waits for the leader's answer, in order of asking.
    open: VecDeque<Question>,
}

#[derive(Clone, Copy)]
struct Question {
    token: u64,
    read: ReadId,
    asked_at: LocalTime,
}

impl Questions {
    /// Names of this incarnation are unlike those of any other.
    pub(crate) fn new(incarnation: u64) -> Questions {
        Questions { token: incarnation << 32, open: VecDeque::new() }
    }
}

impl Raft {
    /// A read at a server that does not lead.
    pub(crate) fn on_read_elsewhere(&mut self, now: LocalTime, read: ReadId, out: &mut Out<'_>) {
        let Some(leader) = self.leader() else {
            return out.refuse(Request::Read(read), Refusal::NoLeader, None);
        };
        if !self.config.follower_reads {
            return out.refuse(Request::Read(read), Refusal::NotLeader, Some(leader));
        }
        let patience = self.config.election_timeout_min * PATIENCE;
        while let Some(old) = self.questions.open.pop_front_if(|old| patience <= now.since(old.asked_at)) {
            out.refuse(Request::Read(old.read), Refusal::NotLeader, Some(leader));
        }
        if READS_MAX <= self.questions.open.len() {
            return out.refuse(Request::Read(read), Refusal::Busy, Some(leader));
        }
        if self.config.rules.obeys(rules::READ_TOKEN) {
            self.questions.token += 1;
        }
        let token = self.questions.token;
        self.questions.open.push_back(Question { token, read, asked_at: now });
        out.send(leader, Message::ReadIndex { token });
    }

    /// A follower asks where to read. Who does not lead says nothing: the follower will ask whoever does.
    pub(crate) fn on_read_index(&mut self, now: LocalTime, from: NodeId, token: u64, out: &mut Out<'_>) {
        if matches!(self.role, Role::Leader(_)) {
            self.read_at_leader(now, Reader::There(from, token), out);
        }
    }

    /// The leader says where.
    pub(crate) fn on_read_index_reply(&mut self, token: u64, index: Index, out: &mut Out<'_>) {
        let Some(place) = self.questions.open.iter().position(|question| question.token == token) else {
            return out.narrate("raft/6.4-token", || "ignores an answer to no question".into());
        };
        let question = self.questions.open.remove(place).expect("just found");
        out.reached(gates::FOLLOWER_READ);
        let is_waited_for = self.config.rules.obeys(rules::READ_APPLIED);
        let index = if is_waited_for { index } else { self.commit.min(index) };
        out.read_at(question.read, Position(index.0));
    }

    /// The leader that was asked leads no more, as far as this server knows.
    pub(crate) fn drop_questions(&mut self, leader: Option<NodeId>, out: &mut Out<'_>) {
        let reason = if leader.is_some() { Refusal::NotLeader } else { Refusal::NoLeader };
        for question in self.questions.open.drain(..) {
            out.refuse(Request::Read(question.read), reason, leader);
        }
    }
}
