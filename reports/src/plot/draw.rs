//! Draws a chart: shading and grid first, then the data, then what is written around it.

use plotters::style::text_anchor::HPos;

use super::canvas::{Area, At, BLACK, Canvas, GREY, GRID, Pen, Type, WHITE, cut, wrapped};
use super::layout::{
    Entry, LABELS, LEADING, Layout, NAMES, NUMBER_RADIUS, NUMBER_ROW, Of, SWATCH, TITLE, stacks,
};
use super::{Axis, Chart, Scale, Series, Shape};

/// How much of a place bars take.
const BARS_SHARE: f64 = 0.76;
/// The widest bar.
const BAR_MAX: f64 = 72.0;
/// Dashes of horizontal levels, in turn.
const LEVEL_DASHES: [&[f64]; 3] = [&[10.0, 4.0], &[3.0, 3.0], &[10.0, 3.0, 3.0, 3.0]];
const MARK_DASHES: [f64; 2] = [3.0, 3.0];

/// The chart as a complete document.
pub(super) fn document(chart: &Chart) -> String {
    let layout = Layout::of(chart);
    let mut canvas = Canvas::new();
    let drawing = Drawing { chart, layout: &layout };
    drawing.title(&mut canvas);
    if chart.series.iter().any(|series| series.points.iter().any(|point| point.1.is_finite())) {
        drawing.grid(&mut canvas);
        drawing.data(&mut canvas);
        drawing.axes(&mut canvas);
    } else {
        drawing.nothing(&mut canvas);
    }
    drawing.numbers(&mut canvas);
    drawing.legend(&mut canvas);
    canvas.finish(&chart.title, &chart.description, layout.size)
}

struct Drawing<'a> {
    chart: &'a Chart,
    layout: &'a Layout,
}

