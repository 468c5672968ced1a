//! A follower's side of replication: AppendEntries (paper 5.3 and figure 2, receiver implementation).

use replica::{Few, LocalTime, NodeId};

use crate::role::Role;
use crate::{Index, LogEntry, Message, Out, Raft, Record, Term, gates, rules, sound};

/// An AppendEntries without its entries.
#[derive(Clone, Copy)]
pub(crate) struct Append {
    pub(crate) term: Term,
    pub(crate) prev_index: Index,
    pub(crate) prev_term: Term,
    pub(crate) commit: Index,
    pub(crate) token: u64,
}

impl Raft {
    /// Entries, a heartbeat, a probe, or the news of a commit.
    pub(crate) fn on_append_entries(
        &mut self,
        now: LocalTime,
        from: NodeId,
        append: Append,
        entries: Few<LogEntry>,
        out: &mut Out<'_>,
    ) {
        if append.term < self.term && self.is_refused(&append) {
            out.reached(gates::STALE_LEADER_REJECTED);
            out.narrate("raft/5.1-stale-leader", || {
                alloc::format!("rejects {from}, leader of term {}: it is term {} now", append.term, self.term)
            });
            return self.reject_leader(from, out);
        }
        // The term goes to disk before what is taken in it.
        let is_term_first = self.config.rules.obeys(rules::TERM_FIRST) || append.term <= self.term;
        if !self.accept_leader(now, from, append.term, out) {
            return;
        }
        if is_term_first {
            self.save_new_term(out);
        }
        self.hear_leader(now);
        if append.prev_index < self.log.base().index {
            return self.skip_compacted(now, from, append, entries, out);
        }

        // The consistency check of 5.3: by induction the logs then agree up to prev_index.
        let ours = self.log.term_at(append.prev_index);
        let agrees = match ours {
            Some(term) => term == append.prev_term || !self.config.rules.obeys(rules::PREV_LOG),
            None => false,
        };
        if !agrees {
            self.save_new_term(out);
            out.narrate("raft/5.3-prev", || {
                alloc::format!(
                    "rejects entries of {from} after {} of term {}: has {ours:?} there",
                    append.prev_index,
                    append.prev_term
                )
            });
            return self.reject(from, &append, out);
        }
        let matched = Index(append.prev_index.0 + entries.len() as u64);
        self.take(append.prev_index, entries, out);
        assert!(matched <= self.log.last());
        let waits_for = if is_term_first { self.ballot_write } else { self.log.write_at(matched) };
        self.save_new_term(out);

        // Beyond `matched` the log may hold what a deposed leader left: it must not be committed by this message.
        let known = if self.config.rules.obeys(rules::COMMIT_MATCHED) { matched } else { self.log.last() };
        self.commit_to(append.commit.min(known), out);

        let chain = self.log.chain_at(matched);
        let term = self.term.min(append.term);
        let reply = Message::Appended { term, matched, chain, token: append.token };
        if self.config.rules.obeys(rules::APPEND_DURABLE) {
            // The term before the entries, and the entries before the word.
            out.send_after(from, reply, self.log.write_at(matched).max(waits_for));
        } else {
            out.send(from, reply);
        }
    }

    /// The entries begin below what this server has compacted away: that part is committed, so the logs agree there.
    fn skip_compacted(
        &mut self,
        now: LocalTime,
        from: NodeId,
        append: Append,
        entries: Few<LogEntry>,
        out: &mut Out<'_>,
    ) {
        let base = self.log.base();
        let known = (base.index.0 - append.prev_index.0) as usize;
        assert!(0 < known);
        let entries = entries.iter().skip(known).cloned().collect();
        let rest = Append { prev_index: base.index, prev_term: base.term, ..append };
        self.on_append_entries(now, from, rest, entries, out);
    }

    /// A leader was heard: the next election is put off, and voters protect it for a while (thesis 4.2.3).
    pub(crate) fn hear_leader(&mut self, now: LocalTime) {
        self.heard_at = Some(now);
        if self.is_voter() {
            self.election_at = now + self.election_timeout;
        }
    }

    /// Nothing is taken from the leader of an older term (5.1). The mutant without the rule takes it as a follower.
    fn is_refused(&self, append: &Append) -> bool {
        assert!(append.term < self.term);
        self.config.rules.obeys(rules::STALE_LEADER) || !matches!(self.role, Role::Follower { .. })
    }

