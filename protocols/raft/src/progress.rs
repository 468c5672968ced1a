//! What a leader knows of one follower (paper figure 2, nextIndex and matchIndex), and how eagerly it sends to it.

use alloc::collections::VecDeque;

use replica::{LocalTime, NodeId};

use crate::Index;

/// A message on its way: the last index that it carries, and its entries' bytes.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) last: Index,
    pub(crate) bytes: u64,
}

/// What is sent and not acknowledged, in order of sending.
#[derive(Clone, Default)]
pub(crate) struct Inflight {
    sent: VecDeque<Sent>,
    /// The sum over `sent`.
    bytes: u64,
}

impl Inflight {
    pub(crate) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Whether a window of so many messages and bytes has no room. One message always has room in an empty one.
    #[inline]
    pub(crate) fn is_full(&self, messages: usize, bytes: u64) -> bool {
        messages <= self.sent.len() || bytes <= self.bytes
    }

    #[inline]
    pub(crate) fn push(&mut self, last: Index, bytes: u64) {
        self.bytes += bytes;
        self.sent.push_back(Sent { last, bytes });
    }

    /// Takes out what an acknowledgment covers; whether that was anything.
    fn acknowledge(&mut self, matched: Index) -> bool {
        let mut was_any = false;
        while let Some(front) = self.sent.pop_front_if(|front| front.last <= matched) {
            self.bytes -= front.bytes;
            was_any = true;
        }
        was_any
    }
}

/// A leader's row for one follower.
#[derive(Clone)]
pub(crate) struct Progress {
    pub(crate) peer: NodeId,
    /// The highest index that the follower has acknowledged in this term. Never goes down. `matched < next`.
    pub(crate) matched: Index,
    /// The first entry of the next message; optimistic while replicating.
    pub(crate) next: Index,
    /// The highest commit index that the follower knows, if nothing was lost on the way.
    pub(crate) commit_told: Index,
    /// When the pipeline last moved: an acknowledgment came, or something was sent while nothing was in flight.
    pub(crate) moved_at: LocalTime,
    /// Whether anything was sent to it since the last heartbeat.
    pub(crate) spoken: bool,
    /// When it last answered in this term; at first, when the term was won. For CheckQuorum.
    pub(crate) heard_at: LocalTime,
    /// The newest round that it answered. For the lease.
    pub(crate) confirmed: u64,
    pub(crate) flow: Flow,
}

/// How a leader sends to a follower.
#[derive(Clone)]
pub(crate) enum Flow {
    /// Where the logs agree is not known: one message at a time, repeated by the heartbeat.
    Probe {
        /// Whether the message is on its way.
        sent: bool,
    },
    /// The logs agree up to `next - 1` unless something is lost: send without waiting, up to a window.
    Replicate {
        /// What is not acknowledged yet.
        inflight: Inflight,
    },
    /// The follower needs entries that are compacted away: it is sent the snapshot, a chunk at a time, and no entries.
    Snapshot {
        /// The last index that the snapshot covers: a newer one starts over.
        index: Index,
        /// Where the next chunk starts; what comes before it has arrived.
        offset: u64,
        /// Whether that chunk is being read from disk.
        is_reading: bool,
    },
}

impl Progress {
    /// At the start of a term: nothing is known.
    pub(crate) fn new(peer: NodeId, next: Index, now: LocalTime) -> Progress {
        Progress {
            peer,
            matched: Index::ZERO,
            next,
            commit_told: Index::ZERO,
            moved_at: now,
            spoken: false,
            heard_at: now,
            confirmed: 0,
            flow: Flow::Probe { sent: false },
        }
    }

    /// Falls back to one message at a time, from the first entry that is not acknowledged. A row that still probes goes
    /// on where it stood: going back to `matched`, which may be zero, would send the whole log again. From a snapshot it
    /// comes back to one: of the entries that the follower needs the leader has none.
    pub(crate) fn probe_again(&mut self) {
        if matches!(self.flow, Flow::Replicate { .. } | Flow::Snapshot { .. }) {
            self.next = self.matched.next();
        }
        self.flow = Flow::Probe { sent: false };
    }

    /// The follower answered a message that carried `round`.
    pub(crate) fn hear(&mut self, round: u64, now: LocalTime) {
        self.heard_at = now;
        self.confirmed = self.confirmed.max(round);
    }

    /// Takes an acknowledgment up to `matched`; whether it said anything new about where the logs agree.
    pub(crate) fn acknowledge(&mut self, matched: Index, now: LocalTime) -> bool {
        let is_news = self.matched < matched;
        self.matched = self.matched.max(matched);
        match &mut self.flow {
            // The answer to the probe: the logs agree where it asked, so send on without waiting.
            Flow::Probe { .. } if is_news || self.next.previous() <= matched => {
                self.next = self.matched.next();
                self.moved_at = now;
                self.flow = Flow::Replicate { inflight: Inflight::default() };
            }
            Flow::Probe { .. } => {}
            // The snapshot is installed, or the follower turns out to hold more than was known.
            Flow::Snapshot { index, .. } if *index <= matched => {
                self.next = self.matched.next();
                self.moved_at = now;
                self.flow = Flow::Replicate { inflight: Inflight::default() };
            }
            Flow::Snapshot { .. } => self.next = self.next.max(self.matched.next()),
            Flow::Replicate { inflight } => {
                if inflight.acknowledge(matched) {
                    self.moved_at = now;
                }
                // An acknowledgment may outrun what this row knows: of entries sent before a fallback to probing.
                self.next = self.next.max(self.matched.next());
            }
        }
        assert!(self.matched < self.next);
        is_news
    }

    /// Whether everything sent is acknowledged and nothing was lost that is known of.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(&self.flow, Flow::Replicate { inflight } if inflight.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_answer_does_not_end_a_probe() {
        // Danger: the heartbeat stands at `matched`, below the probe; its answer says nothing about the probe.
        let mut row = Progress::new(NodeId(1), Index(9), LocalTime(0));
        assert!(!row.acknowledge(Index(0), LocalTime(1)));
        assert!(matches!(row.flow, Flow::Probe { .. }));
        assert_eq!(row.next, Index(9));
        row.acknowledge(Index(8), LocalTime(2));
        assert!(row.is_idle());
    }

    #[test]
    fn one_acknowledgment_covers_what_was_sent_before() {
        let mut row = Progress::new(NodeId(1), Index(1), LocalTime(0));
        row.acknowledge(Index(0), LocalTime(1));
        let Flow::Replicate { inflight } = &mut row.flow else { panic!("replicates") };
        for index in 1..=3 {
            inflight.push(Index(index), 10);
        }
        assert!(inflight.is_full(3, 100) && inflight.is_full(9, 30) && !inflight.is_full(4, 31));
        row.next = Index(4);
        assert!(row.acknowledge(Index(2), LocalTime(5)));
        assert!(!row.acknowledge(Index(1), LocalTime(6)));
        assert_eq!(row.moved_at, LocalTime(5));
        assert!(!row.is_idle());
    }
}
