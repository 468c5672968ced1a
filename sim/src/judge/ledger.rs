//! The judges of what is agreed on, from deliveries: one entry a position, equal state at equal position, exactly
//! once, acknowledged writes survive, one leader a round, reads miss nothing.

use std::collections::BTreeMap;

use replica::{Applied, ApplyOutcome, ClientSession, Entry, NodeId, Position, ReadId, Round, Sequence, Slot};

use super::tally::{Tally, When};
use crate::outcome::Side;

/// One delivered entry, as the first node to deliver it did.
#[derive(Clone, Copy, Debug)]
struct Line {
    slot: Slot,
    digest: u64,
    session: ClientSession,
    sequence: Sequence,
    /// What applying it came to, once a node has.
    applied: Option<(ApplyOutcome, u64)>,
    /// When it was first delivered anywhere, in nanoseconds.
    at: u64,
}

/// Everything that was ever delivered, outside of every node, so that no crash forgets it.
#[derive(Clone)]
pub struct Ledger {
    /// By position, from 1.
    lines: Vec<Line>,
    /// What each running node has delivered.
    delivered: Vec<Position>,
    /// Where each operation of a session was executed, in order of sequence. A session's operations mostly come in that
    /// order, so that adding one is a push.
    executed: BTreeMap<ClientSession, Vec<(Sequence, Position)>>,
    leaders: BTreeMap<Round, NodeId>,
    highest_acknowledged: Position,
    /// The linearizable reads that a replica was asked about and has not answered, and the end of the ledger as it was
    /// when the replica was asked.
    asked: BTreeMap<(NodeId, ReadId), Position>,
    /// Entries of clients in the ledger.
    client_entries: u64,
    /// One entry a position, on every node, for ever.
    pub agreement: Tally,
    /// Equal state hash at equal position.
    pub state: Tally,
    /// No operation is executed twice.
    pub once: Tally,
    /// What a client was told is in the ledger where it was told it is.
    pub acknowledged: Tally,
    /// One leader a round, over all time.
    pub leader: Tally,
    /// A linearizable read is let be answered no lower than what was delivered anywhere before it was asked.
    pub reads: Tally,
}

impl Ledger {
    /// An empty ledger of `nodes` nodes.
    pub fn new(nodes: usize, silenced: &[String]) -> Ledger {
        let tally = |name, side| Tally::new(name, side, silenced);
        Ledger {
            lines: Vec::new(),
            delivered: vec![Position::ZERO; nodes],
            executed: BTreeMap::new(),
            leaders: BTreeMap::new(),
            highest_acknowledged: Position::ZERO,
            asked: BTreeMap::new(),
            client_entries: 0,
            agreement: tally("ledger", Side::Internal),
            state: tally("state-hash", Side::Internal),
            once: tally("exactly-once", Side::Internal),
            acknowledged: tally("acknowledged-survive", Side::Client),
            leader: tally("one-leader-a-round", Side::Internal),
            reads: tally("reads-miss-nothing", Side::Internal),
        }
    }

    /// A node delivers an entry.
    pub fn delivered(&mut self, when: When, node: NodeId, slot: Slot, position: Position, entry: &Entry) {
        let before = self.delivered[node.index()];
        self.agreement.check(when, position == before.next(), || {
            format!("{node} delivered position {position} after position {before}")
        });
        self.delivered[node.index()] = position;
        let index = position.0 as usize;
        if index == self.lines.len() + 1 {
            self.client_entries += u64::from(!entry.is_noop());
            self.lines.push(Line {
                slot,
                digest: entry.digest(),
                session: entry.session,
                sequence: entry.sequence,
                applied: None,
                at: when.at,
            });
            return;
        }
        let Some(line) = index.checked_sub(1).and_then(|i| self.lines.get(i)) else {
            return; // Beyond the end: the gap was reported above.
        };
        self.agreement.check(when, line.digest == entry.digest() && line.slot == slot, || {
            format!(
                "{node} delivered session {} operation {} (slot {slot}) at position {position}, where session {} operation {} \
                 (slot {}) was delivered at {} us",
                entry.session, entry.sequence, line.session, line.sequence, line.slot, line.at / 1000
            )
        });
    }

    /// A node's state machine applied an entry.
    pub fn applied(&mut self, when: When, node: NodeId, applied: &Applied) {
        let Applied { position, session, sequence, outcome, state } = *applied;
        let Some(line) = (position.0 as usize).checked_sub(1).and_then(|i| self.lines.get_mut(i)) else {
            return; // Never delivered in order: the agreement judge has said so.
        };
        if let Some((first_outcome, first_state)) = line.applied {
            self.state.check(when, (first_outcome, first_state) == (outcome, state), || {
                format!("{node} is in another state at position {position} than the first node to get there")
            });
            return;
        }
        line.applied = Some((outcome, state));
        if outcome == ApplyOutcome::Executed {
            let first = execute(self.executed.entry(session).or_default(), sequence, position);
            self.once.check(when, first.is_none(), || {
                format!(
                    "session {session} operation {sequence} was executed at position {} and again at {position}",
                    first.unwrap_or_default()
                )
            });
        }
    }

