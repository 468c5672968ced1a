//! `quorate figures`: the published figures of the field, measured again. One file a figure; here is the frame: which
//! there are, what each gives, and the one table of *published / ours / deviation / band / verdict*.
//!
//! Bands are those under which a figure counts as reproduced. A row without a band says why it has none. Paxos and Zab are
//! drawn on Raft's axes wherever nobody has published them: their numbers are new, and nothing is asserted of them.

mod p1;
mod p10;
mod p11;
mod p12;
mod p2;
mod p3;
mod p4;
mod p5;
mod p6;
mod p7;
mod p8;
mod p9;

mod draw;
mod failures;
mod load;
mod row;
mod runs;
mod traced;

use std::path::PathBuf;

use clap::Args;
use reports::figure::{Cell, Figure, Table};
use reports::page::{Sheet, sheet};

use crate::exit::{self, Exit, Failure};
use crate::folder::{put, put_figures, unwritten};
use crate::render::table;
use crate::terminal::Terminal;

pub(crate) use row::Row;

/// The most jobs: beyond it, threads only wait for each other.
const JOBS_MAX: u64 = 1_024;

/// Measures the published figures of the field again and holds them against their numbers
///
/// Example: quorate figures P1 P2 --out figures
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// Which: P1 to P13; all if none is named
    #[arg(value_name = "FIGURE", value_parser = known)]
    figures: Vec<String>,
    /// How many trials a point, in place of each figure's own number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    trials: Option<u64>,
    /// A tenth of the trials; bands are widened by the sampling error, three standard deviations
    #[arg(long, conflicts_with = "trials")]
    quick: bool,
    /// Write each figure's drawings (SVG) and numbers (CSV, JSON), the table and one page into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many runs at once; by default one a core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=JOBS_MAX))]
    jobs: Option<u64>,
}

/// How hard to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    trials: Option<u64>,
    quick: bool,
}

/// A quick look takes this part of the trials.
const QUICK_PARTS: u64 = 10;
/// Fewer trials say nothing about a quantile.
const TRIALS_MIN: u64 = 20;

impl Effort {
    /// How many trials, of the number that the figure takes by itself.
    pub(crate) fn trials(self, full: u64) -> u64 {
        let quick = if self.quick { (full / QUICK_PARTS).max(TRIALS_MIN.min(full)) } else { full };
        self.trials.unwrap_or(quick)
    }

    /// Whether only a few points are wanted.
    pub(crate) fn is_quick(self) -> bool {
        self.quick
    }

    /// How many of a few long runs: all of them, or one for a quick look.
    pub(crate) fn long_runs(self, full: u64) -> u64 {
        if self.quick { 1 } else { self.trials.map_or(full, |trials| trials.min(full)) }
    }
}

/// What a figure gives.
#[derive(Default)]
pub(crate) struct Made {
    /// What is drawn.
    pub(crate) figures: Vec<Figure>,
    /// What is held against published numbers.
    pub(crate) rows: Vec<Row>,
}

/// A figure of the list.
struct Entry {
    id: &'static str,
    title: &'static str,
    /// How it is made; or why it is not.
    make: Result<fn(Effort) -> Made, &'static str>,
}

/// Every figure, in order.
const ENTRIES: [Entry; 13] = [
    Entry { id: "P1", title: "Election times on a wide network", make: Ok(p1::make) },
    Entry { id: "P2", title: "Split votes in closed form", make: Ok(p2::make) },
    Entry { id: "P3", title: "Raft's figure 16: time without a leader", make: Ok(p3::make) },
    Entry { id: "P4", title: "Partial connectivity", make: Ok(p4::make) },
    Entry { id: "P5", title: "Throughput against cluster size", make: Ok(p5::make) },
    Entry { id: "P6", title: "Throughput over time under failures", make: Ok(p6::make) },
    Entry { id: "P7", title: "The message ledger", make: Ok(p7::make) },
    Entry { id: "P8", title: "The leader-change ledger", make: Ok(p8::make) },
    Entry { id: "P9", title: "Latency over time", make: Ok(p9::make) },
    Entry { id: "P10", title: "Goodput against loss, latency against load", make: Ok(p10::make) },
    Entry { id: "P11", title: "ZooKeeper's table 2", make: Ok(p11::make) },
    Entry { id: "P12", title: "Flexible quorums", make: Ok(p12::make) },
    Entry { id: "P13", title: "Reconfiguration", make: Err("not built yet: needs membership changes") },
];

