//! Draws a matrix: cells in shades that differ in lightness, each with a word.

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use super::canvas::{Area, BLACK, Canvas, GREY, Pen, Type, WHITE, cut, width, wrapped};
use super::{Axis, Matrix, Square, Tone};

const TITLE: f64 = 13.0;
const TEXT: f64 = 11.0;
const LINE: f64 = 15.0;
const MARGIN: f64 = 8.0;
/// The most room for names of rows.
const ROWS_MAX: f64 = 230.0;
/// Small cells hold a letter, large ones some words.
const CELL_SMALL: (f64, f64) = (15.0, 18.0);
const CELL_MAX: f64 = 150.0;
/// A sheet with small cells is at most so wide; cells shrink to [`CELL_MIN`] first.
const ACROSS_MAX: f64 = 1_240.0;
const CELL_MIN: f64 = 4.0;
/// The most lines of words in a cell.
const LINES_MAX: usize = 4;

/// The matrix as a complete document.
pub(super) fn document(matrix: &Matrix) -> String {
    let plan = Plan::of(matrix);
    let mut canvas = Canvas::new();
    let bold = Type { is_bold: true, ..Type::new(TITLE, HPos::Left) };
    for (row, line) in plan.title.iter().enumerate() {
        canvas.text(line, (MARGIN, MARGIN + TITLE * (row as f64 * 1.35 + 0.7)), bold);
    }
    if matrix.cells.iter().all(Vec::is_empty) {
        let how = Type { color: GREY, ..Type::new(TEXT, HPos::Left) };
        canvas.text("Nothing to draw: there are no cells", (plan.left, plan.top + 20.0), how);
    }
    plan.columns(&mut canvas, &matrix.x);
    plan.rows(&mut canvas, matrix);
    for (row, cells) in matrix.cells.iter().enumerate() {
        for (column, square) in cells.iter().enumerate() {
            plan.square(&mut canvas, square, plan.area(row, column), &says(matrix, row, column));
        }
    }
    canvas.finish(&matrix.title, &matrix.description, plan.size)
}

/// Where everything goes.
struct Plan {
    size: (f64, f64),
    title: Vec<String>,
    /// The upper left of the first cell.
    left: f64,
    top: f64,
    cell: (f64, f64),
    columns: usize,
}

impl Plan {
    fn of(matrix: &Matrix) -> Plan {
        let columns = matrix.cells.iter().map(Vec::len).max().unwrap_or(0).max(matrix.x.names.len());
        let rows = matrix.cells.len().max(matrix.y.names.len());
        let names = matrix.y.names.iter().map(|name| width(name, TEXT)).fold(0.0, f64::max);
        let left = MARGIN + LINE + names.min(ROWS_MAX) + 6.0;
        let asked = f64::from(matrix.size.0);
        let room = (if asked > 0.0 { asked } else { ACROSS_MAX }) - left - MARGIN;
        let wide = cell_width(matrix, room / columns.max(1) as f64);
        let across = (left + wide * columns as f64 + MARGIN).max(320.0).max(asked);
        let title = wrapped(&matrix.title, TITLE, across - 2.0 * MARGIN);
        let lines = |square: &Square| wrapped(&square.text, TEXT, wide - 6.0).len();
        let most = matrix.cells.iter().flatten().map(lines).max().unwrap_or(1).clamp(1, LINES_MAX);
        let high = if most == 1 { CELL_SMALL.1.max(LINE + 6.0) } else { most as f64 * LINE + 6.0 };
        let heads =
            matrix.x.names.iter().map(|name| wrapped(name, TEXT, wide - 4.0).len()).max().unwrap_or(0);
        let heads = if wide < 40.0 { 1 } else { heads.min(3) };
        let top = MARGIN + title.len() as f64 * TITLE * 1.35 + 8.0 + (heads as f64 + 1.0) * LINE;
        let down = (top + high * rows.max(1) as f64 + MARGIN).max(f64::from(matrix.size.1));
        Plan { size: (across, down), title, left, top, cell: (wide, high), columns }
    }

    fn area(&self, row: usize, column: usize) -> Area {
        let (wide, high) = self.cell;
        let (left, top) = (self.left + column as f64 * wide, self.top + row as f64 * high);
        Area { left, top, right: left + wide, bottom: top + high }
    }

    /// Names above the columns; of narrow ones only as many as have room.
    fn columns(&self, canvas: &mut Canvas, axis: &Axis) {
        let middle = self.left + self.cell.0 * self.columns as f64 / 2.0;
        let widest = axis.names.iter().map(|name| width(name, TEXT)).fold(0.0, f64::max);
        let is_narrow = self.cell.0 < 40.0;
        let needed = if is_narrow { ((widest + 8.0) / self.cell.0).ceil().max(1.0) as usize } else { 1 };
        let every = [1, 2, 5, 10, 20, 50, 100].into_iter().find(|every| needed <= *every).unwrap_or(needed);
        let how = Type::new(TEXT, HPos::Center);
        for (column, name) in axis.names.iter().enumerate().step_by(every) {
            let at = self.left + (column as f64 + 0.5) * self.cell.0;
            let room = if is_narrow { f64::INFINITY } else { self.cell.0 - 4.0 };
            let lines = wrapped(name, TEXT, room);
            for (row, line) in lines.iter().take(3).enumerate() {
                let up = (lines.len().min(3) - row) as f64 - 0.5;
                canvas.text(line, (at, self.top - 3.0 - up * LINE), how);
            }
        }
        let name =
            if axis.unit.is_empty() { axis.name.clone() } else { format!("{} ({})", axis.name, axis.unit) };
        let above = MARGIN + self.title.len() as f64 * TITLE * 1.35 + LINE / 2.0 + 2.0;
        let half = width(&name, TEXT) / 2.0;
        let middle = middle.max(half + MARGIN).min((self.size.0 - half - MARGIN).max(half + MARGIN));
        canvas.text(&name, (middle, above), Type { color: GREY, ..how });
    }

