//! The safety rules of Multi-Paxos, a bit each. A run may leave one out and is then a mutant; the code asks
//! `obeys(rule)` at the line that obeys it.

use replica::{RuleBit, RuleText};

/// P1b waits for the promise.
pub const PROMISE_DURABLE: RuleBit = RuleBit(0);
/// P2b waits for the vote.
pub const ACCEPT_DURABLE: RuleBit = RuleBit(1);
/// P1a waits for the reservation of its ballot.
pub const RESERVE_DURABLE: RuleBit = RuleBit(2);
/// A proposer counts itself only when its own disk has it.
pub const OWN_DURABLE: RuleBit = RuleBit(3);
/// No promise below a promise.
pub const PROMISE_RISES: RuleBit = RuleBit(4);
/// No vote below a promise.
pub const ACCEPT_ABOVE: RuleBit = RuleBit(5);
/// A vote is a promise too.
pub const ACCEPT_RAISES: RuleBit = RuleBit(6);
/// A promise reports every vote.
pub const REPORT_ALL: RuleBit = RuleBit(7);
/// The value of the highest ballot.
pub const P2C: RuleBit = RuleBit(8);
/// A slot is a hole only if nobody in the quorum voted in it.
pub const CONSULT: RuleBit = RuleBit(9);
/// Holes are filled.
pub const FILL_HOLES: RuleBit = RuleBit(10);
/// A ballot has one owner.
pub const BALLOT_UNIQUE: RuleBit = RuleBit(11);
/// A P1b counts for its ballot only.
pub const PROMISE_EXACT: RuleBit = RuleBit(12);
/// A P2b counts for its ballot only.
pub const ACCEPTED_EXACT: RuleBit = RuleBit(13);
/// An acceptor counts once.
pub const COUNT_ONCE: RuleBit = RuleBit(14);
/// Quorums are majorities.
pub const MAJORITY: RuleBit = RuleBit(15);
/// Reads are confirmed by a quorum.
pub const READ_QUORUM: RuleBit = RuleBit(16);
/// No reads before the inherited slots are chosen.
pub const READ_INHERITED: RuleBit = RuleBit(17);
/// A read's round starts after the read.
pub const READ_FRESH: RuleBit = RuleBit(18);
/// A watermark speaks of its ballot's values.
pub const LEARN_SAME_BALLOT: RuleBit = RuleBit(19);
/// Only what a durable snapshot covers is trimmed.
pub const TRIM_COVERED: RuleBit = RuleBit(20);
/// A trimmed slot is learned, not filled.
pub const TRIMMED_TRANSFER: RuleBit = RuleBit(21);
/// Quorums of the two phases meet.
pub const FLEXIBLE_BOUND: RuleBit = RuleBit(22);
/// A quorum read waits for what it saw.
pub const PQR_RINSE: RuleBit = RuleBit(23);
/// A lease is shortened by the drift.
pub const LEASE_DRIFT: RuleBit = RuleBit(24);
/// A lease counts from when it was asked for.
pub const LEASE_SENT: RuleBit = RuleBit(25);
/// A lease is kept.
pub const LEASE_KEPT: RuleBit = RuleBit(26);
/// A ballot is not used again after a restart.
pub const BALLOT_FRESH: RuleBit = RuleBit(27);
/// Who is pre-empted waits.
pub const BACKOFF: RuleBit = RuleBit(28);
/// A promise reports votes that are still on their way to the disk.
pub const REPORT_CURRENT: RuleBit = RuleBit(29);
/// No vote against what is known to be chosen.
pub const KNOWN_CHOSEN: RuleBit = RuleBit(30);

