//! Charts as SVG. A chart says what is drawn; how it looks is decided here once, for all: colors that color-blind
//! readers tell apart (Okabe and Ito), and for greyscale and print a dash and a mark of its own for every series; titles,
//! axis names with units; a legend beside the data, never on it.
//!
//! Drawn by plotters' SVG backend into a string, with coordinates rounded to tenths of a pixel: the same chart gives the
//! same bytes. A drawing has no ids and no styles of its own, so that many stand in one page, under any content policy.
//!
//! Files in reading order: [`canvas`] (the sheet and its primitives), [`ink`] (what tells series apart), [`scale`] (axes
//! and ticks), [`layout`] (what goes where), [`draw`] (charts), [`matrix`].

mod canvas;
mod draw;
mod ink;
mod layout;
mod matrix;
mod scale;
#[cfg(test)]
mod tests;

/// An x-y chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Above the drawing, and the SVG's `<title>`.
    pub title: String,
    /// The SVG's `<desc>`: what is seen, in a sentence, for those who cannot see it.
    pub description: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// What is drawn, in order: the first is at the back and first in the legend.
    pub series: Vec<Series>,
    /// Spans of x, shaded over the whole height: faults.
    pub bands: Vec<Band>,
    /// Numbered lines at an x: when faults began. Numbers are drawn at the top, texts in the legend.
    pub marks: Vec<Mark>,
    /// Horizontal lines with a name: bounds, expectations.
    pub levels: Vec<(f64, String)>,
    /// Without the legend, which stands below, in pixels; zeros are the usual 640 by 400.
    pub size: (u32, u32),
    /// Why there is nothing to draw, if no series has a point: "the scenario has no faults".
    pub nothing: String,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What it measures: "latency".
    pub name: String,
    /// In which unit: "ms"; empty for plain numbers.
    pub unit: String,
    /// How values are laid out.
    pub scale: Scale,
    /// Its ends; none: what the data needs. Panels of one figure share theirs.
    pub range: Option<(f64, f64)>,
    /// Names instead of numbers, at 0, 1, 2, ..: for bars and matrices.
    pub names: Vec<String>,
}

/// How values are laid out on an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By their logarithm; values are positive.
    Log,
}

/// Something drawn on a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend; empty: not in the legend.
    pub name: String,
    /// Which color, dash and mark: protocols have theirs ([`Ink::of`]).
    pub ink: Ink,
    /// How it is drawn.
    pub shape: Shape,
    /// x, y; for [`Shape::Bars`] x counts places of the axis' names. A y that is no number breaks a line.
    pub points: Vec<(f64, f64)>,
    /// Confidence intervals, one a point, or none at all: low and high.
    pub intervals: Vec<(f64, f64)>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line from point to point, intervals as a ribbon.
    Line,
    /// A line with a mark on every point, intervals as whiskers.
    MarkedLine,
    /// Stairs: y holds until the next x. For distributions and counts.
    Steps,
    /// Filled marks.
    Points,
    /// Hollow marks: published values.
    Hollow,
    /// Bars from zero; bars at the same x stand beside each other, in order of series.
    Bars,
    /// Bars that stand on the bars of the series before it.
    Stacked,
}

/// A color with a dash and a mark of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink(pub usize);

impl Ink {
    /// The ink of a protocol: Paxos, Zab and Raft have fixed ones, others get one by their name's place.
    pub fn of(protocol: &str) -> Ink {
        match protocol {
            "paxos" => Ink(0),
            "zab" => Ink(1),
            "raft" => Ink(2),
            _ => Ink(3),
        }
    }
}

/// A span of x.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Its left end.
    pub from: f64,
    /// Its right end.
    pub to: f64,
    /// Its number, as in the marks; zero: none.
    pub number: u32,
}

/// A numbered line.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where.
    pub at: f64,
    /// Its number, from 1.
    pub number: u32,
    /// What it stands for, in the legend.
    pub text: String,
}

/// A matrix of colored cells with a word in each: verdicts, heat maps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// See [`Chart::title`].
    pub title: String,
    /// See [`Chart::description`].
    pub description: String,
    /// What columns are, and their names.
    pub x: Axis,
    /// What rows are, and their names, from the top.
    pub y: Axis,
    /// Row by row from the top: what each cell says, and how dark it is.
    pub cells: Vec<Vec<Square>>,
    /// In pixels; zeros: as large as its cells need.
    pub size: (u32, u32),
}

/// A cell of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Square {
    /// What it says; a letter or two where cells are small.
    pub text: String,
    /// What kind it is.
    pub tone: Tone,
    /// Where it leads when clicked; empty: nowhere.
    pub link: String,
}

/// What kind of cell. Kinds differ in lightness too, so that they are told apart in grey.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Not well, but not wrong: undecided, slow.
    Fair,
    /// Wrong.
    Bad,
    /// Nothing to say.
    None,
    /// By amount, from 0 (light) to 1 (dark).
    Amount(f64),
}

impl Chart {
    /// The chart as a complete SVG document.
    pub fn svg(&self) -> String {
        draw::document(self)
    }
}

impl Matrix {
    /// The matrix as a complete SVG document.
    pub fn svg(&self) -> String {
        matrix::document(self)
    }
}
