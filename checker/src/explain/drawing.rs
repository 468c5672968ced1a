//! A small drawing of a core: lanes by client, a bar an operation. Not to scale: a column is only as wide as what is
//! written in it, and what counts is which bars overlap and which do not.

use crate::history::History;
use crate::object::Object;
use crate::verdict::Explanation;

/// Columns of a terminal that a drawing may take.
const COLUMNS_MAX: usize = 100;

/// The lengths to which labels are cut until a drawing is narrow enough.
const LABELS_MAX: [usize; 4] = [28, 16, 10, 5];

/// A bar: an operation between its call and its return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) operation: usize,
    /// The column of its call.
    pub(crate) from: usize,
    /// The column of its return, or the end of the drawing.
    pub(crate) to: usize,
    /// Whether it never returned.
    pub(crate) is_open: bool,
    pub(crate) label: String,
    /// Whether it belongs to the core, and is not only named beside it.
    pub(crate) is_core: bool,
    pub(crate) is_last: bool,
}

/// A core on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drawing {
    /// For each lane, its client and its bars, which do not overlap.
    pub(crate) lanes: Vec<(u64, Vec<Bar>)>,
    /// Columns.
    pub(crate) width: usize,
}

/// Draws the core of an explanation, and what its sentence names beside.
pub(crate) fn draw<K: Object>(history: &History<K>, explanation: &Explanation) -> Drawing {
    let [.., shortest] = LABELS_MAX;
    let fits = |limit: &usize| {
        let drawing = draw_with_labels(history, explanation, *limit);
        (drawing.width + margin(&drawing) <= COLUMNS_MAX).then_some(drawing)
    };
    let drawing = LABELS_MAX.iter().find_map(fits);
    drawing.unwrap_or_else(|| draw_with_labels(history, explanation, shortest))
}

fn draw_with_labels<K: Object>(history: &History<K>, explanation: &Explanation, limit: usize) -> Drawing {
    let mut shown: Vec<usize> = explanation.core.iter().chain(&explanation.beside).copied().collect();
    shown.sort_by_key(|&index| (history.operations()[index].call, index));
    let mut bars: Vec<(u64, u64, Option<u64>, Bar)> = Vec::new();
    for &index in &shown {
        let operation = &history.operations()[index];
        let ret = operation.ret.filter(|_| operation.is_ok());
        let bar = Bar {
            operation: index,
            from: 0,
            to: 0,
            is_open: ret.is_none(),
            label: cut(&label(history, index), limit),
            is_core: explanation.core.contains(&index),
            is_last: explanation.operation == index,
        };
        bars.push((operation.client, operation.call, ret, bar));
    }
    // A call comes before a return at the same instant: such operations overlap.
    let mut moments: Vec<(u64, bool)> = Vec::new();
    for &(_, call, ret, _) in &bars {
        moments.push((call, false));
        moments.extend(ret.map(|ret| (ret, true)));
    }
    moments.sort_unstable();
    moments.dedup();
    let mut columns: Vec<usize> = Vec::with_capacity(moments.len());
    for &(time, is_return) in &moments {
        let mut column = columns.last().map_or(0, |last| last + 2);
        for (_, call, ret, bar) in bars.iter().filter(|_| is_return) {
            if *ret == Some(time) {
                let start = moments.binary_search(&(*call, false)).expect("every call is a moment");
                column = column.max(columns[start] + bar.label.chars().count() + 3);
            }
        }
        columns.push(column);
    }
    let column = |moment: (u64, bool)| columns[moments.binary_search(&moment).expect("it is a moment")];
    let mut width = columns.last().copied().unwrap_or(0) + 1;
    for (_, call, ret, bar) in &mut bars {
        bar.from = column((*call, false));
        bar.to = ret.map_or(0, |ret| column((ret, true)));
        if ret.is_none() {
            width = width.max(bar.from + bar.label.chars().count() + 8);
        }
    }
    let mut lanes: Vec<(u64, Vec<Bar>)> = Vec::new();
    for (client, _, _, mut bar) in bars {
        if bar.is_open {
            bar.to = width - 1;
        }
        let free = |lane: &&mut (u64, Vec<Bar>)| {
            lane.0 == client && lane.1.last().is_some_and(|last| last.to < bar.from)
        };
        match lanes.iter_mut().find(free) {
            Some(lane) => lane.1.push(bar),
            None => lanes.push((client, vec![bar])),
        }
    }
    lanes.sort_by_key(|lane| lane.0);
    Drawing { lanes, width }
}

/// A few letters for a bar.
pub(crate) fn label<K: Object>(history: &History<K>, index: usize) -> String {
    let operation = &history.operations()[index];
    let output = match &operation.outcome {
        crate::Outcome::Ok(output) => Some(output),
        crate::Outcome::Failed | crate::Outcome::Unknown => None,
    };
    operation.kind.label(output, history.names())
}

/// At most so many characters, none of which ends a line.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let clean = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    if text.chars().count() <= limit {
        return clean.collect();
    }
    let keep = clean.take(limit.saturating_sub(1));
    keep.chain(['\u{2026}']).collect()
}

/// Columns in front of the lanes.
fn margin(drawing: &Drawing) -> usize {
    let names = drawing.lanes.iter().map(|(client, _)| client.to_string().len());
    "client ".len() + names.max().unwrap_or(0) + 1
}

/// The core as text for a terminal: the lanes, and below them the operations in words.
pub fn text<K: Object>(history: &History<K>, explanation: &Explanation) -> String {
    let drawing = draw(history, explanation);
    let margin = margin(&drawing);
    let mut text = String::new();
    for (client, bars) in &drawing.lanes {
        let mut line: Vec<char> = format!("client {client} ").chars().collect();
        line.resize(margin + drawing.width, ' ');
        for bar in bars {
            write_bar(&mut line[margin..], bar);
        }
        let line: String = line.into_iter().collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for &index in &explanation.core {
        let mark = if index == explanation.operation { '>' } else { ' ' };
        text.push_str(&format!("{mark} {}\n", history.words(index)));
    }
    for &index in &explanation.beside {
        text.push_str(&format!("  ({})\n", history.words(index)));
    }
    text
}

fn write_bar(line: &mut [char], bar: &Bar) {
    let fill = match (bar.is_core, bar.is_last) {
        (_, true) => '=',
        (true, false) => '-',
        (false, false) => '.',
    };
    line[bar.from..=bar.to].fill(fill);
    line[bar.from] = '|';
    line[bar.to] = if bar.is_open { '>' } else { '|' };
    for (place, letter) in bar.label.chars().enumerate() {
        if let Some(there) = line.get_mut(bar.from + 2 + place) {
            *there = letter;
        }
    }
}