    /// A node's process ended: its state machine starts over.
    pub fn crashed(&mut self, node: NodeId) {
        self.delivered[node.index()] = Position::ZERO;
        self.asked.retain(|(asked, _), _| *asked != node);
    }

    /// A node's replica replaces the state machine by a snapshot: never by an older one, nor by one of a state that
    /// nobody has been in.
    pub fn restored(&mut self, when: When, node: NodeId, position: Position) {
        let (before, end) = (self.delivered[node.index()], self.end());
        self.agreement.check(when, before <= position && position <= end, || {
            format!("{node} took a snapshot of position {position} at position {before}, where {end} is the last delivered")
        });
        self.delivered[node.index()] = position;
    }

    /// A node's state machine was replaced by a snapshot: it must be in the state that others were in at its position.
    pub fn resumed(&mut self, when: When, node: NodeId, position: Position, state: u64) {
        let line = (position.0 as usize).checked_sub(1).and_then(|i| self.lines.get(i));
        let Some((_, first)) = line.and_then(|line| line.applied) else {
            return; // Nobody was there: the agreement judge has said so.
        };
        self.state.check(when, first == state, || {
            format!("{node} took another state from a snapshot of position {position} than the first node to get there was in")
        });
    }

    /// A client was told that its write was executed at `position`.
    pub fn acknowledged(
        &mut self,
        when: When,
        session: ClientSession,
        sequence: Sequence,
        position: Position,
    ) {
        let line = (position.0 as usize).checked_sub(1).and_then(|i| self.lines.get(i));
        let found = line.is_some_and(|line| (line.session, line.sequence) == (session, sequence));
        self.acknowledged.check(when, found, || {
            format!("session {session} was told that operation {sequence} is at position {position}, and it is not")
        });
        self.highest_acknowledged = self.highest_acknowledged.max(position);
    }

    /// A converged node must hold everything that was acknowledged.
    pub fn converged(&mut self, when: When, node: NodeId, position: Position) {
        let highest = self.highest_acknowledged;
        self.acknowledged.check(when, highest <= position, || {
            format!("{node} converged at position {position}, but position {highest} was acknowledged")
        });
    }

    /// A replica is asked when a linearizable read may be answered.
    pub fn asks(&mut self, node: NodeId, read: ReadId) {
        let end = self.end();
        self.asked.insert((node, read), end);
    }

    /// A replica lets a read be answered at a position. What some node had delivered when the replica was asked, a
    /// client may have been told of by then: whoever reads below that may read what is over.
    pub fn answers(&mut self, when: When, node: NodeId, read: ReadId, position: Position) {
        // Reads under a weaker promise were not noted.
        let Some(end) = self.asked.remove(&(node, read)) else { return };
        self.reads.check(when, end <= position, || {
            format!("{node} lets read {read} be answered at position {position}, but {end} was delivered before it was asked")
        });
    }

    /// A replica refuses to answer a read.
    pub fn refuses(&mut self, node: NodeId, read: ReadId) {
        self.asked.remove(&(node, read));
    }

    /// A node began to lead a round. True if nobody led it before.
    pub fn leads(&mut self, when: When, node: NodeId, round: Round) -> bool {
        let first = *self.leaders.entry(round).or_insert(node);
        self.leader.check(when, first == node, || format!("{first} led round {round}, and now {node} does"));
        first == node
    }

    /// Where an operation was executed, if it ever was.
    pub fn executed_at(&self, session: ClientSession, sequence: Sequence) -> Option<Position> {
        let operations = self.executed.get(&session)?;
        let place = operations.binary_search_by_key(&sequence, |&(sequence, _)| sequence).ok()?;
        Some(operations[place].1)
    }

    /// How many entries of clients were delivered.
    pub fn client_entries(&self) -> u64 {
        self.client_entries
    }

    /// The last position delivered anywhere.
    pub fn end(&self) -> Position {
        Position(self.lines.len() as u64)
    }
}