impl Drawing<'_> {
    fn title(&self, canvas: &mut Canvas) {
        let how = Type { is_bold: true, ..Type::new(TITLE, HPos::Left) };
        for (row, line) in self.layout.title.iter().enumerate() {
            canvas.text(line, (8.0, 8.0 + TITLE * (row as f64 * LEADING + 0.7)), how);
        }
    }

    /// Shaded bands, lines at ticks, numbered lines, levels.
    fn grid(&self, canvas: &mut Canvas) {
        let Layout { plot, x, y, .. } = self.layout;
        canvas.clipped(*plot, |canvas| {
            for band in &self.chart.bands {
                let (left, right) = (x.place(band.from), x.place(band.to));
                let area = Area { left, right: right.max(left + 1.5), ..*plot };
                canvas.rectangle(area, BLACK, 0.11);
            }
            let thin = Pen { color: GRID, width: 0.5 };
            let across =
                |canvas: &mut Canvas, at: f64, pen| canvas.path(&[(plot.left, at), (plot.right, at)], pen);
            let down =
                |canvas: &mut Canvas, at: f64, pen| canvas.path(&[(at, plot.top), (at, plot.bottom)], pen);
            y.minor().iter().for_each(|at| across(canvas, y.place(*at), thin));
            x.minor().iter().for_each(|at| down(canvas, x.place(*at), thin));
            let full = Pen { color: GRID, width: 1.0 };
            self.layout.y_ticks.iter().for_each(|tick| across(canvas, y.place(tick.at), full));
            if self.chart.x.names.is_empty() {
                self.layout.x_ticks.iter().for_each(|tick| down(canvas, x.place(tick.at), full));
            }
            let marked = Pen { color: GREY, width: 1.0 };
            canvas.dashed(&MARK_DASHES, |canvas| {
                for mark in &self.chart.marks {
                    down(canvas, x.place(mark.at), marked);
                }
            });
            for (place, (level, _)) in self.chart.levels.iter().enumerate() {
                let pen = Pen { color: BLACK, width: 1.2 };
                canvas.dashed(level_dashes(place), |canvas| across(canvas, y.place(*level), pen));
            }
        });
    }

    fn data(&self, canvas: &mut Canvas) {
        let groups = self.chart.series.iter().filter(|series| series.shape == Shape::Bars).count();
        let stacks = stacks(self.chart);
        let mut group = 0;
        for (series, stack) in self.chart.series.iter().zip(&stacks) {
            match series.shape {
                Shape::Line | Shape::MarkedLine | Shape::Steps => self.line(canvas, series),
                Shape::Points | Shape::Hollow => {}
                Shape::Bars => {
                    self.bars(canvas, series, group, groups);
                    group += 1;
                }
                Shape::Stacked => self.stacked(canvas, series, stack),
            }
            if matches!(series.shape, Shape::MarkedLine | Shape::Points | Shape::Hollow) {
                self.whiskers(canvas, series, 0.0);
                self.marks(canvas, series);
            }
        }
    }

    fn at(&self, (x, y): At) -> At {
        (self.layout.x.place(x), self.layout.y.place(y))
    }

    fn line(&self, canvas: &mut Canvas, series: &Series) {
        let pen = Pen { color: series.ink.color(), width: 1.8 };
        canvas.clipped(self.layout.plot, |canvas| {
            if series.shape != Shape::MarkedLine {
                self.ribbon(canvas, series);
            }
            // Where a value is missing, the line is broken.
            for part in series.points.split(|point| !is_finite(point)) {
                let places = thinned(&self.corners(part, series.shape));
                if let [only] = part {
                    series.ink.mark(canvas, self.at(*only), false);
                }
                canvas.dashed(series.ink.dashes(), |canvas| canvas.path(&places, pen));
            }
        });
    }

    /// The points of a line on the sheet; those of stairs with their corners.
    fn corners(&self, points: &[At], shape: Shape) -> Vec<At> {
        let mut places: Vec<At> = Vec::with_capacity(points.len() * 2);
        for point in points {
            let place = self.at(*point);
            if let (Shape::Steps, Some(last)) = (shape, places.last().copied()) {
                places.push((place.0, last.1));
            }
            places.push(place);
        }
        places
    }

    fn ribbon(&self, canvas: &mut Canvas, series: &Series) {
        if series.intervals.len() != series.points.len() || series.points.len() < 2 {
            return;
        }
        let side = |pick: fn(&(f64, f64)) -> f64| {
            let both = series.points.iter().zip(&series.intervals);
            let ends = both.map(|(point, interval)| (point.0, pick(interval))).filter(is_finite);
            self.corners(&ends.collect::<Vec<_>>(), series.shape)
        };
        let mut shape = thinned(&side(|interval| interval.0));
        shape.extend(thinned(&side(|interval| interval.1)).into_iter().rev());
        canvas.fill(&shape, series.ink.color(), 0.2);
    }

    fn whiskers(&self, canvas: &mut Canvas, series: &Series, shift: f64) {
        let Area { top, bottom, .. } = self.layout.plot;
        let pen = Pen { color: BLACK, width: 1.1 };
        for (point, (low, high)) in series.points.iter().zip(&series.intervals) {
            if !is_finite(point) || !is_finite(&(*low, *high)) || !self.layout.x.shows(point.0) {
                continue;
            }
            let x = self.layout.x.place(point.0) + shift;
            let (low, high) = (self.at((point.0, *low)).1, self.at((point.0, *high)).1);
            let (low, high) = (low.clamp(top, bottom), high.clamp(top, bottom));
            canvas.path(&[(x - 3.0, low), (x + 3.0, low)], pen);
            canvas.path(&[(x, low), (x, high)], pen);
            canvas.path(&[(x - 3.0, high), (x + 3.0, high)], pen);
        }
    }

    fn marks(&self, canvas: &mut Canvas, series: &Series) {
        for point in series.points.iter().filter(|point| is_finite(point)) {
            if self.layout.x.shows(point.0) && self.layout.y.shows(point.1) {
                series.ink.mark(canvas, self.at(*point), series.shape == Shape::Hollow);
            }
        }
    }

    fn bars(&self, canvas: &mut Canvas, series: &Series, group: usize, groups: usize) {
        let wide = (self.slot() * BARS_SHARE / groups as f64).min(BAR_MAX);
        let shift = (group as f64 - (groups as f64 - 1.0) / 2.0) * wide;
        for point in series.points.iter().filter(|point| is_finite(point)) {
            self.bar(canvas, series, (point.0, shift, wide), (self.base(), point.1));
        }
        self.whiskers(canvas, series, shift);
    }

    fn stacked(&self, canvas: &mut Canvas, series: &Series, stack: &[(f64, f64, f64)]) {
        let wide = (self.slot() * BARS_SHARE).min(BAR_MAX);
        for (x, from, to) in stack {
            self.bar(canvas, series, (*x, 0.0, wide), (from.max(self.base()), *to));
        }
    }

    fn bar(&self, canvas: &mut Canvas, series: &Series, (x, shift, wide): (f64, f64, f64), ends: (f64, f64)) {
        let middle = self.layout.x.place(x) + shift;
        let (a, b) = (self.layout.y.place(ends.0), self.layout.y.place(ends.1));
        let Area { top, bottom, .. } = self.layout.plot;
        let (upper, lower) = (a.min(b).clamp(top, bottom), a.max(b).clamp(top, bottom));
        if lower - upper > 0.05 {
            let area =
                Area { left: middle - wide / 2.0, right: middle + wide / 2.0, top: upper, bottom: lower };
            series.ink.fill(canvas, area);
        }
    }

    /// Where bars begin.
    fn base(&self) -> f64 {
        if self.chart.y.scale == Scale::Log { self.layout.y.low() } else { 0.0 }
    }

    /// How wide a place of the x axis is.
    fn slot(&self) -> f64 {
        self.layout.x.place(1.0) - self.layout.x.place(0.0)
    }

    fn axes(&self, canvas: &mut Canvas) {
        let Layout { plot, x, y, .. } = self.layout;
        canvas.frame(*plot, Pen { color: GREY, width: 1.0 });
        let labels = Type::new(LABELS, HPos::Right);
        for tick in &self.layout.y_ticks {
            let room = plot.left - NAMES * LEADING - 14.0;
            canvas.text(&cut(&tick.label, LABELS, room), (plot.left - 5.0, y.place(tick.at)), labels);
        }
        let slot = plot.width() / self.layout.x_ticks.len().max(1) as f64 - 4.0;
        let middle = Type::new(LABELS, HPos::Center);
        for tick in &self.layout.x_ticks {
            let at = x.place(tick.at);
            if self.layout.is_turned {
                let label = cut(&tick.label, LABELS, self.layout.x_labels - 8.0);
                canvas.text(&label, (at, plot.bottom + 5.0), Type { is_turned: true, ..labels });
                continue;
            }
            let room = if self.chart.x.names.is_empty() { f64::INFINITY } else { slot };
            for (row, line) in wrapped(&tick.label, LABELS, room).iter().enumerate() {
                canvas.text(line, (at, plot.bottom + 11.0 + row as f64 * LABELS * LEADING), middle);
            }
        }
        self.names(canvas);
    }

    /// What the axes measure, in which units.
    fn names(&self, canvas: &mut Canvas) {
        let plot = self.layout.plot;
        let how = Type::new(NAMES, HPos::Center);
        let below = plot.bottom + self.layout.x_labels + NAMES * 0.75;
        let (middle, center) = ((plot.left + plot.right) / 2.0, (plot.top + plot.bottom) / 2.0);
        let x_name = cut(&named(&self.chart.x), NAMES, self.layout.size.0 - 8.0);
        canvas.text(&x_name, (middle.min(self.layout.size.0 / 2.0 + 24.0), below), how);
        let room = plot.bottom + self.layout.x_labels;
        let y_name = cut(&named(&self.chart.y), NAMES, room - 8.0);
        let center = center.max(super::canvas::width(&y_name, NAMES) / 2.0);
        canvas.text(&y_name, (8.0 + NAMES / 2.0, center), Type { is_turned: true, ..how });
    }

    fn numbers(&self, canvas: &mut Canvas) {
        for (at, number, row) in &self.layout.numbers {
            let y = self.layout.plot.top - 2.0 - NUMBER_ROW * (*row as f64 + 0.5);
            numbered(canvas, (*at, y), *number);
        }
    }

    fn nothing(&self, canvas: &mut Canvas) {
        let plot = self.layout.plot;
        canvas.frame(plot, Pen { color: GREY, width: 1.0 });
        let why = if self.chart.nothing.is_empty() { "there is no data" } else { &self.chart.nothing };
        let lines = wrapped(&format!("Nothing to draw: {why}"), NAMES, plot.width() - 16.0);
        let first = (plot.top + plot.bottom - (lines.len() as f64 - 1.0) * NAMES * LEADING) / 2.0;
        for (row, line) in lines.iter().enumerate() {
            let at = ((plot.left + plot.right) / 2.0, first + row as f64 * NAMES * LEADING);
            canvas.text(line, at, Type { color: GREY, ..Type::new(NAMES, HPos::Center) });
        }
        self.names(canvas);
    }

    fn legend(&self, canvas: &mut Canvas) {
        for entry in &self.layout.entries {
            self.swatch(canvas, entry);
            for (row, line) in entry.text.iter().enumerate() {
                let at = (entry.at.0 + SWATCH + 4.0, entry.at.1 + 8.5 + row as f64 * 17.0);
                canvas.text(line, at, Type::new(LABELS, HPos::Left));
            }
        }
    }

    fn swatch(&self, canvas: &mut Canvas, entry: &Entry) {
        let (left, y) = (entry.at.0, entry.at.1 + 8.5);
        let ends = [(left, y), (left + SWATCH, y)];
        let middle = (left + SWATCH / 2.0, y);
        match entry.of {
            Of::Mark(number) => numbered(canvas, (left + SWATCH - NUMBER_RADIUS - 2.0, y), number),
            Of::Level(place) => {
                let pen = Pen { color: BLACK, width: 1.2 };
                canvas.dashed(level_dashes(place), |canvas| canvas.path(&ends, pen));
            }
            Of::Series(place) => {
                let Series { ink, shape, .. } = &self.chart.series[place];
                if matches!(shape, Shape::Bars | Shape::Stacked) {
                    let area = Area { left: left + 8.0, right: left + SWATCH, top: y - 6.0, bottom: y + 6.0 };
                    return ink.fill(canvas, area);
                }
                if matches!(shape, Shape::Line | Shape::MarkedLine | Shape::Steps) {
                    let pen = Pen { color: ink.color(), width: 1.8 };
                    canvas.dashed(ink.dashes(), |canvas| canvas.path(&ends, pen));
                }
                if matches!(shape, Shape::MarkedLine | Shape::Points | Shape::Hollow) {
                    ink.mark(canvas, middle, *shape == Shape::Hollow);
                }
            }
        }
    }
}

