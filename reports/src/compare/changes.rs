//! Changes of leadership: from the loss of a leader to the next one's first commit.

use sim::measure::{Change, Milestone, Sent};
use sim::run::Run;

/// A change of leadership, with what replicas sent from the first candidacy until the new leader led.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeaderChange {
    /// From the fault, or from the leader's own resignation, to the first candidacy, in milliseconds; none: nothing is
    /// known to have set it off.
    pub detect: Option<f64>,
    /// From the first candidacy to leading, in milliseconds.
    pub elect: Option<f64>,
    /// From leading to the first new entry of a client, in milliseconds; none: there was none under this leader.
    pub commit: Option<f64>,
    /// What was sent between.
    pub sent: Sent,
}

/// Every change of leadership in a run, the first election left out.
pub fn of(run: &Run) -> Vec<LeaderChange> {
    let milestones = &run.measures.milestones;
    let leads = |one: &Milestone| matches!(one.what, Change::Leads { .. });
    let led: Vec<usize> = (0..milestones.len()).filter(|place| leads(&milestones[*place])).collect();
    let next = |place: usize| led.iter().copied().find(|other| place < *other).unwrap_or(milestones.len());
    let one = |pair: &[usize]| change(run, milestones, pair[0], pair[1], next(pair[1]));
    led.windows(2).map(one).collect()
}

/// The change from the leader at one place to the leader at another; `next` is where the one after begins to lead.
fn change(run: &Run, milestones: &[Milestone], before: usize, now: usize, next: usize) -> LeaderChange {
    let (old, new) = (milestones[before], milestones[now]);
    let between = &milestones[before + 1..now];
    // The old leader's own end comes first, if it is seen; a fault that cuts it off is seen in the faults.
    let left = |one: &&Milestone| one.node == old.node && matches!(one.what, Change::Down | Change::Follows);
    let gone = between.iter().find(left).map(|one| one.at);
    let faults = run.outcome.faults.iter().filter(|fault| fault.touched());
    let stands = |one: &&Milestone| one.what == Change::Stands;
    let own: Vec<&Milestone> = between.iter().filter(stands).collect();
    let fault = faults.map(|fault| fault.at).filter(|at| old.at < *at && *at <= new.at).min();
    let lost = match (gone, fault) {
        (Some(gone), Some(fault)) => Some(gone.min(fault)),
        (gone, fault) => gone.or(fault),
    };
    let first = own.iter().find(|one| lost.is_none_or(|lost| lost <= one.at)).copied();
    let commit = milestones[now..next].iter().find(|one| one.what == Change::Commits);
    let ms = |from: u64, to: u64| (to - from) as f64 / 1e6;
    let start = first.map_or(new.sent, |one| one.sent);
    LeaderChange {
        detect: lost.zip(first).map(|(lost, first)| ms(lost, first.at)),
        elect: first.map(|first| ms(first.at, new.at)),
        commit: commit.map(|commit| ms(new.at, commit.at)),
        sent: Sent {
            messages: new.sent.messages - start.messages,
            bytes: new.sent.bytes - start.bytes,
            entries: new.sent.entries - start.entries,
        },
    }
}
