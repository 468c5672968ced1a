//! The command as a process: streams, exit codes, help, errors.

use crate::{folder, quorate};

/// Every way to ask for a subcommand.
const SUBCOMMANDS: [&[&str]; 10] = [
    &["run"],
    &["sweep"],
    &["trace"],
    &["check"],
    &["scenarios"],
    &["scenarios", "list"],
    &["scenarios", "check"],
    &["rules"],
    &["mutants"],
    &["completions"],
];

#[test]
fn every_help_has_an_example_and_the_exit_codes() {
    for subcommand in SUBCOMMANDS {
        let ended = quorate(&[subcommand, &["--help"]].concat());
        assert_eq!(ended.code, Some(0), "{subcommand:?}");
        assert!(ended.out.contains("Example: quorate "), "{subcommand:?}: {}", ended.out);
        for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "70 ", "130 "] {
            assert!(ended.out.contains(&format!("\n  {code}")), "{subcommand:?}: {code}");
        }
        assert_eq!(ended.err, "");
    }
    assert_eq!(quorate(&["--version"]).code, Some(0));
}

#[test]
fn usage_errors_end_with_2_and_say_nothing_on_stdout() {
    let cases: [&[&str]; 21] = [
        &[],
        &["frobnicate"],
        &["run"],
        &["run", "x.toml", "--seed", "0x10"],
        &["run", "x.toml", "--seed", "-1"],
        &["run", "x.toml", "--seed", "18446744073709551616"],
        &["run", "x.toml", "--protocol", "viewstamped"],
        &["run", "x.toml", "--format", "yaml"],
        &["sweep", "x.toml"],
        &["sweep", "--seeds", "0..10"],
        &["sweep", "x.toml", "--seeds", "10"],
        &["sweep", "x.toml", "--seeds", "9..3"],
        &["sweep", "x.toml", "--seeds", "0..10", "--jobs", "0"],
        &["trace", "x.jsonl", "--from", "3"],
        &["trace", "x.jsonl", "--kind", "miracle"],
        &["check", "x.jsonl"],
        &["check", "--model", "register"],
        &["check", "x.jsonl", "--model", "stack"],
        &["check", "x.jsonl", "--model", "kv", "--memory", "lots"],
        &["check", "x.jsonl", "--model", "kv", "--deadline", "10"],
        &["completions", "abacus"],
    ];
    for arguments in cases {
        let ended = quorate(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.out, "", "{arguments:?}");
        assert!(!ended.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_rule_that_nobody_has_is_a_usage_error() {
    let ended = quorate(&["run", "x.toml", "--without", "raft/no-such-rule"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("there is no rule 'raft/no-such-rule'"), "{}", ended.err);
}

#[test]
fn a_missing_scenario_is_named() {
    for subcommand in ["run", "sweep"] {
        let seeds: &[&str] = if subcommand == "sweep" { &["--seeds", "0..2"] } else { &[] };
        let ended = quorate(&[&[subcommand, "no/such/file.toml"], seeds].concat());
        assert_eq!(ended.code, Some(2));
        assert_eq!(ended.out, "");
        assert!(ended.err.contains("no/such/file.toml"), "{}", ended.err);
    }
}

#[test]
fn a_folder_without_scenarios_selects_nothing() {
    let empty = folder("a_folder_without_scenarios_selects_nothing");
    let path = empty.to_str().expect("the path is UTF-8");
    assert_eq!(quorate(&["scenarios", "list", path]).code, Some(4));
    assert_eq!(quorate(&["scenarios", "check", path]).code, Some(4));
    assert_eq!(quorate(&["sweep", path, "--seeds", "0..2"]).code, Some(4));
    assert_eq!(quorate(&["rules", "no-such-rule"]).code, Some(4));
}

#[test]
fn completions_are_printed_for_a_shell() {
    let ended = quorate(&["completions", "bash", "--color", "always"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.out.contains("quorate"));
    assert!(!ended.out.contains('\u{1b}'));
}

#[test]
fn errors_are_colored_only_on_request() {
    let plain = quorate(&["rules", "no-such-rule"]);
    assert!(plain.err.starts_with("error: "), "{}", plain.err);
    let colored = quorate(&["rules", "no-such-rule", "--color", "always"]);
    assert!(colored.err.contains('\u{1b}'), "{}", colored.err);
}

#[test]
fn the_library_is_listed_outside_of_a_clone_too() {
    let elsewhere = folder("elsewhere");
    let listed = std::process::Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(["scenarios", "list"])
        .current_dir(&elsewhere)
        .output()
        .expect("the command starts");
    assert_eq!(listed.status.code(), Some(0));
    let text = String::from_utf8(listed.stdout).expect("the list is text");
    assert!(text.contains("leader-crash.toml") && text.contains("split-in-halves.toml"), "{text}");
}