fn level_dashes(place: usize) -> &'static [f64] {
    LEVEL_DASHES[place % LEVEL_DASHES.len()]
}

/// A number in a circle.
fn numbered(canvas: &mut Canvas, at: At, number: u32) {
    canvas.disk(at, NUMBER_RADIUS, GREY);
    let size = if number < 100 { 10.0 } else { 8.0 };
    let how = Type { color: WHITE, is_bold: true, ..Type::new(size, HPos::Center) };
    canvas.text(&number.to_string(), at, how);
}

/// The axis' name with its unit.
fn named(axis: &Axis) -> String {
    let scale = if axis.scale == Scale::Log { "log scale" } else { "" };
    match (axis.unit.as_str(), scale) {
        ("", "") => axis.name.clone(),
        (unit, "") => format!("{} ({unit})", axis.name),
        ("", scale) => format!("{} ({scale})", axis.name),
        (unit, scale) => format!("{} ({unit}, {scale})", axis.name),
    }
}

fn is_finite(point: &(f64, f64)) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

/// The path without points that lie on the one before, or on a level or upright line between their neighbors.
fn thinned(path: &[At]) -> Vec<At> {
    let near = |a: f64, b: f64| (a - b).abs() < 0.1;
    let mut kept: Vec<At> = Vec::with_capacity(path.len());
    for point in path {
        if let [.., before, last] = kept.as_slice() {
            let is_level =
                near(before.1, last.1) && near(last.1, point.1) && before.0 <= last.0 && last.0 <= point.0;
            let is_upright = near(before.0, last.0)
                && near(last.0, point.0)
                && (last.1 - before.1) * (point.1 - last.1) >= 0.0;
            if is_level || is_upright {
                kept.pop();
            }
        }
        kept.push(*point);
    }
    kept
}
