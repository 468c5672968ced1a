//! Contestants, rounds and medians.
//!
//! One round gives every contestant the same slice of CPU time, one after another, and the next round starts with
//! another of them. So a neighbor that takes the caches, or a core that changes its clock rate, disturbs all of them
//! alike. A ratio is the median of the ratios within a round, not the ratio of two medians.

use std::time::Duration;

/// What one run of a contestant used and did. Set-up (building nodes, electing a leader) is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Units of work done: see [`Group::unit`].
    pub units: u64,
    /// Messages that were delivered for it, local ones not counted.
    pub messages: u64,
    /// CPU time that the work took.
    pub cpu: Duration,
}

impl Measure {
    /// Units a CPU second.
    pub fn rate(&self) -> f64 {
        assert!(0 < self.units);
        assert!(Duration::ZERO < self.cpu);
        self.units as f64 / self.cpu.as_secs_f64()
    }

    /// Messages delivered for one unit.
    pub fn messages_per_unit(&self) -> f64 {
        self.messages as f64 / self.units as f64
    }

    fn add(&mut self, other: Measure) {
        self.units += other.units;
        self.messages += other.messages;
        self.cpu += other.cpu;
    }
}

/// Which contestants do the same work, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The bare event loop below which no simulator can be.
    Floor,
    /// Five nodes that only ping one another.
    Mesh,
    /// A consensus protocol with a leader, batch size one.
    Commit,
    /// A whole run of a scenario: faults, clients, every judge.
    Scenario,
}

impl Group {
    /// The heading of the group.
    pub fn title(self) -> &'static str {
        match self {
            Group::Floor => "floor",
            Group::Mesh => "mesh",
            Group::Commit => "commit",
            Group::Scenario => "scenario",
        }
    }

    /// What is counted.
    pub fn unit(self) -> &'static str {
        match self {
            Group::Floor => "event",
            Group::Mesh => "message",
            Group::Commit => "commit",
            Group::Scenario => "event",
        }
    }
}

/// Whom a contestant is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Against {
    /// Name of the other contestant.
    pub name: String,
    /// The ratio to reach, if one has been set.
    pub reach: Option<f64>,
    /// The ratio to aim at, if one has been set.
    pub aim: Option<f64>,
    /// The ratio that must not be exceeded, if one has been set: for rows that leave something out, to see its cost.
    pub at_most: Option<f64>,
}

impl Against {
    /// A comparison without a goal.
    pub fn of(name: impl Into<String>) -> Against {
        Against { name: name.into(), reach: None, aim: None, at_most: None }
    }

    /// A comparison with a ratio to reach and one to aim at.
    pub fn goal(name: impl Into<String>, reach: f64, aim: f64) -> Against {
        Against { reach: Some(reach), aim: Some(aim), ..Against::of(name) }
    }

    /// A comparison with a ratio that must not be exceeded.
    pub fn at_most(name: impl Into<String>, most: f64) -> Against {
        Against { at_most: Some(most), ..Against::of(name) }
    }
}

/// One row of the table.
pub trait Contestant {
    /// A unique name without blanks; `--only` takes any part of it.
    fn name(&self) -> String;
    /// The work it does.
    fn group(&self) -> Group;
    /// Whom it is compared with; nobody for the ones that others are compared with.
    fn against(&self) -> Vec<Against>;
    /// The most messages that a unit may take, if that is a goal.
    fn messages_at_most(&self) -> Option<f64> {
        None
    }
    /// Does a fixed amount of work from a fresh start, some 2 to 50 ms of it, and says what it took.
    fn run(&self) -> Measure;
}

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Rounds; the medians are taken over them.
    pub rounds: usize,
    /// CPU time that a contestant gets in a round; it ends with the first run that reaches it.
    pub slice: Duration,
}

/// All rounds of one contestant, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// One measure a round.
    pub rounds: Vec<Measure>,
}

impl Series {
    /// The median of the rates of all rounds, in units a CPU second.
    pub fn rate(&self) -> f64 {
        median(self.rounds.iter().map(Measure::rate).collect())
    }

    /// The slowest and the fastest round's rate.
    pub fn range(&self) -> (f64, f64) {
        let rates = || self.rounds.iter().map(Measure::rate);
        (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max))
    }

    /// The median of the messages a unit.
    pub fn messages_per_unit(&self) -> f64 {
        median(self.rounds.iter().map(Measure::messages_per_unit).collect())
    }

    /// The median over the rounds of this contestant's rate divided by `other`'s in the same round.
    pub fn ratio(&self, other: &Series) -> f64 {
        assert_eq!(self.rounds.len(), other.rounds.len());
        median(self.rounds.iter().zip(&other.rounds).map(|(a, b)| a.rate() / b.rate()).collect())
    }
}

/// Measures all contestants in interleaved rounds. The result has their order. `progress` is called before each
/// round, with its number.
pub fn measure(
    contestants: &[Box<dyn Contestant>],
    schedule: Schedule,
    mut progress: impl FnMut(usize),
) -> Vec<Series> {
    assert!(0 < schedule.rounds);
    for contestant in contestants {
        // Warms caches and the allocator; its result is thrown away.
        contestant.run();
    }
    let mut series: Vec<Series> = contestants.iter().map(|_| Series { rounds: Vec::new() }).collect();
    for round in 0..schedule.rounds {
        progress(round);
        for turn in 0..contestants.len() {
            let index = (turn + round) % contestants.len();
            series[index].rounds.push(fill_slice(contestants[index].as_ref(), schedule.slice));
        }
    }
    series
}

/// Runs one contestant until its slice of CPU time is used.
fn fill_slice(contestant: &dyn Contestant, slice: Duration) -> Measure {
    let mut sum = Measure::default();
    while sum.cpu < slice {
        let run = contestant.run();
        // A run that takes no time would never fill the slice.
        assert!(Duration::ZERO < run.cpu, "{} measured no CPU time", contestant.name());
        sum.add(run);
    }
    sum
}

/// The middle value; of an even number, the mean of the two in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    assert!(!values.is_empty());
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rates: &[u64]) -> Series {
        let measure = |&units| Measure { units, messages: 4 * units, cpu: Duration::from_secs(1) };
        Series { rounds: rates.iter().map(measure).collect() }
    }

    #[test]
    fn median_of_odd_and_even() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    /// The machine is half as fast in the second round and a third as fast in the last, for both. A ratio of medians
    /// could pair different rounds; the median of ratios cannot.
    #[test]
    fn ratio_pairs_rounds() {
        let slow = series(&[600, 300, 200]);
        let fast = series(&[1200, 600, 400]);
        assert_eq!(fast.ratio(&slow), 2.0);
        assert_eq!(slow.ratio(&fast), 0.5);
        assert_eq!(slow.messages_per_unit(), 4.0);
        assert_eq!(slow.range(), (200.0, 600.0));
    }
}
