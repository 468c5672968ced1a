//! What a sweep keeps of its runs: a glance of each while it is on its way, then one tally a file and protocol. Runs
//! are added in order of seed, so the tally does not depend on how many worked at it; its size does not depend on how
//! many seeds there were.

use sim::outcome::{Outcome, Verdict};

use crate::exit::Exit;
use crate::render::run;

/// What is kept of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Glance {
    /// It came to an end.
    Ended(Ended),
    /// It panicked: what it said.
    Bug(String),
}

/// What is kept of a run that came to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Held, violated or unknown.
    exit: Exit,
    /// What was wrong, in a sentence; empty if it held.
    sentence: String,
    /// The judge that found it; empty if it held or nothing was judged.
    judge: String,
    /// The run's fingerprint; empty if it held.
    fingerprint: String,
    /// The explicit faults in order: in words, and whether it touched something, or would have if the run had not been
    /// cut short, for all we know.
    faults: Vec<(String, bool)>,
    /// The rare paths, and whether it reached them.
    gates: Vec<(&'static str, bool)>,
    /// Events handled.
    events: u64,
    /// The fingerprint of a second run, if it came out differently.
    differed: Option<String>,
    /// Whether there was a second run.
    repeated: bool,
}

impl Glance {
    /// What is kept of this outcome.
    pub(crate) fn of(outcome: &Outcome) -> Glance {
        let exit = run::exit_of(outcome);
        let held = exit == Exit::Held;
        let wanted = if exit == Exit::Violated { Verdict::Violated } else { Verdict::Unknown };
        let judge = match outcome.first_violation() {
            Some(judge) => Some(judge),
            None => outcome.judges.iter().find(|judge| judge.verdict == wanted),
        };
        let explicit = outcome.faults.iter().filter(|fault| fault.explicit);
        Glance::Ended(Ended {
            exit,
            sentence: if held { String::new() } else { run::sentence(outcome) },
            judge: judge.map(|judge| judge.name.clone()).unwrap_or_default(),
            fingerprint: if held { String::new() } else { outcome.fingerprint.clone() },
            faults: explicit
                .map(|fault| (fault.what.clone(), fault.touched() || outcome.cut_short))
                .collect(),
            gates: outcome.gates.clone(),
            events: outcome.events,
            differed: None,
            repeated: false,
        })
    }

    /// The same, once the run has been made again and came out as `again`.
    pub(crate) fn compared(self, first: &Outcome, again: &Outcome) -> Glance {
        match self {
            Glance::Ended(ended) => {
                let differed = (first.fingerprint != again.fingerprint).then(|| again.fingerprint.clone());
                let fingerprint =
                    if differed.is_some() { first.fingerprint.clone() } else { ended.fingerprint.clone() };
                Glance::Ended(Ended { differed, repeated: true, fingerprint, ..ended })
            }
            bug => bug,
        }
    }
}

/// The lowest seed at which something was wrong, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failing {
    /// The seed.
    pub(crate) seed: u64,
    /// The judge that found it; empty for a bug or a run that differed.
    pub(crate) judge: String,
    /// What was wrong, in a sentence.
    pub(crate) sentence: String,
    /// The run's fingerprint; empty for a bug.
    pub(crate) fingerprint: String,
}

/// The runs of one file under one protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The scenario file, as given.
    pub(crate) file: String,
    /// The protocol's name.
    pub(crate) protocol: String,
    /// How many seeds were run.
    pub(crate) seeds: u64,
    /// How many held.
    pub(crate) ok: u64,
    /// How many violated a property.
    pub(crate) violated: u64,
    /// How many judges could not decide.
    pub(crate) unknown: u64,
    /// How many panicked.
    pub(crate) bugs: u64,
    /// How many were run twice.
    pub(crate) repeated: u64,
    /// How many of those came out differently.
    pub(crate) differed: u64,
    /// The lowest failing seed.
    pub(crate) first_violated: Option<Failing>,
    /// The lowest undecided seed.
    pub(crate) first_unknown: Option<Failing>,
    /// The lowest seed that panicked.
    pub(crate) first_bug: Option<Failing>,
    /// The lowest seed that came out differently.
    pub(crate) first_differed: Option<Failing>,
    /// The explicit faults in order: in words, and in how many runs each touched something.
    pub(crate) faults: Vec<(String, u64)>,
    /// The rare paths, and how many runs reached each.
    pub(crate) gates: Vec<(&'static str, u64)>,
    /// Events handled in all.
    pub(crate) events: u64,
}

impl Tally {
    /// An empty tally.
    pub(crate) fn new(file: &str, protocol: &str) -> Tally {
        Tally { file: file.to_string(), protocol: protocol.to_string(), ..Tally::default() }
    }

