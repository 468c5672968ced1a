//! What is written to the folder.

use std::fs;
use std::path::Path;

use super::Report;
use crate::exit::Failure;
use crate::folder::{put, put_figures, unwritten};

/// The page. Written last: where it is, the report is complete.
pub(super) const PAGE: &str = "report.html";

/// Refuses a folder that holds something else.
pub(super) fn check(out: &Path, force: bool) -> Result<(), Failure> {
    if out.exists() && !out.is_dir() {
        return Err(Failure::usage(format!("{} is a file; --out takes a folder", out.display())));
    }
    let is_empty =
        !out.exists() || fs::read_dir(out).map_err(|error| unwritten(out, &error))?.next().is_none();
    if is_empty || force || out.join(PAGE).exists() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{} holds files and no report; give another folder, or --force to write into it",
        out.display()
    )))
}

/// Writes the report.
pub(super) fn write(out: &Path, report: &Report) -> Result<(), Failure> {
    fs::create_dir_all(out).map_err(|error| unwritten(out, &error))?;
    put_figures(out, &report.figures)?;
    put(out, "summary.txt", &report.text())?;
    put(out, "summary.json", &crate::render::json(&report.document))?;
    put(out, PAGE, &report.page)
}
