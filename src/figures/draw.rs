//! What figures draw with, beyond `reports::plot`: series by shape, and figures of one or two panels.

use reports::figure::{Figure, Panel, Table};
use reports::plot::{Axis, Chart, Ink, Scale, Series, Shape};

/// A linear axis.
pub(super) fn axis(name: &str, unit: &str) -> Axis {
    Axis { name: name.to_string(), unit: unit.to_string(), ..Axis::default() }
}

/// A logarithmic axis.
pub(super) fn log_axis(name: &str, unit: &str) -> Axis {
    Axis { scale: Scale::Log, ..axis(name, unit) }
}

/// A series without intervals.
pub(super) fn series(name: &str, ink: Ink, shape: Shape, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.to_string(), ink, shape, points, intervals: Vec::new() }
}

/// A panel: a chart and what it is of.
pub(super) fn panel(name: &str, chart: &Chart) -> Panel {
    Panel { name: name.to_string(), svg: chart.svg() }
}

/// A figure. `id` is its name in files.
pub(super) fn figure(id: &str, title: &str, how_to_read: &str, panels: Vec<Panel>, data: Table) -> Figure {
    Figure {
        id: id.to_string(),
        title: title.to_string(),
        how_to_read: how_to_read.to_string(),
        panels,
        data,
    }
}
