//! The verdict, the runs to walk through, and what the seed drew, in words.

use reports::compare::Comparison;
use sim::outcome::Verdict as Found;
use sim::plan::Plan;

use super::work::{Subject, Work};
use crate::exit::Exit;
use crate::render::units;

/// The verdict on everything.
pub(super) struct Verdict {
    pub(super) exit: Exit,
    pub(super) state: &'static str,
    pub(super) sentence: String,
}

/// The verdict on all runs.
pub(super) fn verdict(comparisons: &[Comparison]) -> Verdict {
    let runs = || comparisons.iter().flat_map(Comparison::verdicts);
    let all = runs().count() as u64;
    let count = |verdict: Found| runs().filter(|run| run.verdict == verdict).count() as u64;
    let (violated, unknown) = (count(Found::Violated), count(Found::Unknown));
    let all = units::of(all, "run", "runs");
    if let Some(first) = runs().find(|run| run.verdict == Found::Violated) {
        let sentence = format!(
            "VIOLATED in {violated} of {all}; first {} with seed {}: {}.",
            first.protocol, first.seed, first.what
        );
        return Verdict { exit: Exit::Violated, state: "violated", sentence };
    }
    if unknown > 0 {
        let sentence =
            format!("UNKNOWN: a judge ran out of budget in {unknown} of {all}; nothing was violated.");
        return Verdict { exit: Exit::Unknown, state: "unknown", sentence };
    }
    Verdict { exit: Exit::Held, state: "ok", sentence: format!("All held in {all}.") }
}

/// Which plan to walk through: the first that was violated, or the first.
pub(super) fn story<'a>(work: &'a Work, comparisons: &[Comparison]) -> (&'a Subject, u64) {
    let of = |comparison: &Comparison| {
        comparison.verdicts().filter(|run| run.verdict == Found::Violated).map(|run| run.seed).min()
    };
    let failing = work.subjects.iter().zip(comparisons).find_map(|(subject, one)| Some((subject, of(one)?)));
    failing.unwrap_or((&work.subjects[0], work.seeds.at(0)))
}

/// What the seed drew.
pub(super) fn drawn(plan: &Plan) -> Vec<(String, String)> {
    let mut drawn = vec![("seed".to_owned(), plan.seed.to_string())];
    let ms = |nanoseconds: i64| format!("{:+.3} ms", nanoseconds as f64 / 1e6);
    for (node, clock) in plan.clocks.iter().enumerate() {
        let says = format!(
            "wall {} at the start, monotonic drift {:+.1} ppm, wall drift {:+.1} ppm",
            ms(clock.wall_offset),
            clock.drift_ppb as f64 / 1e3,
            clock.wall_drift_ppb as f64 / 1e3
        );
        drawn.push((format!("clock of n{node}"), says));
    }
    let nodes = usize::from(plan.nodes);
    for from in 0..nodes {
        for to in (0..nodes).filter(|to| *to != from) {
            if let Some(base) = plan.network.base.get(from * nodes + to) {
                drawn.push((format!("latency n{from} to n{to}"), units::brief(*base)));
            }
        }
    }
    for (place, fault) in plan.faults.iter().enumerate() {
        let by = if fault.explicit { "written down" } else { "drawn" };
        drawn.push((format!("fault {} ({by})", place + 1), format!("at {}", units::brief(fault.at))));
    }
    drawn
}