    fn rows(&self, canvas: &mut Canvas, matrix: &Matrix) {
        for (row, name) in matrix.y.names.iter().enumerate() {
            let at = (self.left - 6.0, self.top + (row as f64 + 0.5) * self.cell.1);
            canvas.text(&cut(name, TEXT, ROWS_MAX), at, Type::new(TEXT, HPos::Right));
        }
        let rows = matrix.cells.len().max(matrix.y.names.len()).max(1) as f64;
        let center = self.top + rows * self.cell.1 / 2.0;
        let room = rows * self.cell.1;
        let how = Type { color: GREY, is_turned: true, ..Type::new(TEXT, HPos::Center) };
        canvas.text(&cut(&matrix.y.name, TEXT, room.max(60.0)), (MARGIN + TEXT / 2.0, center), how);
    }

    fn square(&self, canvas: &mut Canvas, square: &Square, area: Area, says: &str) {
        let fill = shade(square.tone);
        let ink = if lightness(fill) < 140.0 { WHITE } else { BLACK };
        canvas.linked(&square.link, says, |canvas| {
            canvas.rectangle(area, fill, 1.0);
            let thin = if self.cell.0 < 8.0 { 0.3 } else { 1.0 };
            canvas.frame(area, Pen { color: WHITE, width: thin });
            let lines = wrapped(&square.text, TEXT, area.width() - 3.0);
            if lines.iter().any(|line| line.ends_with('…')) && self.cell.0 < 40.0 {
                return;
            }
            let count = lines.len().min(LINES_MAX);
            let first = (area.top + area.bottom - (count as f64 - 1.0) * LINE) / 2.0;
            for (row, line) in lines.iter().take(LINES_MAX).enumerate() {
                let at = ((area.left + area.right) / 2.0, first + row as f64 * LINE);
                canvas.text(line, at, Type { color: ink, ..Type::new(TEXT, HPos::Center) });
            }
        });
    }
}

/// As wide as the longest words need, no wider than there is room, and no narrower than can be seen.
fn cell_width(matrix: &Matrix, room: f64) -> f64 {
    let texts = matrix.cells.iter().flatten().map(|square| width(&square.text, TEXT));
    let texts = texts.fold(0.0, f64::max);
    if texts <= 14.0 {
        return CELL_SMALL.0.max(texts + 5.0).min(room).max(CELL_MIN);
    }
    let words = |text: &str| text.split_whitespace().map(|word| width(word, TEXT)).fold(0.0, f64::max);
    let cells =
        matrix.cells.iter().flatten().map(|square| words(&square.text).max(width(&square.text, TEXT) / 2.5));
    let heads = matrix.x.names.iter().map(|name| words(name).max(width(name, TEXT) / 2.5));
    let needed = cells.chain(heads).fold(40.0, f64::max) + 12.0;
    needed.min(CELL_MAX).min(room).max(CELL_MIN)
}

/// What a cell says when pointed at: its row, its column, its words.
fn says(matrix: &Matrix, row: usize, column: usize) -> String {
    let name = |axis: &Axis, place: usize| axis.names.get(place).cloned().unwrap_or_default();
    let square = &matrix.cells[row][column];
    let what = match square.tone {
        Tone::Good if square.text.len() < 3 => "good",
        Tone::Fair if square.text.len() < 3 => "unknown",
        Tone::Bad if square.text.len() < 3 => "violated",
        _ => "",
    };
    let parts = [name(&matrix.y, row), name(&matrix.x, column), square.text.clone(), what.to_owned()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Kinds by color and, for greyscale, by lightness: light, middle, dark.
fn shade(tone: Tone) -> RGBColor {
    match tone {
        Tone::Good => RGBColor(0xbf, 0xe6, 0xd8),
        Tone::Fair => RGBColor(0xe6, 0xb0, 0x40),
        Tone::Bad => RGBColor(0x9c, 0x2f, 0x00),
        Tone::None => RGBColor(0xf2, 0xf2, 0xf2),
        Tone::Amount(share) => {
            let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
            let mix = |light: f64, dark: f64| (light + (dark - light) * share).round() as u8;
            RGBColor(mix(240.0, 0.0), mix(246.0, 64.0), mix(250.0, 110.0))
        }
    }
}

/// From 0 (black) to 255, as an eye sees it (ITU-R BT.601).
fn lightness(color: RGBColor) -> f64 {
    0.299 * f64::from(color.0) + 0.587 * f64::from(color.1) + 0.114 * f64::from(color.2)
}
