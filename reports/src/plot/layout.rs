//! Where the parts of a chart go. The legend stands below the drawing, so it never covers data, and makes the sheet as
//! much higher as it needs; panels with the same size and axes have their data at the same places.

use super::canvas::{Area, width, wrapped};
use super::scale::{Ruler, Tick};
use super::{Axis, Chart, Scale, Shape};

pub(super) const TITLE: f64 = 13.0;
pub(super) const NAMES: f64 = 12.0;
pub(super) const LABELS: f64 = 11.0;
/// Between lines of text, as a multiple of their size.
pub(super) const LEADING: f64 = 1.35;
/// Around everything.
const MARGIN: f64 = 8.0;
/// A row of numbers above the drawing.
pub(super) const NUMBER_ROW: f64 = 17.0;
/// The radius of the circle around a number.
pub(super) const NUMBER_RADIUS: f64 = 7.5;
/// What stands before a text of the legend, and the gap after it.
pub(super) const SWATCH: f64 = 30.0;
const LEGEND_GAP: f64 = 14.0;
const LEGEND_ROW: f64 = 17.0;
/// The most room for names of places that are turned.
const TURNED_MAX: f64 = 110.0;
/// The least that a drawing can be.
const SIZE_MIN: (f64, f64) = (200.0, 120.0);
const SIZE_USUAL: (u32, u32) = (640, 400);

/// The parts of a chart.
pub(super) struct Layout {
    pub(super) size: (f64, f64),
    pub(super) title: Vec<String>,
    /// Where data is drawn.
    pub(super) plot: Area,
    pub(super) x: Ruler,
    pub(super) y: Ruler,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    /// Whether names below the drawing are turned.
    pub(super) is_turned: bool,
    /// The height of the labels below the drawing.
    pub(super) x_labels: f64,
    /// Numbers above the drawing: at which x, in which row.
    pub(super) numbers: Vec<(f64, u32, usize)>,
    #[cfg(test)]
    pub(super) legend: Area,
    pub(super) entries: Vec<Entry>,
}

/// A line of the legend, placed.
pub(super) struct Entry {
    pub(super) of: Of,
    /// The text in lines.
    pub(super) text: Vec<String>,
    /// The upper left.
    pub(super) at: (f64, f64),
}

/// What an entry of the legend stands for.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// The place of a series.
    Series(usize),
    /// The place of a level.
    Level(usize),
    /// The number of a mark.
    Mark(u32),
}

impl Layout {
    pub(super) fn of(chart: &Chart) -> Layout {
        let across = usual(chart.size.0, SIZE_USUAL.0).max(SIZE_MIN.0);
        let down = usual(chart.size.1, SIZE_USUAL.1).max(SIZE_MIN.1);
        let title = wrapped(&chart.title, TITLE, across - 2.0 * MARGIN);
        let (x, y) = (x_ruler(chart), y_ruler(chart));
        let y_ticks = y.ticks(&chart.y, (down - 90.0) / 42.0);
        let widest = y_ticks.iter().map(|tick| width(&tick.label, LABELS)).fold(0.0, f64::max);
        let left = MARGIN + NAMES * LEADING + widest.min(across / 3.0) + 8.0;
        let x_ticks = x_ticks(&x, &chart.x, across - left - 20.0);
        let last = x_ticks.last().map_or(0.0, |tick| width(&tick.label, LABELS));
        let right = across - if chart.x.names.is_empty() { MARGIN.max(last / 2.0 + 2.0) } else { MARGIN };
        let (is_turned, x_labels) = names_below(&x_ticks, &chart.x, right - left);
        let top = MARGIN + title.len() as f64 * TITLE * LEADING + 7.0;
        let numbers = numbers(chart, &x.between(left, right));
        let rows = numbers.iter().map(|(_, _, row)| row + 1).max().unwrap_or(0);
        let top = top + rows as f64 * NUMBER_ROW;
        let bottom = (down - x_labels - NAMES * LEADING - 10.0).max(top + 40.0);
        let plot = Area { left, top, right, bottom };
        let below = bottom + x_labels + NAMES * LEADING + 12.0;
        let (entries, end) = legend(chart, below, across);
        Layout {
            size: (across, end + MARGIN / 2.0),
            title,
            plot,
            x: x.between(left, right),
            y: y.between(bottom, top),
            x_ticks,
            y_ticks,
            is_turned,
            x_labels,
            numbers,
            #[cfg(test)]
            legend: Area { left: 0.0, top: below, right: across, bottom: end },
            entries,
        }
    }
}

fn usual(asked: u32, usual: u32) -> f64 {
    f64::from(if asked == 0 { usual } else { asked })
}

fn x_ruler(chart: &Chart) -> Ruler {
    let values = chart.series.iter().flat_map(|series| series.points.iter().map(|point| point.0));
    let ruler = Ruler::new(&chart.x, values, false);
    let has_marks =
        |series: &super::Series| matches!(series.shape, Shape::MarkedLine | Shape::Points | Shape::Hollow);
    // Marks at the first and the last value would lie on the frame.
    if chart.x.range.is_none() && chart.series.iter().any(has_marks) { ruler.widened(0.04) } else { ruler }
}

