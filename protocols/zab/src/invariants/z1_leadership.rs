//! Z1, leadership: zookeeper-specifications, `Leadership1` and `Leadership2`; after DSN 2011, section III.
//!
//! Leads begins here at the quorum of ACKEPOCH, and counts for ever, over restarts. Shown by the mutants without
//! `zab/accept-once` (Z-05), `zab/epoch-recorded` (Z-06) and `zab/observer-not-elected` (Z-24).

use alloc::format;

use replica::{Findings, Invariant, NodeId, Round};

use super::{Judge, Z1};
use crate::Zab;

/// See the module.
pub(super) const INVARIANT: Invariant = Invariant {
    id: "zab/Z1",
    sentence: "An epoch is established by at most one server, once, and that one votes",
};

/// A server says that it leads.
pub(super) fn on_leads(
    judge: &mut Judge,
    node: NodeId,
    replica: &Zab,
    round: Round,
    findings: &mut Findings,
) {
    let before = judge.ledger.establish(round, node, replica.log().len(), replica.log().chain());
    findings.check(Z1, node, before.is_none(), || {
        format!("{node} establishes {round}, which {} had established", before.expect("it is some"))
    });
    findings.check(Z1, node, judge.members.voters.contains(node), || {
        format!("{node} establishes {round}, and only observes")
    });
}
