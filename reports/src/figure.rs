//! A figure: what is drawn, the numbers behind it, and how to read it.

use serde::Serialize;

/// A figure of a report: one drawing, or one a protocol with a shared scale.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Its name in files and links: `latency-cdf`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How to read it and what it teaches: one short paragraph.
    pub how_to_read: String,
    /// Its drawings from left to right, all on the same scales.
    pub panels: Vec<Panel>,
    /// The numbers behind it.
    pub data: Table,
}

/// A drawing of a figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Panel {
    /// What it is of, usually a protocol's name; empty if the figure has only one.
    pub name: String,
    /// The drawing: a complete SVG document with `<title>` and `<desc>`.
    pub svg: String,
}

/// Numbers in columns: what CSV and JSON files are made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// Names of the columns, with their units: `latency_ms`.
    pub columns: Vec<String>,
    /// Rows; as many cells as columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number. Finite.
    Number(f64),
    /// Nothing: not measured, does not apply.
    Nothing,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: &[&str]) -> Table {
        Table { columns: columns.iter().map(|column| (*column).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row. It has a cell for every column.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.columns.len(), "a row has a cell for every column");
        self.rows.push(row);
    }

    /// The table as CSV (RFC 4180, but with `\n` between lines), with a line of names first.
    pub fn csv(&self) -> String {
        let mut csv = self.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",");
        csv.push('\n');
        for row in &self.rows {
            csv.push_str(&row.iter().map(Cell::csv).collect::<Vec<_>>().join(","));
            csv.push('\n');
        }
        csv
    }
}

impl Cell {
    fn csv(&self) -> String {
        match self {
            Cell::Text(text) => quoted(text),
            Cell::Whole(number) => number.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Nothing => String::new(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Cell {
        Cell::Whole(i64::try_from(number).expect("a count or a time in nanoseconds"))
    }
}

impl From<f64> for Cell {
    /// What is not finite becomes [`Cell::Nothing`].
    fn from(number: f64) -> Cell {
        if number.is_finite() { Cell::Number(number) } else { Cell::Nothing }
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Cell {
        cell.map_or(Cell::Nothing, Into::into)
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_written_as_csv() {
        let mut table = Table::new(&["protocol", "latency_ms", "note"]);
        table.push(vec!["raft".into(), 1.5.into(), "a, \"b\"".into()]);
        table.push(vec!["zab".into(), f64::NAN.into(), Cell::from(None::<u64>)]);
        assert_eq!(table.csv(), "protocol,latency_ms,note\nraft,1.5,\"a, \"\"b\"\"\"\nzab,,\n");
    }
}
