//! The runs behind P6 and P9: five servers, three requests in ten are writes, and failures one after the other.

use reports::plot::{Band, Mark};
use sim::measure::{Change, Measures};

use super::runs::{scenario, trials};
use crate::engine::Protocol;

/// A run of the story.
pub(super) struct Story {
    pub(super) measures: Measures,
    /// What went wrong: when, in nanoseconds, and in words.
    pub(super) faults: Vec<(u64, String)>,
}

/// How long each failure lasts, in seconds: as the file says.
const DOWN_FOR_S: f64 = 1.0;

/// The failures in words, in the order of the file.
const FAILURES: [&str; 5] = [
    "a follower fails",
    "another follower fails",
    "the leader fails",
    "two followers fail",
    "the leader fails again",
];

/// The runs of a protocol.
pub(super) fn runs(protocol: Protocol, seeds: u64) -> Vec<Story> {
    trials(&scenario("p6-failures", &[]), protocol, seeds, |_, run| {
        let faults = run.outcome.faults.iter().map(|fault| (fault.at, fault.who.clone())).collect();
        Story { measures: run.measures, faults }
    })
}

impl Story {
    /// When the failures struck, in seconds.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let mark = |(place, (at, _)): (usize, &(u64, String))| Mark {
            at: *at as f64 / 1e9,
            number: place as u32 + 1,
            text: FAILURES[place].to_string(),
        };
        self.faults.iter().enumerate().map(mark).collect()
    }

    /// How long each lasted.
    pub(super) fn bands(&self) -> Vec<Band> {
        let band = |mark: Mark| Band { from: mark.at, to: mark.at + DOWN_FOR_S, number: mark.number };
        self.marks().into_iter().map(band).collect()
    }

    /// For each failure of a leader: how long until somebody stood, and from then until somebody led; nanoseconds.
    pub(super) fn elections(&self) -> Vec<(u64, u64)> {
        let strikes = [2, 4].into_iter().filter_map(|place| self.faults.get(place));
        let after = |at: u64, is: &dyn Fn(&Change) -> bool| {
            self.measures.milestones.iter().find(|one| at < one.at && is(&one.what)).map(|one| one.at)
        };
        strikes
            .filter_map(|(at, _)| {
                let stood = after(*at, &|what| matches!(what, Change::Stands))?;
                let led = after(stood - 1, &|what| matches!(what, Change::Leads { .. }))?;
                Some((stood - at, led - stood))
            })
            .collect()
    }
}