/// Notes that an operation was executed at a position; where it was before, if it was.
fn execute(
    operations: &mut Vec<(Sequence, Position)>,
    sequence: Sequence,
    position: Position,
) -> Option<Position> {
    if operations.last().is_none_or(|&(last, _)| last < sequence) {
        operations.push((sequence, position));
        return None;
    }
    match operations.binary_search_by_key(&sequence, |&(sequence, _)| sequence) {
        Ok(place) => Some(std::mem::replace(&mut operations[place].1, position)),
        Err(place) => {
            operations.insert(place, (sequence, position));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use replica::WallTime;

    fn entry(session: u64, sequence: u64) -> replica::SharedEntry {
        Entry::new(NodeId(0), ClientSession(session), Sequence(sequence), WallTime(1), b"x")
    }

    fn ledger() -> (Ledger, When) {
        (Ledger::new(3, &[]), When::default())
    }

    #[test]
    fn two_entries_at_one_position_are_caught() {
        let (mut ledger, when) = ledger();
        ledger.delivered(when, NodeId(0), Slot(1), Position(1), &entry(1, 1));
        ledger.delivered(when, NodeId(1), Slot(1), Position(1), &entry(1, 1));
        assert!(ledger.agreement.is_clean());
        ledger.delivered(when, NodeId(2), Slot(1), Position(1), &entry(1, 2));
        assert!(!ledger.agreement.is_clean());
    }

    #[test]
    fn a_skipped_position_is_caught() {
        let (mut ledger, when) = ledger();
        ledger.delivered(when, NodeId(0), Slot(1), Position(1), &entry(1, 1));
        ledger.delivered(when, NodeId(0), Slot(2), Position(2), &entry(1, 2));
        ledger.delivered(when, NodeId(1), Slot(2), Position(2), &entry(1, 2));
        assert!(!ledger.agreement.is_clean());
    }

    #[test]
    fn states_that_differ_and_operations_executed_twice_are_caught() {
        let (mut ledger, when) = ledger();
        let applied = |position, sequence, state| Applied {
            position: Position(position),
            session: ClientSession(1),
            sequence: Sequence(sequence),
            outcome: ApplyOutcome::Executed,
            state,
        };
        ledger.delivered(when, NodeId(0), Slot(1), Position(1), &entry(1, 1));
        ledger.delivered(when, NodeId(0), Slot(2), Position(2), &entry(1, 1));
        ledger.applied(when, NodeId(0), &applied(1, 1, 7));
        assert!(ledger.once.is_clean());
        ledger.applied(when, NodeId(1), &applied(1, 1, 8));
        assert!(!ledger.state.is_clean());
        ledger.applied(when, NodeId(0), &applied(2, 1, 9));
        assert!(!ledger.once.is_clean());
    }

    #[test]
    fn a_snapshot_of_another_state_or_of_no_state_is_caught() {
        let (mut ledger, when) = ledger();
        let session = ClientSession(1);
        let (position, sequence, outcome) = (Position(1), Sequence(1), ApplyOutcome::Executed);
        ledger.delivered(when, NodeId(0), Slot(1), position, &entry(1, 1));
        ledger.applied(when, NodeId(0), &Applied { position, session, sequence, outcome, state: 7 });
        ledger.restored(when, NodeId(1), position);
        ledger.resumed(when, NodeId(1), position, 7);
        assert!(ledger.agreement.is_clean() && ledger.state.is_clean());
        ledger.delivered(when, NodeId(1), Slot(2), Position(2), &entry(1, 2));
        assert!(ledger.agreement.is_clean(), "deliveries go on after it");
        ledger.resumed(when, NodeId(2), position, 8);
        assert!(!ledger.state.is_clean());
        ledger.restored(when, NodeId(1), position);
        assert!(!ledger.agreement.is_clean(), "it leads back");
    }

    #[test]
    fn an_acknowledged_write_that_is_not_there_is_caught() {
        let (mut ledger, when) = ledger();
        ledger.delivered(when, NodeId(0), Slot(1), Position(1), &entry(1, 1));
        ledger.acknowledged(when, ClientSession(1), Sequence(1), Position(1));
        assert!(ledger.acknowledged.is_clean());
        ledger.converged(when, NodeId(2), Position::ZERO);
        assert!(!ledger.acknowledged.is_clean());
    }

    #[test]
    fn a_linearizable_read_below_what_was_delivered_before_it_is_caught() {
        let (mut ledger, when) = ledger();
        ledger.asks(NodeId(1), ReadId(1));
        ledger.delivered(when, NodeId(0), Slot(1), Position(1), &entry(1, 1));
        ledger.answers(when, NodeId(1), ReadId(1), Position::ZERO);
        ledger.answers(when, NodeId(1), ReadId(2), Position::ZERO);
        assert!(
            ledger.reads.is_clean(),
            "one was asked before the delivery, the other under a weaker promise"
        );
        ledger.asks(NodeId(1), ReadId(3));
        ledger.answers(when, NodeId(1), ReadId(3), Position::ZERO);
        assert!(!ledger.reads.is_clean());
    }

    #[test]
    fn two_leaders_of_one_round_are_caught_at_different_times_too() {
        let (mut ledger, when) = ledger();
        assert!(ledger.leads(when, NodeId(0), Round(4)));
        assert!(ledger.leads(when, NodeId(1), Round(5)));
        assert!(ledger.leader.is_clean());
        assert!(!ledger.leads(when, NodeId(1), Round(4)));
        assert!(!ledger.leader.is_clean());
    }
}