fn y_ruler(chart: &Chart) -> Ruler {
    let shown = |series: &&super::Series| series.shape != Shape::Stacked;
    let points =
        chart.series.iter().filter(shown).flat_map(|series| series.points.iter().map(|point| point.1));
    let intervals =
        chart.series.iter().flat_map(|series| series.intervals.iter().flat_map(|(a, b)| [*a, *b]));
    let levels = chart.levels.iter().map(|level| level.0);
    let stacks = stacks(chart).into_iter().flat_map(|stack| stack.into_iter().map(|(_, _, top)| top));
    let values: Vec<f64> = points.chain(intervals).chain(levels).chain(stacks).collect();
    Ruler::new(&chart.y, values.into_iter(), chart.y.scale == Scale::Linear)
}

/// Of each series, its bars: x, from, to. Only stacked series have any.
pub(super) fn stacks(chart: &Chart) -> Vec<Vec<(f64, f64, f64)>> {
    let mut tops: Vec<(f64, f64)> = Vec::new();
    let mut of_series = |series: &super::Series| {
        let stacked = if series.shape == Shape::Stacked { series.points.as_slice() } else { &[] };
        let mut bar = |&(x, y): &(f64, f64)| {
            let place = tops.iter().position(|top| top.0 == x).unwrap_or_else(|| {
                tops.push((x, 0.0));
                tops.len() - 1
            });
            let from = tops[place].1;
            tops[place].1 += y;
            (x, from, tops[place].1)
        };
        stacked.iter().filter(|(x, y)| x.is_finite() && y.is_finite()).map(&mut bar).collect()
    };
    chart.series.iter().map(&mut of_series).collect()
}

/// As many ticks as their labels have room for.
fn x_ticks(ruler: &Ruler, axis: &Axis, room: f64) -> Vec<Tick> {
    let mut count = (room / 60.0).max(2.0);
    loop {
        let ticks = ruler.ticks(axis, count);
        let widest = ticks.iter().map(|tick| width(&tick.label, LABELS)).fold(0.0, f64::max);
        let places = ruler.between(0.0, room);
        let is_apart =
            ticks.windows(2).all(|two| places.place(two[1].at) - places.place(two[0].at) > widest + 6.0);
        if is_apart || count <= 2.0 || !axis.names.is_empty() {
            return ticks;
        }
        count -= 1.0;
    }
}

/// Whether names below the drawing have to be turned, and how high the labels are.
fn names_below(ticks: &[Tick], axis: &Axis, room: f64) -> (bool, f64) {
    let line = LABELS * LEADING;
    if axis.names.is_empty() {
        return (false, line + 4.0);
    }
    let slot = room / ticks.len().max(1) as f64 - 4.0;
    let word =
        |tick: &Tick| tick.label.split_whitespace().map(|word| width(word, LABELS)).fold(0.0, f64::max);
    let lines = ticks.iter().map(|tick| wrapped(&tick.label, LABELS, slot).len()).max().unwrap_or(1);
    if ticks.iter().all(|tick| word(tick) <= slot) && lines <= 3 {
        return (false, lines as f64 * line + 4.0);
    }
    let longest = ticks.iter().map(|tick| width(&tick.label, LABELS)).fold(0.0, f64::max);
    (true, longest.min(TURNED_MAX) + 8.0)
}

/// The numbers of marks and bands above the drawing, in rows so that they do not touch.
fn numbers(chart: &Chart, x: &Ruler) -> Vec<(f64, u32, usize)> {
    let marks = chart.marks.iter().map(|mark| (mark.at, mark.number));
    let is_marked = |number: u32| chart.marks.iter().any(|mark| mark.number == number);
    let bands = chart.bands.iter().filter(|band| band.number > 0 && !is_marked(band.number));
    let mut all: Vec<(f64, u32)> = marks.chain(bands.map(|band| (band.from, band.number))).collect();
    all.retain(|(at, _)| at.is_finite() && x.shows(*at));
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut ends: Vec<f64> = Vec::new();
    let mut place = |(at, number): (f64, u32)| {
        let at = x.place(at);
        let row = ends.iter().position(|end| *end + 2.0 * NUMBER_RADIUS + 1.0 <= at).unwrap_or_else(|| {
            ends.push(0.0);
            ends.len() - 1
        });
        ends[row] = at;
        (at, number, row)
    };
    all.into_iter().map(&mut place).collect()
}

/// Places the entries of the legend from left to right, row by row; and where it ends.
fn legend(chart: &Chart, top: f64, across: f64) -> (Vec<Entry>, f64) {
    let series = chart.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
    let series = series.map(|(place, series)| (Of::Series(place), series.name.as_str()));
    let levels = chart.levels.iter().enumerate().map(|(place, level)| (Of::Level(place), level.1.as_str()));
    let marks = chart.marks.iter().filter(|mark| !mark.text.is_empty());
    let marks = marks.map(|mark| (Of::Mark(mark.number), mark.text.as_str()));
    let room = across - 2.0 * MARGIN;
    let mut entries = Vec::new();
    let (mut x, mut y, mut row) = (MARGIN, top, 0.0_f64);
    for (of, text) in series.chain(levels).chain(marks) {
        let text = wrapped(text, LABELS, room - SWATCH - 4.0);
        let widest = text.iter().map(|line| width(line, LABELS)).fold(0.0, f64::max);
        let wide = SWATCH + 4.0 + widest;
        if x > MARGIN && x + wide > MARGIN + room {
            (x, y) = (MARGIN, y + row);
            row = 0.0;
        }
        row = row.max(LEGEND_ROW * text.len().max(1) as f64);
        entries.push(Entry { of, text, at: (x, y) });
        x += wide + LEGEND_GAP;
    }
    (entries, y + row)
}
