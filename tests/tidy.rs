//! The rules of this repository, as tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use scenarios::{Scenario, library};

use crate::quorate;

/// Where Rust of ours is.
const RUST: [&str; 8] = ["src", "tests", "sim", "protocols", "registry", "checker", "scenarios", "bench/src"];
/// Crates that may know nothing of the machine they run on.
const NO_STD: [&str; 5] =
    ["protocols/replica", "protocols/paxos", "protocols/zab", "protocols/raft", "registry"];

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: impl AsRef<Path>) -> String {
    let path = top().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files below a folder whose name ends so, in order, by their path from the top. Build output is left out.
fn files(folder: &str, end: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![top().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("its entries can be read").path();
            let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if name.ends_with(end) {
                let below = path.strip_prefix(top()).expect("it is below the top");
                found.push(below.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn rust() -> Vec<String> {
    RUST.iter().flat_map(|folder| files(folder, ".rs")).collect()
}

/// Lines that are wrong, as `file:line: text`.
fn lines_that(paths: &[String], is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in paths {
        for (number, line) in (1..).zip(text(path).lines()) {
            if is_wrong(line) {
                wrong.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    wrong
}

/// The code of a line, without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = rust().into_iter().filter(|path| !text(path).starts_with("//! ")).collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn nothing_is_left_to_do() {
    // Written in parts, so that this file does not find itself.
    let marks = [concat!("FIX", "ME"), concat!("XX", "X"), concat!("TO", "DO:"), concat!("HA", "CK:")];
    let calls = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")];
    let wrong = lines_that(&rust(), |line| {
        marks.iter().any(|mark| line.contains(mark)) || calls.iter().any(|call| code(line).contains(call))
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_test_that_is_ignored_says_why() {
    let wrong = lines_that(&rust(), |line| {
        line.trim_start().starts_with("#[ignore") && !line.trim_start().starts_with("#[ignore = \"")
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_test_file_is_listed() {
    let list = text("tests/tests.rs");
    for path in files("tests", ".rs") {
        let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').skip(1).collect();
        let name = parts[0];
        assert!(name == "tests" || list.contains(&format!("mod {name};")), "{path} is in no module");
    }
}

#[test]
fn every_scenario_is_listed_and_parses() {
    let listed: BTreeSet<String> = library().iter().map(|file| format!("scenarios/{}", file.path)).collect();
    // The catalogue of mutants and the figures have their own lists, and their own tests.
    let is_listed_elsewhere =
        |path: &str| path.starts_with("scenarios/mutants/") || path.starts_with("scenarios/figures/");
    let is_scenario = |path: &String| path != "scenarios/Cargo.toml" && !is_listed_elsewhere(path);
    let there: BTreeSet<String> = files("scenarios", ".toml").into_iter().filter(is_scenario).collect();
    assert_eq!(there, listed);
    for file in library() {
        let parsed = Scenario::parse(file.path, file.text);
        parsed.unwrap_or_else(|errors| panic!("{}", errors.plain()));
    }
}

/// The commands of a text: lines of its `sh` blocks, up to a comment or a pipe, as arguments of `quorate`.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut is_shell = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            is_shell = language == "sh";
            continue;
        }
        let line = line.split(['#', '|']).next().unwrap_or_default().trim();
        let arguments =
            line.strip_prefix("quorate ").or_else(|| line.strip_prefix("cargo run --release -- "));
        if let Some(arguments) = arguments.filter(|_| is_shell) {
            commands.push(arguments.split_whitespace().map(str::to_owned).collect());
        }
    }
    commands
}

/// A reader copies a line. The danger: a flag that has another name by now, a file that has moved, a rule that is gone.
#[test]
fn the_commands_of_the_readme_are_commands() {
    let readme = commands(&text("README.md"));
    assert!(5 < readme.len(), "{readme:?}");
    for command in readme {
        for file in command.iter().filter(|argument| argument.starts_with("scenarios/")) {
            assert!(top().join(file).exists(), "{command:?}: there is no {file}");
        }
        for pair in command.windows(2).filter(|pair| pair[0] == "--without") {
            assert_eq!(
                quorate(&["rules", &pair[1]]).code,
                Some(0),
                "{command:?}: there is no rule {}",
                pair[1]
            );
        }
        // Asked for help at the end, the command line is read up to there and nothing is run.
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let ended = quorate(&arguments);
        assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.err);
    }
    let wrong = quorate(&["run", "scenarios/leader-crash.toml", "--no-such-flag", "--help"]);
    assert_eq!(wrong.code, Some(2), "this test would see a wrong flag");
}

#[test]
fn the_scenario_of_the_readme_is_the_file() {
    assert!(text("README.md").contains(&format!("```toml\n{}```\n", text("scenarios/leader-crash.toml"))));
}

/// The world is the same for every protocol because it cannot tell them apart.
#[test]
fn the_world_names_no_protocol() {
    let names = |line: &str| {
        // Where a rule comes from may be a paper with such a name.
        let is_citation = line.trim_start().starts_with("source: \"");
        let line = if is_citation { "" } else { line };
        let words = code(line).split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
        words.into_iter().any(|word| ["paxos", "zab", "raft"].contains(&word.as_str()))
    };
    assert_eq!(lines_that(&files("sim", ".rs"), names), Vec::<String>::new());
    let manifest = text("sim/Cargo.toml");
    assert_eq!(manifest.lines().filter(|line| names(line)).collect::<Vec<_>>(), Vec::<&str>::new());
}

/// Whether a manifest is of a workspace of its own.
fn is_apart(manifest: &str) -> bool {
    manifest.starts_with("bench") || manifest.contains("/fuzz/")
}

/// The names in a section of a manifest.
fn dependencies(manifest: &str, section: &str) -> Vec<String> {
    let lines = manifest.lines().skip_while(|line| line.trim() != section).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned())).collect()
}

#[test]
fn protocols_depend_on_the_contract_and_on_nothing_else() {
    for crate_ in ["paxos", "zab", "raft"] {
        let manifest = text(format!("protocols/{crate_}/Cargo.toml"));
        assert_eq!(dependencies(&manifest, "[dependencies]"), ["replica"], "{crate_}");
    }
    assert_eq!(dependencies(&text("protocols/replica/Cargo.toml"), "[dependencies]"), ["xxhash-rust"]);
    assert_eq!(dependencies(&text("registry/Cargo.toml"), "[dependencies]"), ["replica"]);
}

#[test]
fn what_runs_on_a_node_has_no_standard_library() {
    for crate_ in NO_STD {
        assert!(text(format!("{crate_}/src/lib.rs")).contains("\n#![no_std]\n"), "{crate_}");
        let standard = |line: &str| {
            let code = code(line);
            code.contains("std::") && !code.contains("core::") || code.contains("extern crate std")
        };
        let sources = files(&format!("{crate_}/src"), ".rs");
        let outside_of_tests: Vec<String> = sources
            .into_iter()
            .filter(|path| !path.contains("tests") && !text(path).contains("#[cfg(test)]"))
            .collect();
        assert_eq!(lines_that(&outside_of_tests, standard), Vec::<String>::new(), "{crate_}");
    }
}

/// Every dependency stands in the manifest at the top, below a comment that says why it is there, and is used.
#[test]
fn every_dependency_has_its_reason_and_its_use() {
    let manifest = text("Cargo.toml");
    let lines: Vec<&str> = manifest.lines().collect();
    let start =
        lines.iter().position(|line| *line == "[workspace.dependencies]").expect("there is a list") + 1;
    let members: Vec<String> = files("", "Cargo.toml").into_iter().filter(|path| !is_apart(path)).collect();
    let mut since_comment = usize::MAX;
    for line in lines[start..].iter().take_while(|line| !line.starts_with('[')) {
        if line.starts_with('#') {
            since_comment = 0;
            continue;
        }
        let Some((name, what)) = line.split_once(" = ") else { continue };
        since_comment += 1;
        assert!(since_comment <= 2 || what.contains("path ="), "{name} has no reason");
        let used =
            members.iter().any(|member| text(member).contains(&format!("\n{name} = {{ workspace = true")));
        assert!(used, "nobody uses {name}");
    }
    for member in members {
        let manifest = text(&member);
        for section in ["[dependencies]", "[dev-dependencies]"] {
            for name in dependencies(&manifest, section) {
                assert!(manifest.contains(&format!("\n{name} = {{ workspace = true")), "{member}: {name}");
            }
        }
    }
}

/// What is written here holds on any machine.
#[test]
fn nothing_names_a_place_of_one_machine() {
    let places = ["home", "tmp", "work", "Users", "root", "mnt"].map(|folder| format!("/{folder}/"));
    let ends = [".rs", ".toml", ".md", ".snap", ".lock"];
    let mut paths: Vec<String> = ends.iter().flat_map(|end| files("", end)).collect();
    paths.push(".ci/run".into());
    let wrong = lines_that(&paths, |line| {
        places.iter().any(|place| {
            let before = line.find(place.as_str()).map(|at| line[..at].chars().next_back());
            // A path from the root: nothing that belongs to a longer path or a link comes before it.
            before.is_some_and(|before| !before.is_some_and(|c| c.is_alphanumeric() || "._-/".contains(c)))
        })
    });
    assert_eq!(wrong, Vec::<String>::new());
}