/// The name of a figure, for the command line.
fn known(name: &str) -> Result<String, String> {
    let name = name.to_uppercase();
    match ENTRIES.iter().any(|entry| entry.id == name) {
        true => Ok(name),
        false => Err("expected P1 to P13".to_string()),
    }
}

/// Makes them.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let effort = Effort { trials: arguments.trials, quick: arguments.quick };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.jobs.unwrap_or(0) as usize)
        .build()
        .map_err(|error| Failure::usage(format!("the jobs cannot be started: {error}")))?;
    if let Some(out) = &arguments.out {
        std::fs::create_dir_all(out).map_err(|error| unwritten(out, &error))?;
    }
    let is_chosen = |entry: &&Entry| {
        arguments.figures.is_empty() || arguments.figures.iter().any(|name| name == entry.id)
    };
    let (mut rows, mut missing, mut figures) = (Vec::new(), Vec::new(), Vec::new());
    for entry in ENTRIES.iter().filter(is_chosen) {
        match entry.make {
            Ok(make) => {
                terminal.note(&format!("{}: {} ..", entry.id, entry.title));
                let made = pool.install(|| make(effort));
                if let Some(out) = &arguments.out {
                    put_figures(out, &made.figures)?;
                }
                figures.extend(made.figures);
                rows.extend(made.rows.into_iter().map(|row| (entry.id, row)));
            }
            Err(why) => missing.push(format!("{} {}: {why}\n", entry.id, entry.title)),
        }
    }
    let out = rows.iter().filter(|(_, row)| row.is_out(arguments.quick)).count();
    if let Some(folder) = &arguments.out {
        let data = as_data(&rows, arguments.quick);
        put(folder, "table.csv", &data.csv())?;
        put(folder, PAGE, &page(arguments, &figures, &data, &verdict(&rows, out), out == 0))?;
    }
    terminal.emit(&(told(&rows, arguments.quick) + &missing.concat() + &verdict(&rows, out)))?;
    Ok(match (rows.is_empty(), out) {
        (true, _) => Exit::Nothing,
        (false, 0) => Exit::Held,
        (false, _) => Exit::Violated,
    })
}

const HEAD: [&str; 7] = ["figure", "what", "published", "ours", "deviation", "band", "verdict"];

/// The table for people.
fn told(rows: &[(&str, Row)], is_quick: bool) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |(id, row): &(&str, Row)| {
        let mut cells = vec![(*id).to_string()];
        cells.extend(row.cells(is_quick));
        cells
    };
    let mut text = table::columns(&HEAD, rows.iter().map(row).collect());
    text.push('\n');
    if is_quick {
        text.push_str("Quick: a tenth of the trials. A row is in its band if its interval of three standard deviations\n");
        text.push_str("touches the band.\n\n");
    }
    text
}

fn verdict(rows: &[(&str, Row)], out: usize) -> String {
    let asserted = rows.iter().filter(|(_, row)| row.is_asserted()).count();
    match (rows.len(), out) {
        (0, _) => String::new(),
        (_, 0) => format!("All {asserted} asserted rows are in their bands.\n"),
        _ => format!("{out} of {asserted} asserted rows are OUT OF their BANDS.\n"),
    }
}

/// The page of all of them, written last.
const PAGE: &str = "figures.html";

fn page(arguments: &Arguments, figures: &[Figure], table: &Table, verdict: &str, all_in: bool) -> String {
    let mut line = "quorate figures".to_string();
    arguments.figures.iter().for_each(|name| line.push_str(&format!(" {name}")));
    if let Some(trials) = arguments.trials {
        line.push_str(&format!(" --trials {trials}"));
    }
    if arguments.quick {
        line.push_str(" --quick");
    }
    sheet(&Sheet {
        title: "Published figures of the field, measured again",
        about: "Hollow marks are published points. Multi-Paxos and Zab are drawn on the same axes where nobody has published them.",
        verdict: verdict.trim_end(),
        state: if all_in { "ok" } else { "violated" },
        reproduce: &(line + " --out DIR"),
        table_title: "Published, ours, and the band within which a row counts as reproduced",
        table,
        figures,
    })
}

/// The table as data.
fn as_data(rows: &[(&str, Row)], is_quick: bool) -> Table {
    let mut table = Table::new(&HEAD);
    for (id, row) in rows {
        let mut cells = vec![Cell::from(*id)];
        cells.extend(row.cells(is_quick).into_iter().map(Cell::from));
        table.push(cells);
    }
    table
}
