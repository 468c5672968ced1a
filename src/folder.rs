//! What is written into a folder: every file under another name first, then renamed, so that nothing is ever half there.

use std::fs;
use std::path::Path;

use reports::figure::Figure;

use crate::exit::Failure;

/// Writes a file.
pub(crate) fn put(out: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let (path, beside) = (out.join(name), out.join(format!(".{name}.part")));
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, &path))
        .map_err(|error| unwritten(&path, &error))
}

/// Writes figures: a file of SVG a drawing, and the numbers as CSV and JSON.
pub(crate) fn put_figures(out: &Path, figures: &[Figure]) -> Result<(), Failure> {
    for figure in figures {
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
    Ok(())
}

/// A file or folder that cannot be written.
pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", path.display()))
}

fn slug(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect::<String>()
        .to_ascii_lowercase()
}
