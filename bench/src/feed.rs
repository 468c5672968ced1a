//! A server that keeps a number of commands in flight while its replica leads, and applies what is delivered by
//! folding a digest. It stands where the registry stands in a real run.

use replica::{
    Applied, ApplyOutcome, ClientSession, Entry, LocalTime, Moment, NodeId, Position, Sequence, Service,
    ServiceEffect, ServiceInput, ServiceOutput, SharedEntry, Span,
};

use crate::workload::{Digest, command};

/// The one session that all commands belong to.
const SESSION: ClientSession = ClientSession(1);
/// A refused command is proposed again after this long: elections are not measured.
const PATIENCE: Span = Span::millis(1);

/// How much to feed.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Commands that are proposed and not yet applied.
    pub in_flight: u64,
    /// Commands in all.
    pub commits: u64,
}

/// The server of one node.
#[derive(Clone)]
pub struct Feed {
    node: NodeId,
    options: Options,
    leads: bool,
    /// Commands proposed so far, while leading.
    proposed: u64,
    /// When to try again after a refusal.
    again_at: Option<LocalTime>,
    /// Entries applied, the protocol's own no-ops included.
    position: Position,
    /// All commands in their order.
    pub digest: Digest,
}

impl Service for Feed {
    type Request = u8;
    type Reply = u8;
    type Frame = u8;
    type Options = Options;

    fn boot(node: NodeId, options: &Options, _now: LocalTime) -> Feed {
        let (options, digest) = (*options, Digest::default());
        Feed { node, options, leads: false, proposed: 0, again_at: None, position: Position::ZERO, digest }
    }

    fn step(&mut self, at: Moment, input: ServiceInput<Self>, out: &mut ServiceOutput<'_, Self>) {
        match input {
            ServiceInput::Deliver { position, entry } => {
                self.apply(position, &entry, out);
                self.propose(at, out);
            }
            ServiceInput::Leader(leader) => {
                self.leads = leader == Some(self.node);
                self.proposed = self.digest.applied;
                self.propose(at, out);
            }
            ServiceInput::Refused { .. } => {
                // What is in flight would be lost with the leader, and proposed again: here there is one leader.
                assert_eq!(self.digest.applied, 0, "an established leader takes every command");
                self.proposed = 0;
                self.again_at = Some(at.now + PATIENCE);
            }
            ServiceInput::Deadline if self.again_at.is_some_and(|again_at| again_at <= at.now) => {
                self.again_at = None;
                self.propose(at, out);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<LocalTime> {
        self.again_at
    }

    fn position(&self) -> Position {
        self.position
    }

    fn state_hash(&self) -> u64 {
        self.digest.state()
    }
}

impl Feed {
    fn apply(&mut self, position: Position, entry: &SharedEntry, out: &mut ServiceOutput<'_, Self>) {
        self.position = position;
        let outcome = if entry.is_noop() {
            ApplyOutcome::Noop
        } else {
            self.digest.apply(entry.bytes());
            ApplyOutcome::Executed
        };
        let (session, sequence, state) = (entry.session, entry.sequence, self.digest.state());
        out.effect(ServiceEffect::Applied(Applied { position, session, sequence, outcome, state }));
    }

    fn propose(&mut self, at: Moment, out: &mut ServiceOutput<'_, Self>) {
        if !self.leads || self.again_at.is_some() {
            return;
        }
        while self.proposed < self.options.commits.min(self.digest.applied + self.options.in_flight) {
            let bytes = command(self.proposed);
            self.proposed += 1;
            let entry = Entry::new(self.node, SESSION, Sequence(self.proposed), at.wall, &bytes);
            out.effect(ServiceEffect::Propose(entry));
        }
    }
}
