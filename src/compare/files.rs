//! What is written to the folder: every file under another name first, then renamed, so that nothing is ever half there.

use std::fs;
use std::path::Path;

use super::Report;
use crate::exit::Failure;

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
    for figure in &report.figures {
        for panel in &figure.panels {
            let name = slug(&panel.name);
            let name = if name.is_empty() {
                format!("{}.svg", figure.id)
            } else {
                format!("{}.{name}.svg", figure.id)
            };
            put(out, &name, &panel.svg)?;
        }
        put(out, &format!("{}.csv", figure.id), &figure.data.csv())?;
        let document = serde_json::json!({
            "id": figure.id,
            "title": figure.title,
            "how_to_read": figure.how_to_read,
            "columns": figure.data.columns,
            "rows": figure.data.rows,
        });
        put(out, &format!("{}.json", figure.id), &(document.to_string() + "\n"))?;
    }
    put(out, "summary.txt", &report.text())?;
    put(out, "summary.json", &crate::render::json(&report.document))?;
    put(out, PAGE, &report.page)
}

fn put(out: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let (path, beside) = (out.join(name), out.join(format!(".{name}.part")));
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, &path))
        .map_err(|error| unwritten(&path, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", path.display()))
}

fn slug(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect::<String>()
        .to_ascii_lowercase()
}
