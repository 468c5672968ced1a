//! What a command works on: files, protocols, rules.

use std::path::{Path, PathBuf};

use crate::engine::{self, Errors, Protocol, Scenario};
use crate::exit::Failure;
use crate::terminal::Terminal;

/// Where the library lives, for commands that are given no path.
pub(crate) const LIBRARY: &str = "scenarios";
/// How deep folders of scenarios may be nested: a loop of links ends here.
const FOLDER_DEPTH_MAX: usize = 16;

/// Folders below [`LIBRARY`] that are no part of the library: the catalogue of mutants, and the scenarios of figures, of
/// which some do not recover, which is their point.
const APART: [&str; 2] = ["mutants", "figures"];
/// Files that are no scenarios.
const OTHERS: [&str; 2] = ["Cargo.toml", "catalogue.toml"];

/// The scenario files that these paths name: a file is itself, a folder every `*.toml` under it, sorted, but those
/// apart, unless their folder is named itself. A file named twice is taken once.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, 0, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    let mut known = std::collections::BTreeSet::new();
    files.retain(|file| known.insert(file.clone()));
    Ok(files)
}

/// Adds every scenario file under a folder.
fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if depth > FOLDER_DEPTH_MAX {
        return Err(Failure::usage(format!("{}: folders are nested too deep", folder.display())));
    }
    let unreadable =
        |error| Failure::usage(format!("{}: the folder cannot be read: {error}", folder.display()));
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        entries.push(entry.map_err(unreadable)?.path());
    }
    entries.sort();
    for entry in entries {
        if entry.is_dir() && !APART.iter().any(|apart| entry.ends_with(apart)) {
            walk(&entry, depth + 1, files)?;
        } else if entry.extension().is_some_and(|extension| extension == "toml")
            && OTHERS.iter().all(|other| !entry.ends_with(other))
        {
            files.push(entry);
        }
    }
    Ok(())
}

/// `KEY=VALUE` of the command line.
pub(crate) fn key_and_value(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_string(), value.trim().to_string()))
        }
        _ => Err("expected KEY=VALUE, such as network.loss=0.1".to_string()),
    }
}

/// Reads every file, each with these keys set. If any has errors, all errors of all files are shown, and nothing is run.
pub(crate) fn scenarios(
    files: &[PathBuf],
    set: &[(String, String)],
    terminal: &Terminal,
) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios = Vec::new();
    let mut faulty = 0;
    for file in files {
        match Scenario::read_with(file, set) {
            Ok(scenario) => scenarios.push(scenario),
            Err(errors) => {
                show(&errors, terminal);
                faulty += 1;
            }
        }
    }
    match faulty {
        0 => Ok(scenarios),
        1 => Err(Failure::usage("a scenario file has errors; nothing was run")),
        _ => Err(Failure::usage(format!("{faulty} scenario files have errors; nothing was run"))),
    }
}

/// Shows what is wrong with a file: with excerpts where colors are welcome, else a line an error.
pub(crate) fn show(errors: &Errors, terminal: &Terminal) {
    if !terminal.color_of_diagnostics {
        return terminal.note(errors.plain.trim_end());
    }
    let mut text = String::new();
    let drawn = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode())
        .render_report(&mut text, errors.report.as_ref());
    terminal.note(if drawn.is_ok() { text.trim_end() } else { errors.plain.trim_end() });
}

/// The protocols to run of those that a file is for: the wanted ones, in the order of the file; all if none is named.
pub(crate) fn protocols(scenario: &Scenario, wanted: &[Protocol]) -> Vec<Protocol> {
    let chosen = |protocol: &Protocol| wanted.is_empty() || wanted.contains(protocol);
    scenario.protocols().iter().copied().filter(chosen).collect()
}

/// Refuses rules that nobody has.
pub(crate) fn known_rules(without: &[String]) -> Result<(), Failure> {
    let rules = engine::rules();
    let known = |id: &String| rules.iter().flat_map(|(_, rules)| *rules).any(|rule| rule.id == id);
    match without.iter().find(|id| !known(id)) {
        None => Ok(()),
        Some(id) => Err(Failure::usage(format!("there is no rule '{id}'; `quorate rules` lists them"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_set_to_whatever_stands_behind_the_first_sign_of_equality() {
        let pair = |key: &str, value: &str| Ok((key.to_string(), value.to_string()));
        assert_eq!(key_and_value("network.loss=0.1"), pair("network.loss", "0.1"));
        assert_eq!(key_and_value("title = a = b"), pair("title", "a = b"));
        assert_eq!(key_and_value("title="), pair("title", ""));
        assert!(key_and_value("network.loss").is_err());
        assert!(key_and_value("=0.1").is_err());
    }
}
