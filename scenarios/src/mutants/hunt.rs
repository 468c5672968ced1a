//! The hunt for one mutant: seed after seed, the run with the rule left out and beside it the run with the rule in. A
//! seed catches the mutant if a judge speaks in the first and none in the second.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use replica::Replica;
use sim::outcome::{JudgeReport, Outcome, Side, Verdict};
use sim::plan::Plan;
use sim::run::{RunOptions, world};

use super::Mutant;
use crate::{Protocol, Visit, run, visit};

/// How many seeds a mutant is tried on that is not listed as hard.
const SEEDS_MAX: u64 = 200;
/// How many seeds a control must keep silent on.
const SEEDS_OF_CONTROL: u64 = 50;

/// How long to hunt.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The first seed.
    pub first: u64,
    /// How many seeds at most; none: 200 for a mutant, more if it is listed as hard, 50 for a control.
    pub seeds: Option<u64>,
    /// When to end before that.
    pub until: Until,
}

/// When a hunt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// A seed has caught the mutant.
    Caught,
    /// On a seed that caught the mutant, clients noticed.
    Noticed,
    /// Every seed was tried.
    Spent,
}

impl Budget {
    /// How many seeds this mutant is given.
    pub fn of(&self, mutant: &Mutant) -> u64 {
        let own = if mutant.control { SEEDS_OF_CONTROL } else { mutant.hard.unwrap_or(SEEDS_MAX) };
        self.seeds.unwrap_or(own)
    }
}

/// What a judge found in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The judge.
    pub judge: String,
    /// What it found, in a sentence.
    pub detail: String,
    /// Events that were handled until it showed; none: it is a matter of the whole run.
    pub events: Option<u64>,
}

/// A run in which a mutant was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The seed.
    pub seed: u64,
    /// What the judges inside found first.
    pub inside: Option<Seen>,
    /// What the clients' judges found first.
    pub clients: Option<Seen>,
}

impl Sighting {
    /// What was found first of all.
    pub fn first(&self) -> &Seen {
        let events = |seen: &Option<Seen>| seen.as_ref().map(|seen| seen.events.unwrap_or(u64::MAX));
        let (inside, clients) = (events(&self.inside), events(&self.clients));
        let is_inside = inside.is_some() && (clients.is_none() || inside <= clients);
        let first = if is_inside { &self.inside } else { &self.clients };
        first.as_ref().expect("a sighting is of something")
    }
}

/// What a judge did in all runs of a mutant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JudgeTally {
    /// On how many seeds it found something.
    pub fired: u64,
    /// On how many of them no other judge found something at an earlier event.
    pub first: u64,
}

/// What became of a mutant under a protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunted {
    /// Seeds that were tried.
    pub tried: u64,
    /// Seeds on which a judge spoke.
    pub fired: u64,
    /// The first seed that caught it.
    pub caught: Option<Sighting>,
    /// The first seed that caught it on which clients noticed.
    pub noticed: Option<Sighting>,
    /// Seeds that were not clean with the rule in, and what was found on them.
    pub unclean: Vec<(u64, String)>,
    /// Every judge that was asked.
    pub judges: BTreeMap<String, JudgeTally>,
}

impl Hunted {
    /// Whether all is as it should be: a mutant caught, a control silent.
    pub fn is_right(&self, mutant: &Mutant) -> bool {
        self.unclean.is_empty() && (mutant.control || self.caught.is_some())
    }

    fn add(&mut self, protocol: Protocol, plan: &Plan, outcome: &Outcome) {
        self.tally(outcome);
        if outcome.first_violation().is_none() {
            return;
        }
        self.fired += 1;
        if self.caught.is_some() && (self.noticed.is_some() || first(outcome, Side::Client).is_none()) {
            return;
        }
        let sighting = Sighting {
            seed: plan.seed,
            inside: first(outcome, Side::Internal).map(|judge| seen(protocol, plan, judge)),
            clients: first(outcome, Side::Client).map(|judge| seen(protocol, plan, judge)),
        };
        if sighting.clients.is_some() {
            self.noticed.get_or_insert(sighting.clone());
        }
        self.caught.get_or_insert(sighting);
    }

    fn tally(&mut self, outcome: &Outcome) {
        let event = |judge: &JudgeReport| judge.first_event.unwrap_or(u64::MAX);
        let earliest = outcome.first_violation().map(event);
        for judge in &outcome.judges {
            let tally = self.judges.entry(judge.name.clone()).or_default();
            if judge.verdict == Verdict::Violated {
                tally.fired += 1;
                tally.first += u64::from(Some(event(judge)) == earliest);
            }
        }
    }
}

/// Hunts a mutant under one of its protocols; of a control, listens to the judges.
pub fn hunt(mutant: &Mutant, protocol: Protocol, budget: Budget) -> Hunted {
    let mut hunted = Hunted::default();
    for seed in (budget.first..).take(budget.of(mutant) as usize) {
        hunted.tried += 1;
        let legal = mutant.legal(protocol, seed);
        let outcome = outcome(protocol, &legal);
        if mutant.control {
            hunted.tally(&outcome);
        }
        if outcome.verdict() != Verdict::Ok {
            hunted.unclean.push((seed, complaint(&outcome)));
            continue;
        }
        if mutant.control {
            continue;
        }
        let broken = mutant.broken(&legal);
        hunted.add(protocol, &broken, &self::outcome(protocol, &broken));
        let is_over = match budget.until {
            Until::Caught => hunted.caught.is_some(),
            Until::Noticed => hunted.noticed.is_some(),
            Until::Spent => false,
        };
        if is_over {
            break;
        }
    }
    hunted
}

fn outcome(protocol: Protocol, plan: &Plan) -> Outcome {
    run(protocol, plan, &RunOptions::default()).expect("the catalogue was checked").outcome
}

/// What is wrong with a run that should be clean.
fn complaint(outcome: &Outcome) -> String {
    let undecided = outcome.judges.iter().find(|judge| judge.verdict == Verdict::Unknown);
    let judge = outcome.first_violation().or(undecided);
    judge.map_or(String::new(), |judge| format!("{}: {}", judge.name, judge.detail))
}

/// The first violation that a side's judges found. Judges of whole histories come last.
fn first(outcome: &Outcome, side: Side) -> Option<&JudgeReport> {
    let found =
        outcome.judges.iter().filter(|judge| judge.side == side && judge.verdict == Verdict::Violated);
    found.min_by_key(|judge| (judge.first_event.unwrap_or(u64::MAX), judge.first_at.unwrap_or(u64::MAX)))
}

fn seen(protocol: Protocol, plan: &Plan, judge: &JudgeReport) -> Seen {
    // The judges of histories know the time, and not the event: the run is made again up to there.
    let at = || judge.first_at.map(|at| events_until(protocol, plan, at));
    Seen { judge: judge.name.clone(), detail: judge.detail.clone(), events: judge.first_event.or_else(at) }
}

/// How many events a run handles until a time.
fn events_until(protocol: Protocol, plan: &Plan, at: u64) -> u64 {
    /// A plan and a time.
    struct UpTo<'a>(&'a Plan, u64);

    impl Visit for UpTo<'_> {
        type Output = u64;

        fn visit<R: Replica>(self) -> u64 {
            let UpTo(plan, at) = self;
            let mut world = world::<R>(plan, &RunOptions::default()).expect("it ran before");
            // A mutant may contradict itself at the very event.
            let _ = catch_unwind(AssertUnwindSafe(|| while world.now() < at && world.step() {}));
            world.events()
        }
    }

    visit(protocol, UpTo(plan, at))
}
