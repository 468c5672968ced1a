//! A page of figures and one table, without a run to walk through and without a script.

use checker::explain::markup::{escape, filled};

use crate::figure::{Figure, Table};
use crate::page::markup::policy;
use crate::page::{STYLE, sections};

/// What such a page is made of.
pub struct Sheet<'a> {
    /// Its title.
    pub title: &'a str,
    /// What it is about; may be empty.
    pub about: &'a str,
    /// The verdict in one sentence.
    pub verdict: &'a str,
    /// Whether all held, something was violated, or something is unknown: `ok`, `violated`, `unknown`.
    pub state: &'a str,
    /// The line that reproduces the page.
    pub reproduce: &'a str,
    /// The table's heading.
    pub table_title: &'a str,
    /// The table, shown whole.
    pub table: &'a Table,
    /// The figures, in order.
    pub figures: &'a [Figure],
}

const HTML: &str = include_str!("sheet.html");

/// The page: the same input gives the same bytes.
pub fn sheet(sheet: &Sheet<'_>) -> String {
    let parts = [
        ("{{policy}}", policy(None, STYLE, sheet.figures)),
        ("{{title}}", escape(sheet.title)),
        ("{{style}}", STYLE.to_owned()),
        ("{{heading}}", escape(sheet.title)),
        ("{{about}}", sections::teaches(sheet.about)),
        ("{{state}}", escape(sheet.state)),
        ("{{verdict}}", escape(sheet.verdict)),
        ("{{reproduce}}", escape(sheet.reproduce)),
        ("{{figures}}", sections::figures(sheet.figures)),
        ("{{table-title}}", escape(sheet.table_title)),
        ("{{table}}", sections::table(sheet.table, usize::MAX)),
    ];
    filled(HTML, &parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_no_script_and_shows_text_as_text() {
        let mut table = Table::new(&["what", "ours"]);
        table.push(vec!["<b>p50</b>".into(), 1.5.into()]);
        let page = sheet(&Sheet {
            title: "a < b",
            about: "",
            verdict: "All 1 rows are in their bands.",
            state: "ok",
            reproduce: "quorate figures",
            table_title: "Rows",
            table: &table,
            figures: &[],
        });
        assert!(page.contains("script-src 'none'") && !page.contains("<script"));
        assert!(page.contains("&lt;b&gt;p50&lt;/b&gt;") && page.contains("a &lt; b"));
        assert!(!page.contains("{{"));
    }
}
