//! From the runs of one or more scenarios to figures and sentences.
//!
//! A run becomes a [`Digest`] where it ran and is dropped; digests are folded in order of seeds, so the figures do not
//! depend on how many worked at them. Every protocol runs the same plans (common random numbers), and every figure of a
//! scenario has the same protocols in the same inks.
//!
//! Files in reading order: [`digest`] (what is kept of a run), [`outages`] and [`changes`] (what is read out of it),
//! [`side`] (one protocol's runs), [`latency`], [`over_time`], [`faults`], [`costs`], [`clocks`] (figures of one scenario),
//! [`verdicts`] (of many), [`sweeps`] (against loss, load, size), [`connectivity`], [`summary`].

pub mod changes;
mod clocks;
pub mod connectivity;
mod costs;
mod digest;
mod faults;
mod latency;
mod outages;
mod over_time;
mod side;
mod summary;
pub mod sweeps;
pub mod verdicts;

pub use digest::{Digest, Frame, Known};
pub use summary::Finding;

use side::Side;
use sim::outcome::Verdict;

use crate::figure::{Figure, Panel, Table};
use crate::plot::{Axis, Band, Chart, Mark, Scale};

/// Panels that stand three in a row.
const THIRD: (u32, u32) = (412, 300);
/// A panel that stands alone.
const WHOLE: (u32, u32) = (760, 400);

/// The runs of one scenario under some protocols.
pub struct Comparison {
    frame: Frame,
    sides: Vec<Side>,
}

impl Comparison {
    /// Nothing run yet.
    pub fn new(frame: Frame, protocols: &[&str]) -> Comparison {
        let sides = protocols.iter().map(|protocol| Side::new(protocol, &frame)).collect();
        Comparison { frame, sides }
    }

    /// What all runs have in common.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Adds the next seed's run of the protocol at this place. Seeds come in order.
    pub fn add(&mut self, protocol: usize, digest: Digest) {
        self.sides[protocol].add(digest);
    }

    /// The figures of this scenario, in the order of a report.
    pub fn figures(&self) -> Vec<Figure> {
        let (frame, sides) = (&self.frame, self.sides.as_slice());
        vec![
            latency::cdf(frame, sides),
            latency::over_time(frame, sides),
            over_time::throughput(frame, sides),
            faults::unavailability(frame, sides),
            faults::leader_changes(frame, sides),
            costs::ledger(frame, sides),
            clocks::offsets(frame, sides),
        ]
    }

    /// Every run's verdict, protocol by protocol and in order of seeds.
    pub fn verdicts(&self) -> impl Iterator<Item = Judged<'_>> {
        self.sides.iter().flat_map(|side| {
            side.verdicts.iter().map(|(seed, verdict, what)| Judged {
                protocol: &side.protocol,
                seed: *seed,
                verdict: *verdict,
                what,
            })
        })
    }

    /// Faults that somebody wrote down and that touched nothing in any run of a protocol: the protocol, the fault.
    pub fn untouched(&self) -> Vec<(&str, &str)> {
        let of_side = |side: &'_ Side| {
            let faults = self.frame.faults.iter().zip(side.touched.clone());
            faults.filter(|(_, touched)| !touched).map(|(fault, _)| fault.what.as_str()).collect::<Vec<_>>()
        };
        let sides = self.sides.iter().map(|side| (side.protocol.as_str(), of_side(side)));
        sides.flat_map(|(protocol, faults)| faults.into_iter().map(move |fault| (protocol, fault))).collect()
    }

    /// Who was better at what.
    pub fn findings(&self) -> Vec<Finding> {
        summary::findings(&self.sides)
    }

    /// Which protocols have runs that are not compared, because they violated something: a sentence each, without its
    /// full stop.
    pub fn left_out(&self) -> Vec<String> {
        let count = |side: &Side| side.count(Verdict::Violated);
        let violated = self.sides.iter().filter(|side| 0 < count(side));
        let sentence = |side: &Side| {
            format!(
                "{} violated something in {} of {} runs, and these are not compared",
                side.protocol,
                count(side),
                side.seeds
            )
        };
        violated.map(sentence).collect()
    }

    /// Who was best at what, in one sentence without its full stop. None if there is nobody to compare with.
    pub fn headline(&self, findings: &[Finding]) -> Option<String> {
        let protocols: Vec<&str> = self.sides.iter().map(|side| side.protocol.as_str()).collect();
        summary::headline(findings, &protocols)
    }
}

/// What judges said of a run.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The protocol.
    pub protocol: &'a str,
    /// The seed.
    pub seed: u64,
    /// The worst verdict.
    pub verdict: Verdict,
    /// What was violated, in a sentence; empty if nothing was.
    pub what: &'a str,
}

/// A figure's name in files: with the scenario's, if there are several.
fn id(frame: &Frame, id: &str) -> String {
    if frame.name.is_empty() { id.to_owned() } else { format!("{}-{id}", frame.name) }
}

fn axis(name: &str, unit: &str, scale: Scale) -> Axis {
    Axis { name: name.to_owned(), unit: unit.to_owned(), scale, ..Axis::default() }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The scenario's faults as bands and numbered lines.
fn marked(frame: &Frame, chart: Chart) -> Chart {
    let numbered = || frame.faults.iter().zip(1u32..);
    let band = |(fault, number): (&Known, u32)| {
        let to = fault.until.unwrap_or(fault.at).min(frame.end);
        (fault.until.is_some() && fault.at < to).then(|| Band {
            from: seconds(fault.at),
            to: seconds(to),
            number,
        })
    };
    let mark =
        |(fault, number): (&Known, u32)| Mark { at: seconds(fault.at), number, text: fault.what.clone() };
    Chart { bands: numbered().filter_map(band).collect(), marks: numbered().map(mark).collect(), ..chart }
}

/// What figures over time say about faults that are not drawn.
fn drawn_faults(frame: &Frame) -> &'static str {
    if frame.has_drawn_faults {
        " The random faults differ from seed to seed and are not shaded."
    } else {
        ""
    }
}

/// The time axis of a scenario.
fn time(frame: &Frame) -> Axis {
    Axis { range: Some((0.0, seconds(frame.end))), ..axis("simulated time", "s", Scale::Linear) }
}

fn figure(id: String, title: &str, how_to_read: String, charts: Vec<(String, Chart)>, data: Table) -> Figure {
    let panel = |(name, chart): (String, Chart)| Panel { name, svg: chart.svg() };
    Figure { id, title: title.to_owned(), how_to_read, panels: charts.into_iter().map(panel).collect(), data }
}

/// How many runs a figure is made of, in words.
fn runs(sides: &[Side]) -> String {
    let seeds = sides.first().map_or(0, |side| side.seeds);
    if seeds == 1 { "one seed".to_owned() } else { format!("{seeds} seeds") }
}