/// Every rule, in the order of the bits.
pub const ALL: &[RuleText] = &[
    RuleText {
        id: "paxos/promise-durable",
        sentence: "An acceptor answers a prepare only when its promise is durable.",
        source: "Paxos Made Simple, 2.2 and 2.5 (stable storage); Paxos Made Live, 5.1",
    },
    RuleText {
        id: "paxos/accept-durable",
        sentence: "An acceptor answers an accept only when its vote is durable.",
        source: "Paxos Made Simple, 2.5: \"records its intended response in stable storage before sending\"",
    },
    RuleText {
        id: "paxos/reserve-durable",
        sentence: "A prepare leaves only when its ballot is reserved on the proposer's disk, so none is used twice.",
        source: "Paxos Made Simple, 2.5: \"remembers in stable storage the highest-numbered proposal it has tried\"",
    },
    RuleText {
        id: "paxos/own-durable",
        sentence: "A proposer counts its own promise and its own vote only when they are durable.",
        source: "Paxos Made Simple, 2.5, applied to the proposer's own acceptor",
    },
    RuleText {
        id: "paxos/promise-rises",
        sentence: "An acceptor promises no ballot below one that it has promised.",
        source: "Paxos Made Simple, 2.2, phase 1(b)",
    },
    RuleText {
        id: "paxos/P1a",
        sentence: "An acceptor votes in a ballot only if it has promised no higher one.",
        source: "Paxos Made Simple, 2.2, P1a and phase 2(b)",
    },
    RuleText {
        id: "paxos/accept-raises",
        sentence: "A vote in a ballot is a promise of it: what is promised is never below what is accepted.",
        source: "PMMC, 2.2; CASSANDRA-17162",
    },
    RuleText {
        id: "paxos/report-all",
        sentence: "A promise reports every vote at or above the slot asked for, also in slots known to be chosen.",
        source: "Paxos Made Simple, 2.2, phase 1(b), and section 3",
    },
    RuleText {
        id: "paxos/P2c",
        sentence: "A proposer proposes the value of the highest ballot that its quorum reported in a slot.",
        source: "Paxos Made Simple, 2.2, P2c and phase 2(a)",
    },
    RuleText {
        id: "paxos/consult",
        sentence: "A slot counts as a hole only if nobody in the quorum of phase 1 voted in it.",
        source: "Paxos Made Simple, 2.2, P2c(a), and section 3",
    },
    RuleText {
        id: "paxos/fill-holes",
        sentence: "A new leader proposes a no-op in each hole below the highest slot reported.",
        source: "Paxos Made Simple, section 3: \"a special no-op command\"",
    },
    RuleText {
        id: "paxos/ballot-unique",
        sentence: "No two nodes ever use the same ballot.",
        source: "Paxos Made Simple, 2.5: \"disjoint sets of numbers\"",
    },
    RuleText {
        id: "paxos/promise-exact",
        sentence: "A promise counts only for the ballot that it names.",
        source: "Paxos Made Simple, 2.2, phase 2(a): \"a response to its prepare requests (numbered n)\"",
    },
    RuleText {
        id: "paxos/accepted-exact",
        sentence: "An accepted counts only for the ballot and the slot that it names.",
        source: "Paxos Made Simple, 2.1: a value is chosen when a majority accepts one proposal",
    },
    RuleText {
        id: "paxos/count-once",
        sentence: "An acceptor counts once in a quorum, however often its answer arrives.",
        source: "Paxos Made Simple, 2.2; PMMC, figure 6 (waitfor)",
    },
    RuleText {
        id: "paxos/majority",
        sentence: "A quorum is a majority, so that any two intersect.",
        source: "Paxos Made Simple, 2.1: \"any two majorities have at least one acceptor in common\"",
    },
    RuleText {
        id: "paxos/read-quorum",
        sentence: "A leader lets a read be answered only after a quorum confirmed that it has promised no higher ballot.",
        source: "Paxos Made Live, 5.2 (the danger); Charapko et al., Linearizable Quorum Reads in Paxos (HotStorage'19)",
    },
    RuleText {
        id: "paxos/read-inherited",
        sentence: "A new leader serves no read before every slot it inherited from phase 1 is chosen.",
        source: "Paxos Made Simple, section 3: the new leader executes what was chosen before it; PMMC, 4.2",
    },
    RuleText {
        id: "paxos/read-fresh",
        sentence: "The round that confirms a read starts after the read came, and its answers carry its token.",
        source: "Charapko et al. (HotStorage'19); Raft dissertation, 6.4, step 3, for the same duty",
    },
    RuleText {
        id: "paxos/learn-same-ballot",
        sentence: "A learner takes its own vote for the chosen value only if it voted at the ballot of the watermark.",
        source: "PMMC, 4.2; consequence of Paxos Made Simple, 2.3",
    },
    RuleText {
        id: "paxos/trim-covered",
        sentence: "A replica trims only what it has applied and what a durable snapshot of its own covers.",
        source: "Paxos Made Live, 5.5; omnipaxos #131",
    },
    RuleText {
        id: "paxos/trimmed-transfer",
        sentence: "A promise below a trimmed slot leads to state transfer: the proposer learns the slot before it leads.",
        source: "Paxos Made Live, 5.5 (catch-up); paxi HandleP1a for what silence does",
    },
    RuleText {
        id: "paxos/flexible-bound",
        sentence: "A quorum of phase 1 and one of phase 2 have more members together than there are acceptors.",
        source: "Howard et al., Flexible Paxos (2016), section 3",
    },
    RuleText {
        id: "paxos/pqr-rinse",
        sentence: "A quorum read is answered only after the highest slot that its quorum voted in is applied.",
        source: "Charapko et al., Linearizable Quorum Reads in Paxos (HotStorage'19), section 3: the rinse",
    },
    RuleText {
        id: "paxos/lease-drift",
        sentence: "A leader trusts its lease for less than its acceptors keep it, by the most that clocks drift apart.",
        source: "Paxos Made Live, 5.2: the master's time-out is shorter than the replicas'",
    },
    RuleText {
        id: "paxos/lease-sent",
        sentence: "A leader counts its lease from when it asked for it, not from when it was granted.",
        source: "Gray and Cheriton, Leases (1989), section 3.1; Paxos Made Live, 5.2",
    },
    RuleText {
        id: "paxos/lease-kept",
        sentence: "An acceptor promises no other proposer while its lease to one runs, nor soon after a restart.",
        source: "Paxos Made Live, 5.2: \"replicas refuse to process messages from other proposers\"",
    },
    RuleText {
        id: "paxos/ballot-fresh",
        sentence: "A proposer that restarts uses none of its former ballots again.",
        source: "Paxos Made Simple, 2.5: \"begins phase 1 with a higher proposal number than any it has already used\"",
    },
    RuleText {
        id: "paxos/back-off",
        sentence: "A proposer that is pre-empted waits before it tries again.",
        source: "Paxos Made Simple, 2.4 (progress); PMMC, 3",
    },
    RuleText {
        id: "paxos/report-current",
        sentence: "A promise reports also the votes whose own answers are still held back: no older vote leaves after it.",
        source: "Paxos Made Simple, 2.2, phase 1(b); SwiftPaxos #2",
    },
    RuleText {
        id: "paxos/known-chosen",
        sentence: "An acceptor that knows which value a slot has votes for no other there.",
        source: "Paxos Made Simple, 2.2, P2b; paxi HandleP2a for what happens otherwise",
    },
];
