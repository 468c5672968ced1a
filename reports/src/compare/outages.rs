//! Outages: how long nobody was answered after a fault.

use sim::measure::Ended;
use sim::run::Run;

use super::Frame;

/// An outage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outage {
    /// The number of the fault among those of the scenario, from 1; zero: one that was drawn.
    pub(super) fault: usize,
    /// The longest span, in milliseconds.
    pub(super) ms: f64,
}

/// Of each fault that touched something: the longest span with an operation pending and none answered, from the fault
/// until the next fault or the end of the workload.
pub(super) fn of(frame: &Frame, run: &Run) -> Vec<Outage> {
    let faults = &run.outcome.faults;
    let mut answers: Vec<(u64, u64)> = Vec::new();
    let mut waits: Vec<(u64, u64)> = Vec::new();
    for one in &run.measures.operations {
        let ended = one.ended.unwrap_or(u64::MAX);
        waits.push((one.intended, ended));
        if one.ending == Ended::Ok {
            answers.push((ended, one.intended));
        }
    }
    answers.sort_unstable();
    waits.sort_unstable();
    let mut starts: Vec<u64> = faults.iter().filter(|fault| fault.touched()).map(|fault| fault.at).collect();
    starts.sort_unstable();
    let mut number = 0;
    let mut outages = Vec::new();
    for fault in faults {
        number += usize::from(fault.explicit);
        if !fault.touched() {
            continue;
        }
        let next = starts.iter().copied().find(|start| fault.at < *start).unwrap_or(u64::MAX);
        // What the cluster owes after the workload's end it still owes: the run goes on until it is answered.
        let until = next.min(frame.end);
        if fault.at < until {
            let ms = longest(&answers, &waits, fault.at, until) as f64 / 1e6;
            outages.push(Outage { fault: if fault.explicit { number } else { 0 }, ms });
        }
    }
    outages
}

/// The longest span in `from..until` with an operation pending and none answered. `answers` and `waits` are sorted.
fn longest(answers: &[(u64, u64)], waits: &[(u64, u64)], from: u64, until: u64) -> u64 {
    let first = answers.partition_point(|answer| answer.0 < from);
    let inside = answers[first..].iter().map(|answer| answer.0).take_while(|at| *at < until);
    let mut start = from;
    let mut longest = 0;
    for end in inside.chain([until]) {
        if longest < end.saturating_sub(start) {
            longest = longest.max(pending(waits, start, end));
        }
        start = end;
    }
    longest
}

/// How long somebody had been waiting between two instants, to the second of them; nobody is answered between.
fn pending(waits: &[(u64, u64)], start: u64, end: u64) -> u64 {
    let before = &waits[..waits.partition_point(|wait| wait.0 < end)];
    let open = before.iter().filter(|wait| start < wait.1);
    open.map(|wait| end.min(wait.1) - wait.0.max(start)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_counted_while_somebody_waits() {
        let waits = [(0, 5), (10, 40), (50, 52)];
        let answers = [(5, 0), (40, 10), (52, 50)];
        // From the fault at 8: nobody waits until 10, and the answer comes at 40.
        assert_eq!(longest(&answers, &waits, 8, 60), 30);
        // The fault came while somebody waited.
        assert_eq!(longest(&answers, &waits, 20, 60), 20);
        assert_eq!(longest(&answers, &waits, 42, 49), 0);
        assert_eq!(longest(&[], &[(0, u64::MAX)], 10, 30), 20);
    }
}
