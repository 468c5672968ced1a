//! What one judge has observed, and the first thing that did not hold.

use crate::outcome::{JudgeReport, Side, Verdict};

/// When something was observed: the event at hand and its simulated time.
#[derive(Clone, Copy, Debug, Default)]
pub struct When {
    /// The event's number in the run.
    pub event: u64,
    /// Nanoseconds of simulated time.
    pub at: u64,
}

/// A count of observations and the first violation.
#[derive(Clone, Debug)]
pub struct Tally {
    name: String,
    side: Side,
    silent: bool,
    observed: u64,
    violation: Option<(When, String)>,
}

impl Tally {
    /// A judge that has seen nothing yet. A silent one counts nothing and says nothing.
    pub fn new(name: impl Into<String>, side: Side, silenced: &[String]) -> Tally {
        let name = name.into();
        let silent = silenced.contains(&name);
        Tally { name, side, silent, observed: 0, violation: None }
    }

    /// Counts one observation and keeps what `text` says of the first that does not hold.
    #[inline]
    pub fn check(&mut self, when: When, holds: bool, text: impl FnOnce() -> String) {
        self.observed += 1;
        if !holds {
            self.violated(when, text);
        }
    }

    /// Counts `n` observations that held.
    pub fn held(&mut self, n: u64) {
        self.observed += n;
    }

    #[cold]
    fn violated(&mut self, when: When, text: impl FnOnce() -> String) {
        if self.violation.is_none() && !self.silent {
            self.violation = Some((when, text()));
        }
    }

    /// Whether nothing was violated so far.
    pub fn is_clean(&self) -> bool {
        self.violation.is_none()
    }

    /// The first violation in words.
    pub fn violation(&self) -> Option<&str> {
        self.violation.as_ref().map(|(_, text)| text.as_str())
    }

    /// The report. A silenced judge reports that it observed nothing.
    pub fn report(&self) -> JudgeReport {
        let observed = if self.silent { 0 } else { self.observed };
        let verdict = match (&self.violation, observed) {
            (Some(_), _) => Verdict::Violated,
            (None, 0) => Verdict::NotChecked,
            (None, _) => Verdict::Ok,
        };
        JudgeReport {
            name: self.name.clone(),
            side: self.side,
            observed,
            verdict,
            detail: self.violation.as_ref().map(|(_, text)| text.clone()).unwrap_or_default(),
            first_event: self.violation.as_ref().map(|(when, _)| when.event),
            first_at: self.violation.as_ref().map(|(when, _)| when.at),
        }
    }
}
