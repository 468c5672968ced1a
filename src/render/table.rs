//! Tables: measures down, protocols across, a rule under the head and under each section's name. Plain ASCII.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, TableComponent, Width};

/// The widest first column, padding included.
const FIRST_COLUMN_MAX: u16 = 34;
/// The widest of the others: three of them and the first stay within 120 columns.
const OTHER_COLUMN_MAX: u16 = 28;

/// A table whose rows are measures and whose columns are protocols.
pub(crate) struct SideBySide {
    table: Table,
    columns: usize,
}

impl SideBySide {
    /// A table with these columns beside the first.
    pub(crate) fn new(columns: &[String]) -> SideBySide {
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::NOTHING);
        table.set_style(TableComponent::HeaderLines, '-');
        table.set_style(TableComponent::MiddleHeaderIntersections, ' ');
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(FIRST_COLUMN_MAX + OTHER_COLUMN_MAX * columns.len() as u16);
        let mut head = vec![String::new()];
        head.extend_from_slice(columns);
        table.set_header(head);
        SideBySide { table, columns: columns.len() }
    }

    /// Begins a section.
    pub(crate) fn section(&mut self, name: &str) {
        let blank = || vec![String::new(); self.columns + 1];
        let mut head = blank();
        head[0] = format!("{name}:");
        self.table.add_row(blank());
        self.table.add_row(head);
    }

    /// Adds a measure.
    pub(crate) fn row(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        let mut row = vec![name.to_string()];
        row.extend(cells);
        assert_eq!(row.len(), self.columns + 1, "a cell a column");
        self.table.add_row(row);
    }

    /// The text, each line without spaces at its end, the last one ended.
    pub(crate) fn text(mut self) -> String {
        for (index, column) in self.table.column_iter_mut().enumerate() {
            let width = if index == 0 { FIRST_COLUMN_MAX } else { OTHER_COLUMN_MAX };
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(width)));
        }
        trimmed(&self.table.to_string())
    }
}

/// A table with a head and rows. The first column, a name to copy, is never wrapped; the others share what is left
/// of 120.
pub(crate) fn listing(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '-');
    table.set_style(TableComponent::MiddleHeaderIntersections, ' ');
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(120);
    table.set_header(head.to_vec());
    for row in rows {
        table.add_row(row);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_constraint(ColumnConstraint::ContentWidth);
    }
    trimmed(&table.to_string())
}

/// A table with a head and rows of short words, none of which is wrapped.
pub(crate) fn columns(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '-');
    table.set_style(TableComponent::MiddleHeaderIntersections, ' ');
    table.set_header(head.to_vec());
    for row in rows {
        table.add_row(row);
    }
    trimmed(&table.to_string())
}

/// Lines without spaces at their ends and without the padding before them.
fn trimmed(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line).trim_end())).collect()
}
