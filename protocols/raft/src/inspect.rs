//! A server's state for people: the paper's figure 2, and what this implementation adds to it. Called after every event
//! of a traced run, so it costs a few short texts and never a walk along the log.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use replica::NodeId;

use crate::config::ReadPath;
use crate::lease::State;
use crate::progress::{Flow, Progress};
use crate::role::{Leader, Role};
use crate::snapshot::Snapshots;
use crate::transfer::Transfer;
use crate::{Index, Raft};

/// How many entries from the end of the log are shown.
const SHOWN_ENTRIES: u64 = 4;

/// What a field holds that means nothing at the moment.
const NOTHING: &str = "-";

impl Raft {
    /// Every field every time, so that two looks can be compared field by field.
    pub(crate) fn show(&self, see: &mut dyn FnMut(&'static str, String)) {
        let leading = match &self.role {
            Role::Leader(leader) => Some(&**leader),
            _ => None,
        };
        see("role", self.role_in_words().into());
        see("currentTerm", format!("{}", self.term));
        see("votedFor", node(self.vote));
        see("leader", node(self.leader()));
        see("votes", self.votes_in_words());
        see("log", format!("ends at {} in term {}", self.log.last(), self.log.last_term()));
        see("last entries", self.last_entries());
        see("durable", format!("{}", self.durable));
        see("commitIndex", format!("{}", self.commit));
        // What is committed is handed to the state machine in the same step.
        see("lastApplied", format!("{}", self.commit));
        see("nextIndex", rows(leading, next_in_words));
        see("matchIndex", rows(leading, |row| format!("{} {}", row.peer, row.matched)));
        see("lease", self.lease_in_words(leading));
        see("transfer", transfer_in_words(leading));
        see("snapshot", snapshot_in_words(&self.snapshots, self.log.base().index));
    }

    fn role_in_words(&self) -> &'static str {
        match &self.role {
            Role::Unformed => "unformed",
            Role::Follower { .. } if !self.is_voter() => "learner",
            Role::Follower { .. } => "follower",
            Role::PreCandidate { .. } => "pre-candidate",
            Role::Candidate { .. } => "candidate",
            Role::Leader(_) => "leader",
        }
    }

    fn votes_in_words(&self) -> String {
        match &self.role {
            Role::PreCandidate { votes } => format!("{votes} would (needs {})", self.members.majority()),
            Role::Candidate { votes, .. } => format!("{votes} (needs {})", self.members.majority()),
            Role::Unformed | Role::Follower { .. } | Role::Leader(_) => NOTHING.into(),
        }
    }

    /// Index, term and name of the newest ones: `7 t2 u3#1, 8 t3 no-op`.
    fn last_entries(&self) -> String {
        let (base, last) = (self.log.base().index.0, self.log.last().0);
        let first = base.max(last.saturating_sub(SHOWN_ENTRIES)) + 1;
        let shown = (first..=last).map(Index).map(|index| {
            let term = self.log.term_at(index).expect("in the log");
            format!("{index} t{term} {}", self.log.entry(index))
        });
        joined(shown)
    }

    fn lease_in_words(&self, leading: Option<&Leader>) -> String {
        match leading {
            Some(leader) if self.config.reads == ReadPath::Lease => match leader.lease.state() {
                State::None => "not yet".into(),
                State::Until(end) => format!("until {}us by its clock", end.0 / 1_000),
                State::GivenUp => "given up".into(),
            },
            _ => NOTHING.into(),
        }
    }
}

fn node(node: Option<NodeId>) -> String {
    node.map_or_else(|| "none".into(), |node| format!("{node}"))
}

fn rows(leading: Option<&Leader>, word: impl Fn(&Progress) -> String) -> String {
    leading.map_or_else(|| NOTHING.into(), |leader| joined(leader.peers.iter().map(word)))
}

/// Where the next message starts, and how it is sent unless it is sent without waiting.
fn next_in_words(row: &Progress) -> String {
    match &row.flow {
        Flow::Replicate { .. } => format!("{} {}", row.peer, row.next),
        Flow::Probe { .. } => format!("{} {} probing", row.peer, row.next),
        Flow::Snapshot { index, offset, .. } => {
            format!("{} snapshot of {index} from byte {offset}", row.peer)
        }
    }
}

fn transfer_in_words(leading: Option<&Leader>) -> String {
    match leading.map(|leader| leader.transfer) {
        None | Some(Transfer::None) => NOTHING.into(),
        Some(Transfer::CatchingUp { to, .. }) => format!("to {to}, which lacks entries"),
        Some(Transfer::Asked { .. }) => "asked".into(),
    }
}

fn snapshot_in_words(snapshots: &Snapshots, base: Index) -> String {
    let coming = snapshots.incoming.as_ref().map(|_| ", another is coming").unwrap_or_default();
    match base {
        Index::ZERO if coming.is_empty() => "none".into(),
        Index::ZERO => "none, one is coming".into(),
        base => format!("the log up to {base} is compacted{coming}"),
    }
}

fn joined(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "none".into() } else { words.join(", ") }
}