    /// Adds a run. Runs come in order of seed.
    pub(crate) fn add(&mut self, seed: u64, glance: Glance) {
        self.seeds += 1;
        match glance {
            Glance::Bug(said) => {
                self.bugs += 1;
                let failing =
                    Failing { seed, judge: String::new(), sentence: said, fingerprint: String::new() };
                self.first_bug.get_or_insert(failing);
            }
            Glance::Ended(ended) => self.add_ended(seed, ended),
        }
    }

    fn add_ended(&mut self, seed: u64, ended: Ended) {
        self.events += ended.events;
        self.add_faults_and_gates(&ended);
        self.add_comparison(seed, &ended);
        let Ended { exit, judge, sentence, fingerprint, .. } = ended;
        let failing = Failing { seed, judge, sentence, fingerprint };
        match exit {
            Exit::Violated => {
                self.violated += 1;
                self.first_violated.get_or_insert(failing);
            }
            Exit::Unknown => {
                self.unknown += 1;
                self.first_unknown.get_or_insert(failing);
            }
            _ => self.ok += 1,
        }
    }

    fn add_faults_and_gates(&mut self, ended: &Ended) {
        for (index, (what, touched)) in ended.faults.iter().enumerate() {
            if index == self.faults.len() {
                self.faults.push((what.clone(), 0));
            }
            self.faults[index].1 += u64::from(*touched);
        }
        for (name, reached) in &ended.gates {
            match self.gates.iter_mut().find(|(known, _)| known == name) {
                Some((_, runs)) => *runs += u64::from(*reached),
                None => self.gates.push((name, u64::from(*reached))),
            }
        }
    }

    fn add_comparison(&mut self, seed: u64, ended: &Ended) {
        self.repeated += u64::from(ended.repeated);
        let Some(again) = &ended.differed else { return };
        self.differed += 1;
        self.first_differed.get_or_insert_with(|| Failing {
            seed,
            judge: String::new(),
            sentence: format!(
                "{} came out as {} and, run again, as {again}",
                self.protocol, ended.fingerprint
            ),
            fingerprint: ended.fingerprint.clone(),
        });
    }

    /// How a command with this tally ends; the faults of a file are looked at across its protocols.
    pub(crate) fn exit(&self) -> Exit {
        let mut exit = Exit::Held;
        let found = [
            (self.bugs, Exit::Bug),
            (self.differed, Exit::Differed),
            (self.violated, Exit::Violated),
            (self.unknown, Exit::Unknown),
        ];
        for (runs, worse) in found {
            if runs > 0 {
                exit = exit.worse(worse);
            }
        }
        exit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::made_up;

    #[test]
    fn the_lowest_failing_seed_is_kept_and_everything_is_counted() {
        let mut tally = Tally::new("a.toml", "raft");
        let good = made_up::outcome("raft", 'R');
        let mut unsure = good.clone();
        unsure.judges[0].verdict = Verdict::Unknown;
        tally.add(0, Glance::of(&good));
        tally.add(1, Glance::of(&made_up::violated()));
        tally.add(2, Glance::of(&unsure));
        tally.add(3, Glance::of(&made_up::violated()));
        assert_eq!((tally.seeds, tally.ok, tally.violated, tally.unknown, tally.bugs), (4, 1, 2, 1, 0));
        let first = tally.first_violated.as_ref().unwrap();
        assert_eq!((first.seed, first.judge.as_str()), (1, "raft/R4"));
        assert_eq!(tally.first_unknown.as_ref().unwrap().judge, "ledger");
        assert_eq!(tally.exit(), Exit::Violated);
        assert_eq!(
            tally.gates,
            [("leader deposed with uncommitted suffix", 4), ("conflicting suffix cut", 0)]
        );
        assert!(tally.faults.iter().all(|(_, runs)| *runs == 4));
        tally.add(4, Glance::Bug("it broke".into()));
        assert_eq!(tally.exit(), Exit::Bug);
    }

    #[test]
    fn a_second_run_that_differs_is_no_result() {
        let first = made_up::outcome("raft", 'R');
        let mut again = first.clone();
        let mut tally = Tally::new("a.toml", "raft");
        tally.add(0, Glance::of(&first).compared(&first, &again));
        assert_eq!((tally.repeated, tally.differed, tally.exit()), (1, 0, Exit::Held));
        again.fingerprint = "ff".into();
        tally.add(20, Glance::of(&first).compared(&first, &again));
        assert_eq!((tally.repeated, tally.differed, tally.exit()), (2, 1, Exit::Differed));
        assert_eq!(tally.first_differed.unwrap().seed, 20);
    }
}
