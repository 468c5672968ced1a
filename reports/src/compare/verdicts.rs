//! The heat map of verdicts: scenarios and protocols down, seeds across.

use sim::outcome::Verdict;

use super::Comparison;
use crate::figure::{Figure, Panel, Table};
use crate::plot::{Axis, Matrix, Square, Tone};
use crate::stats::proportion;

/// More seeds share cells.
const COLUMNS_MAX: usize = 200;

/// The heat map of all scenarios; `reproduce` gives the line for a scenario's place, a protocol and a seed.
pub fn heat_map(scenarios: &[Comparison], reproduce: impl Fn(usize, &str, u64) -> String) -> Figure {
    let mut data = Table::new(&["scenario", "protocol", "seed", "verdict", "what", "reproduce"]);
    let seeds =
        scenarios.iter().flat_map(|one| one.sides.iter().map(|side| side.verdicts.len())).max().unwrap_or(0);
    let shared = seeds.div_ceil(COLUMNS_MAX).max(1);
    let (mut rows, mut cells, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bad, mut unknown, mut all) = (0, 0, 0);
    for (place, scenario) in scenarios.iter().enumerate() {
        for side in &scenario.sides {
            let name = &scenario.frame.name;
            rows.push(if name.is_empty() {
                side.protocol.clone()
            } else {
                format!("{name}, {}", side.protocol)
            });
            bad += side.count(Verdict::Violated);
            unknown += side.count(Verdict::Unknown);
            all += side.verdicts.len();
            let groups = side.verdicts.chunks(shared);
            if columns.len() < groups.len() {
                columns = groups.clone().map(|group| group[0].0.to_string()).collect();
            }
            cells.push(groups.map(square).collect());
            for (seed, verdict, what) in &side.verdicts {
                let word = if *verdict == Verdict::NotChecked { "not checked" } else { word(*verdict) };
                data.push(vec![
                    scenario.frame.title.as_str().into(),
                    side.protocol.as_str().into(),
                    (*seed).into(),
                    word.into(),
                    what.as_str().into(),
                    reproduce(place, &side.protocol, *seed).into(),
                ]);
            }
        }
    }
    let matrix = Matrix {
        title: "Verdicts by seed".to_owned(),
        description: format!("{all} runs, {bad} violated, {unknown} unknown."),
        x: Axis {
            name: if shared == 1 { "seed".into() } else { format!("first of {shared} seeds") },
            names: columns,
            ..Axis::default()
        },
        y: Axis { name: "protocol".to_owned(), names: rows, ..Axis::default() },
        cells,
        ..Matrix::default()
    };
    let share = proportion(bad, all).map_or(String::new(), |share| {
        let percent = |share: f64| format!("{:.2}", share * 100.0);
        format!(" (95 % interval {} to {} %, Wilson)", percent(share.low), percent(share.high))
    });
    let failing = first_failing(scenarios, &reproduce);
    let how = format!(
        "A cell is a run, or the worst of {shared} where seeds share cells: light green held, amber is unknown (a judge ran \
         out of budget), dark red was violated. The plan of a seed is the same in every row of a scenario, so a dark column \
         is a hard seed, and a dark row a weak protocol, or a rule that was left out. {bad} of {all} runs were violated{share}, \
         {unknown} unknown.{failing} The table behind this figure has the line that reproduces every cell."
    );
    let panels = vec![Panel { name: String::new(), svg: matrix.svg() }];
    Figure { id: "verdicts".to_owned(), title: "Verdicts by seed".to_owned(), how_to_read: how, panels, data }
}

/// A cell for the worst of some seeds.
fn square(group: &[(u64, Verdict, String)]) -> Square {
    let worst = |verdict| group.iter().any(|one| one.1 == verdict);
    let (text, tone) = if worst(Verdict::Violated) {
        ("×", Tone::Bad)
    } else if worst(Verdict::Unknown) {
        ("?", Tone::Fair)
    } else {
        ("", Tone::Good)
    };
    Square { text: text.to_owned(), tone, link: String::new() }
}

fn first_failing(scenarios: &[Comparison], reproduce: impl Fn(usize, &str, u64) -> String) -> String {
    let runs = scenarios.iter().enumerate().flat_map(|(place, scenario)| {
        scenario.sides.iter().flat_map(move |side| side.verdicts.iter().map(move |one| (place, side, one)))
    });
    let mut bad: Vec<_> = runs.filter(|(_, _, one)| one.1 == Verdict::Violated).collect();
    bad.sort_by_key(|(place, _, one)| (*place, one.0));
    bad.first().map_or(String::new(), |(place, side, (seed, _, what))| {
        format!(" The first: {what}; `{}`.", reproduce(*place, &side.protocol, *seed))
    })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Violated => "violated",
        Verdict::Unknown => "unknown",
        Verdict::NotChecked => "not checked",
    }
}