    /// Follows the sender, who leads `term`; false if this server leads the term itself, which only a mutant can see.
    /// The caller saves the term.
    pub(crate) fn accept_leader(
        &mut self,
        now: LocalTime,
        from: NodeId,
        term: Term,
        out: &mut Out<'_>,
    ) -> bool {
        if self.term < term {
            self.see_higher_term(now, term, Some(from), out);
            self.is_term_unsaved = true;
        }
        match &mut self.role {
            Role::Follower { leader } => {
                sound!(
                    self.config.rules,
                    leader.is_none_or(|leader| leader == from),
                    "a term has one leader"
                );
                *leader = Some(from);
                true
            }
            Role::PreCandidate { .. } | Role::Candidate { .. } => {
                // Somebody else won this term (5.2).
                self.become_follower(now, self.term, Some(from), out);
                true
            }
            Role::Leader(_) => {
                sound!(self.config.rules, false, "a term has one leader");
                self.save_new_term(out);
                false
            }
            Role::Unformed => unreachable!("an unformed server takes no message"),
        }
    }

    /// Writes a term that a leader brought, unless it is written already.
    pub(crate) fn save_new_term(&mut self, out: &mut Out<'_>) {
        if core::mem::take(&mut self.is_term_unsaved) {
            self.save_ballot(out);
        }
    }

    /// Steps 3 and 4 of the receiver: removes what conflicts, appends what is new. A message that is old or repeated
    /// may carry less than the log has; that is no conflict.
    fn take(&mut self, prev: Index, entries: Few<LogEntry>, out: &mut Out<'_>) {
        let mut index = prev;
        let mut known = 0;
        for new in entries.iter() {
            match self.log.term_at(index.next()) {
                Some(term) if term == new.term => known += 1,
                Some(_) => {
                    out.reached(gates::SUFFIX_CUT);
                    self.cut(index, out);
                    break;
                }
                None => break,
            }
            index = index.next();
        }
        if known == entries.len() {
            if index < self.log.last() && !entries.is_empty() {
                if self.config.rules.obeys(rules::CUT_ON_CONFLICT) {
                    out.reached(gates::SHORT_APPEND_KEPT_SUFFIX);
                } else {
                    self.cut(index, out);
                }
            }
            return;
        }
        let write = out.last_write().next();
        for new in entries[known..].iter() {
            // Taking the write of an entry that was cut for that of the one in its place is the ABA race.
            let write = self.replaced.pop_front().unwrap_or(write);
            self.log.push(new.term, new.entry.clone(), write);
        }
        let entries = if known == 0 { entries } else { entries[known..].iter().cloned().collect() };
        let written = out.write(Record::Append { index: index.next(), entries });
        assert_eq!(written, write);
    }

    /// Takes everything after `after` off the log: it was never committed.
    fn cut(&mut self, after: Index, out: &mut Out<'_>) {
        sound!(self.config.rules, self.commit <= after, "a committed entry is never removed");
        out.narrate("raft/5.3-cut", || {
            alloc::format!("removes entries {} to {}", after.next(), self.log.last())
        });
        if !self.config.rules.obeys(rules::STABLE_WRITE) {
            self.replaced =
                (after.0 + 1..=self.log.last().0).map(|index| self.log.write_at(Index(index))).collect();
        }
        self.log.cut(after);
        self.durable = self.durable.min(after);
        out.write(Record::Cut { after });
    }

    /// Rejects, with a hint: the last index at which the logs may agree, found by skipping the follower's entries of
    /// terms above the leader's (5.3, "optimized to reduce the number of rejected AppendEntries").
    fn reject(&self, to: NodeId, append: &Append, out: &mut Out<'_>) {
        let hint_index = self.log.last_not_above(append.prev_index.previous(), append.prev_term);
        // Only a mutant is asked to back up into what it has compacted: that is committed.
        let hint_term = self.log.term_at(hint_index);
        sound!(self.config.rules, hint_term.is_some(), "a hint is not below the base");
        let hint_term = hint_term.unwrap_or(self.log.base().term);
        let reply = Message::Rejected {
            term: self.term,
            prev_index: append.prev_index,
            hint_index,
            hint_term,
            token: append.token,
        };
        out.send_after(to, reply, self.ballot_write);
    }

    /// Tells a leader of an older term that its time is over, and nothing else. To repeat its token here would be a
    /// bug: the leader of term 1 asks in round 5, the message is delayed, the same server is elected again in term 3,
    /// this server answers the old message in term 3, and confirms a round 5 that term 3 has not asked yet.
    pub(crate) fn reject_leader(&self, to: NodeId, out: &mut Out<'_>) {
        let reply = Message::Rejected {
            term: self.term,
            prev_index: Index::ZERO,
            hint_index: Index::ZERO,
            hint_term: Term::ZERO,
            token: 0,
        };
        out.send_after(to, reply, self.ballot_write);
    }
}
