//! What tells series apart: a color, a dash, a mark and a hatching each.
//!
//! Colors: M. Okabe and K. Ito, *Color Universal Design*, 2008; their yellow is too light for lines on white, so a grey
//! stands in its place.

use plotters::style::RGBColor;

use super::Ink;
use super::canvas::{Area, At, Canvas, Pen, WHITE};

/// How many inks there are; further series take them again from the first.
const INKS: usize = 8;

const COLORS: [RGBColor; INKS] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x22, 0x22, 0x22),
    RGBColor(0x8c, 0x8c, 0x8c),
];

const DASHES: [&[f64]; INKS] = [
    &[],
    &[7.0, 3.0],
    &[9.0, 3.0, 2.0, 3.0],
    &[2.0, 2.5],
    &[12.0, 4.0],
    &[6.0, 2.0, 2.0, 2.0, 2.0, 2.0],
    &[4.0, 4.0],
    &[1.0, 4.0],
];

/// Half the size of a mark, in pixels.
const MARK: f64 = 3.6;
/// Between lines of a hatching, in pixels.
const HATCH: f64 = 5.0;

impl Ink {
    fn place(self) -> usize {
        self.0 % INKS
    }

    pub(super) fn color(self) -> RGBColor {
        COLORS[self.place()]
    }

    /// Lengths of strokes and gaps; none: a full line.
    pub(super) fn dashes(self) -> &'static [f64] {
        DASHES[self.place()]
    }

    /// Draws a mark, filled or hollow.
    pub(super) fn mark(self, canvas: &mut Canvas, (x, y): At, is_hollow: bool) {
        let shape: Vec<At> = self.outline().iter().map(|(dx, dy)| (x + dx * MARK, y + dy * MARK)).collect();
        let inside = if is_hollow { WHITE } else { self.color() };
        let pen = Pen { color: self.color(), width: 1.6 };
        if shape.is_empty() {
            canvas.disk((x, y), MARK, inside);
            if is_hollow {
                canvas.ring((x, y), MARK, pen);
            }
            return;
        }
        canvas.fill(&shape, inside, 1.0);
        if is_hollow {
            let closed: Vec<At> = shape.iter().chain(shape.first()).copied().collect();
            canvas.path(&closed, pen);
        }
    }

    /// The corners of the mark around its middle; none: a circle.
    fn outline(self) -> &'static [At] {
        match self.place() {
            1 => &[(-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)],
            2 => &[(0.0, -1.25), (1.15, 0.9), (-1.15, 0.9)],
            3 => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
            4 => &[(0.0, 1.25), (1.15, -0.9), (-1.15, -0.9)],
            5 => &[(1.25, 0.0), (-0.9, 1.15), (-0.9, -1.15)],
            6 => &[(-0.45, -1.2), (0.45, -1.2), (0.45, 1.2), (-0.45, 1.2)],
            7 => &[(-1.2, -0.45), (1.2, -0.45), (1.2, 0.45), (-1.2, 0.45)],
            _ => &[],
        }
    }

    /// Fills an area with the color and, for greyscale, the hatching.
    pub(super) fn fill(self, canvas: &mut Canvas, area: Area) {
        canvas.rectangle(area, self.color(), 1.0);
        let lines = hatching(self.place(), area);
        if !lines.is_empty() && area.width() > 3.0 && area.height() > 2.0 {
            canvas.clipped(area, |canvas| {
                for line in &lines {
                    canvas.path(line, Pen { color: WHITE, width: 0.9 });
                }
            });
        }
        canvas.frame(area, Pen { color: WHITE, width: 0.8 });
    }
}

/// The lines of a hatching: each runs to and fro over the area and turns outside of it.
fn hatching(kind: usize, area: Area) -> Vec<Vec<At>> {
    match kind {
        1 => vec![rising(area, HATCH)],
        2 => vec![falling(area, HATCH)],
        3 => vec![level(area, HATCH)],
        4 => vec![rising(area, 2.0 * HATCH), falling(area, 2.0 * HATCH)],
        5 => vec![upright(area, HATCH)],
        7 => vec![level(area, HATCH), upright(area, HATCH)],
        _ => Vec::new(),
    }
}

/// Lines like `/`, `step` apart from left to right.
fn rising(area: Area, step: f64) -> Vec<At> {
    let (height, over) = (area.height() + 4.0, 2.0);
    sweep(area.left - height, area.right + over, step, |at, is_back| {
        let (low, high) = ((at, area.bottom + over), (at + height, area.bottom + over - height));
        if is_back { [high, low] } else { [low, high] }
    })
}

/// Lines like `\`.
fn falling(area: Area, step: f64) -> Vec<At> {
    let (height, over) = (area.height() + 4.0, 2.0);
    sweep(area.left - height, area.right + over, step, |at, is_back| {
        let (high, low) = ((at, area.top - over), (at + height, area.top - over + height));
        if is_back { [low, high] } else { [high, low] }
    })
}

fn level(area: Area, step: f64) -> Vec<At> {
    sweep(area.top + step / 2.0, area.bottom, step, |at, is_back| {
        let (left, right) = ((area.left - 2.0, at), (area.right + 2.0, at));
        if is_back { [right, left] } else { [left, right] }
    })
}

fn upright(area: Area, step: f64) -> Vec<At> {
    sweep(area.left + step / 2.0, area.right, step, |at, is_back| {
        let (high, low) = ((at, area.top - 2.0), (at, area.bottom + 2.0));
        if is_back { [low, high] } else { [high, low] }
    })
}

/// A line from place to place, there and back in turn.
fn sweep(from: f64, to: f64, step: f64, line: impl Fn(f64, bool) -> [At; 2]) -> Vec<At> {
    let count = ((to - from) / step).ceil().clamp(0.0, 2_000.0) as usize;
    (0..count).flat_map(|place| line(from + place as f64 * step, place % 2 == 1)).collect()
}
