//! The result, as a table for people and as JSON for programs.

use serde::Serialize;

use crate::harness::{Against, Contestant, Schedule, Series};

/// The whole result.
#[derive(Serialize)]
pub struct Report {
    /// Rounds measured.
    pub rounds: usize,
    /// CPU time a contestant and round, in milliseconds.
    pub slice_ms: u64,
    /// One row a contestant.
    pub rows: Vec<Row>,
}

/// What was measured of one contestant.
#[derive(Serialize)]
pub struct Row {
    /// The work it did.
    pub group: &'static str,
    /// Its name.
    pub name: String,
    /// What is counted.
    pub unit: &'static str,
    /// Units a CPU second, the median of all rounds.
    pub per_cpu_second: f64,
    /// CPU nanoseconds a unit: the same number, the other way up.
    pub ns_per_unit: f64,
    /// The slowest round's rate.
    pub slowest: f64,
    /// The fastest round's rate.
    pub fastest: f64,
    /// Messages delivered a unit.
    pub messages_per_unit: f64,
    /// The most messages that a unit may take, if that is a goal.
    pub messages_at_most: Option<f64>,
    /// How it compares with other contestants, those that were measured too.
    pub ratios: Vec<Ratio>,
}

/// A comparison.
#[derive(Serialize)]
pub struct Ratio {
    /// The other contestant.
    pub to: String,
    /// The median, over the rounds, of this one's rate divided by the other's.
    pub value: f64,
    /// What it has to reach.
    pub reach: Option<f64>,
    /// What it aims at.
    pub aim: Option<f64>,
    /// What it must not exceed.
    pub at_most: Option<f64>,
}

impl Report {
    /// Puts contestants and what was measured of them together.
    pub fn new(contestants: &[Box<dyn Contestant>], series: &[Series], schedule: Schedule) -> Self {
        assert_eq!(contestants.len(), series.len());
        let find = |name: &str| contestants.iter().position(|other| other.name() == name);
        let ratio = |own: &Series, against: Against| {
            let value = own.ratio(&series[find(&against.name)?]);
            let Against { name, reach, aim, at_most } = against;
            Some(Ratio { to: name, value, reach, aim, at_most })
        };
        let row = |(contestant, own): (&dyn Contestant, &Series)| {
            let (slowest, fastest) = own.range();
            Row {
                group: contestant.group().title(),
                name: contestant.name(),
                unit: contestant.group().unit(),
                per_cpu_second: own.rate(),
                ns_per_unit: 1e9 / own.rate(),
                slowest,
                fastest,
                messages_per_unit: own.messages_per_unit(),
                messages_at_most: contestant.messages_at_most(),
                ratios: contestant.against().into_iter().filter_map(|against| ratio(own, against)).collect(),
            }
        };
        Report {
            rounds: schedule.rounds,
            slice_ms: schedule.slice.as_millis() as u64,
            rows: contestants.iter().map(Box::as_ref).zip(series).map(row).collect(),
        }
    }

    /// The table, ending with a line break.
    pub fn to_table(&self) -> String {
        let head =
            ["contestant", "unit", "per CPU s", "ns each", "spread", "msgs each", "ratio", "to", "reach/aim"];
        let mut lines = vec![head.map(String::from)];
        let mut groups = vec![None];
        for row in &self.rows {
            let cells = row.lines();
            groups.extend(cells.iter().map(|_| Some(row.group)));
            lines.extend(cells);
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut text = format!(
            "medians of {} interleaved rounds, {} ms of CPU time a contestant and round\n\n",
            self.rounds, self.slice_ms
        );
        let mut group = None;
        for (line, own) in lines.iter().zip(groups) {
            if own != group {
                text.push('\n');
                group = own;
            }
            text.push_str(format_line(line, &widths).trim_end());
            text.push('\n');
        }
        text
    }
}

impl Row {
    /// The cells of the row, in the order of the head; a further line for each further comparison.
    fn lines(&self) -> Vec<[String; 9]> {
        let mut lines = vec![self.cells()];
        lines.extend(self.ratios.iter().skip(1).map(|ratio| {
            let [name, unit, rate, ns, spread, messages] = Default::default();
            [
                name,
                unit,
                rate,
                ns,
                spread,
                messages,
                format!("{:.2}", ratio.value),
                ratio.to.clone(),
                ratio.goal(),
            ]
        }));
        lines
    }

    fn cells(&self) -> [String; 9] {
        let spread = 100.0 * (self.fastest - self.slowest) / self.per_cpu_second;
        let (ratio, to, goal) = match self.ratios.first() {
            Some(ratio) => (format!("{:.2}", ratio.value), ratio.to.clone(), ratio.goal()),
            None => Default::default(),
        };
        [
            self.name.clone(),
            self.unit.into(),
            with_commas(self.per_cpu_second.round() as u64),
            format!("{:.1}", self.ns_per_unit),
            format!("{spread:.0}%"),
            self.messages(),
            ratio,
            to,
            goal,
        ]
    }
}

impl Row {
    /// Messages a unit, and whether they are as few as they should be.
    fn messages(&self) -> String {
        let verdict = match self.messages_at_most {
            None => "",
            Some(most) if self.messages_per_unit <= most => " ok",
            Some(_) => " SHORT",
        };
        format!("{:.2}{verdict}", self.messages_per_unit)
    }
}

impl Ratio {
    /// The goal and whether it is met: "3/5 reached".
    fn goal(&self) -> String {
        if let Some(most) = self.at_most {
            return format!("<= {most:.2} {}", if self.value <= most { "met" } else { "SHORT" });
        }
        let (Some(reach), Some(aim)) = (self.reach, self.aim) else { return String::new() };
        assert!(reach <= aim);
        let verdict = match self.value {
            value if aim <= value => "aim met",
            value if reach <= value => "reached",
            _ => "SHORT",
        };
        format!("{reach}/{aim} {verdict}")
    }
}

/// Pads the cells: text to the left, numbers to the right.
fn format_line(cells: &[String; 9], widths: &[usize]) -> String {
    const TEXT: [usize; 4] = [0, 1, 7, 8];
    let mut line = String::new();
    for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        if TEXT.contains(&column) {
            line.push_str(&format!("{cell:<width$}  "));
        } else {
            line.push_str(&format!("{cell:>width$}  "));
        }
    }
    line
}

/// 1234567 as "1,234,567".
fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if 0 < index && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_groups_of_three() {
        assert_eq!(with_commas(7), "7");
        assert_eq!(with_commas(999), "999");
        assert_eq!(with_commas(1_234_567), "1,234,567");
    }

    #[test]
    fn goals_are_judged_at_their_bounds() {
        let goal = |value| {
            Ratio { to: String::new(), value, reach: Some(3.0), aim: Some(5.0), at_most: None }.goal()
        };
        assert_eq!(goal(2.99), "3/5 SHORT");
        assert_eq!(goal(3.0), "3/5 reached");
        assert_eq!(goal(5.0), "3/5 aim met");
    }
}
