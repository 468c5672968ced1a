//! `quorate scenarios`: what files there are, and whether they are right.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::engine::Scenario;
use crate::exit::{self, Exit, Failure};
use crate::render::{self, units};
use crate::select;
use crate::terminal::Terminal;

/// Lists or checks scenario files
///
/// Example: quorate scenarios check scenarios
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the files.
#[derive(Subcommand)]
enum Action {
    /// Lists files with what they are about
    ///
    /// Example: quorate scenarios list scenarios/partition
    #[command(after_help = exit::CODES)]
    List(Paths),
    /// Reads files and reports every error in them; runs nothing
    ///
    /// Example: quorate scenarios check my-scenario.toml
    #[command(after_help = exit::CODES)]
    Check(Paths),
}

/// The files.
#[derive(Args)]
struct Paths {
    /// Scenario files, or folders of them
    #[arg(value_name = "PATH", default_value = select::LIBRARY)]
    paths: Vec<PathBuf>,
}

impl Paths {
    /// Whether the library is meant, and its files are not here: it is built in.
    fn is_library_elsewhere(&self) -> bool {
        let library = Path::new(select::LIBRARY);
        self.paths == [library] && !library.exists()
    }
}

/// Does it.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::List(paths) if paths.is_library_elsewhere() => list_library(terminal),
        Action::List(paths) => list(&found(paths)?, terminal),
        Action::Check(paths) => check(&found(paths)?, terminal),
    }
}

/// The files, at least one.
fn found(paths: &Paths) -> Result<Vec<PathBuf>, Failure> {
    let files = select::files(&paths.paths)?;
    if files.is_empty() { Err(Failure::nothing("no scenario file there")) } else { Ok(files) }
}

/// Lists the library that is built in.
fn list_library(terminal: &Terminal) -> Result<Exit, Failure> {
    let entries = Scenario::library().iter().map(entry).collect();
    terminal.emit(&render::scenarios::human(entries))?;
    Ok(Exit::Held)
}

/// Lists the files that can be read, and says what is wrong with the others.
fn list(files: &[PathBuf], terminal: &Terminal) -> Result<Exit, Failure> {
    let mut entries = Vec::new();
    let mut exit = Exit::Held;
    for file in files {
        match Scenario::read(file) {
            Ok(scenario) => entries.push(entry(&scenario)),
            Err(errors) => {
                select::show(&errors, terminal);
                exit = Exit::Usage;
            }
        }
    }
    terminal.emit(&render::scenarios::human(entries))?;
    Ok(exit)
}

fn entry(scenario: &Scenario) -> render::scenarios::Entry {
    render::scenarios::Entry {
        path: scenario.file.clone(),
        title: scenario.title().to_string(),
        teaches: scenario.teaches().to_string(),
        nodes: u64::from(scenario.nodes()),
        protocols: scenario.protocols().iter().map(|protocol| protocol.name().to_string()).collect(),
    }
}

/// Reads all files and counts their errors.
fn check(files: &[PathBuf], terminal: &Terminal) -> Result<Exit, Failure> {
    let (mut faulty, mut count) = (0u64, 0u64);
    for file in files {
        if let Err(errors) = Scenario::read(file) {
            select::show(&errors, terminal);
            faulty += 1;
            count += errors.count as u64;
        }
    }
    let all = units::of(files.len() as u64, "scenario file", "scenario files");
    if faulty == 0 {
        terminal.emit(&format!("{all}: no errors\n"))?;
        return Ok(Exit::Held);
    }
    let errors = units::of(count, "error", "errors");
    terminal.emit(&format!("{all}: {errors} in {}\n", units::of(faulty, "file", "files")))?;
    Ok(Exit::Usage)
}
