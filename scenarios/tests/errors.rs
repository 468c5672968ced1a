//! What is wrong with a file is said all at once, each with its place, what was expected and what to do.

use std::path::Path;

use miette::Diagnostic;
use replica::{Link, ReadMode, RuleText, Setting};
use scenarios::{Catalog, ProtocolInfo, Scenario, ScenarioErrors};

const RULES: &[RuleText] =
    &[RuleText { id: "raft/vote-durable", sentence: "A vote is durable before it is given.", source: "5.2" }];
const SETTINGS: &[Setting] =
    &[Setting { name: "heartbeats", help: "a whole number from 2 to 100", default: "5" }];

/// A catalog that does not change with the protocols.
fn catalog() -> Catalog {
    let info = |name, link, reads| ProtocolInfo {
        name,
        link,
        kinds: if name == "raft" { &["AppendEntries", "RequestVote"] } else { &["Accept"] },
        rules: if name == "raft" { RULES } else { &[] },
        settings: if name == "raft" { SETTINGS } else { &[] },
        reads,
        check: |knobs| match knobs.settings.get("heartbeats").map(|text| text.parse::<u8>()) {
            Some(Err(_)) => Err("`heartbeats` is no number".to_string()),
            _ => Ok(Vec::new()),
        },
    };
    Catalog {
        protocols: [
            info("paxos", Link::Datagram, &[ReadMode::Linearizable]),
            info("zab", Link::Session, &[ReadMode::Linearizable, ReadMode::Sync]),
            info("raft", Link::Datagram, &[ReadMode::Linearizable]),
        ],
        service: &[],
        node: &[],
    }
}

fn errors_of(text: &[u8]) -> ScenarioErrors {
    Scenario::parse_with("f.toml", text, &catalog()).expect_err("the file is wrong")
}

/// Asserts that `text` has exactly these errors, each as the start of a line in the plain form.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let plain = errors_of(text.as_bytes()).plain();
    let lines: Vec<&str> = plain.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{plain}");
    for (line, start) in lines.iter().zip(expected) {
        assert!(line.starts_with(start), "\n found {line}\nwanted {start}");
        assert!(line.contains("; expected "), "{line}");
    }
}

/// A whole file with one section swapped or added.
fn file(cluster: &str, workload: &str, rest: &str) -> String {
    format!("title = \"T\"\n[cluster]\n{cluster}\n[workload]\n{workload}\n{rest}\n")
}

const CLUSTER: &str = "nodes = 3";
const WORKLOAD: &str = "clients = 2\nrate = \"100/s\"\nfor = \"10s\"";
/// The line on which `rest` begins in a file of `CLUSTER` and `WORKLOAD`.
const REST: usize = 8;

/// Asserts the error of a file that is right but for `rest`. `line` counts from 1 within `rest`.
#[track_caller]
fn check_rest(rest: &str, line: usize, column: usize, problem: &str) {
    check(&file(CLUSTER, WORKLOAD, rest), &[&format!("f.toml:{}:{column}: {problem}", REST - 1 + line)]);
}

#[test]
fn the_frame_of_these_tests_is_right() {
    Scenario::parse_with("f.toml", file(CLUSTER, WORKLOAD, "").as_bytes(), &catalog()).expect("it is right");
}

#[test]
fn an_unknown_key_comes_with_the_nearest_name() {
    let text = file(CLUSTER, WORKLOAD, "[network]\nlos = 0.1\n[disks]\nsync = \"1ms\"");
    let errors = errors_of(text.as_bytes());
    assert_eq!(
        errors.errors[0].plain(),
        "f.toml:9:1: [network] has no key `los`; expected one of `bandwidth`, `duplicate`, `latency`, `links`, \
         `loss`, `reconnect`, `reorder`, `reorder_by`, `retransmit`, `session_timeout` (did you mean `loss`?)"
    );
    assert_eq!((errors.errors[1].line, errors.errors[1].column), (10, 2));
    assert_eq!(errors.errors[1].help, "did you mean `disk`?");
    assert_eq!(errors.errors.len(), 2);
}

#[test]
fn wrong_units_name_the_right_ones() {
    check_rest(
        "[cpu]\nper_message = \"5 parsecs\"",
        2,
        15,
        "`per_message` is \"5 parsecs\", and `parsecs` is no unit",
    );
    check_rest("[cpu]\nper_message = \"300\"", 2, 15, "`per_message` is \"300\", a number without a unit");
    check_rest("[cpu]\nper_message = 300", 2, 15, "`per_message` is 300, a number without a unit");
    check_rest("[cpu]\nper_message = \"-1us\"", 2, 15, "`per_message` is \"-1us\", below zero");
    check_rest("[cpu]\nper_message = \"0.1ns\"", 2, 15, "`per_message` is \"0.1ns\", finer than");
    check_rest("[cpu]\nper_message = \"soon\"", 2, 15, "`per_message` is \"soon\", which does not begin");
    check_rest("[cpu]\nper_byte = \"1min\"", 2, 12, "`per_byte` is \"1min\", and `min` is no unit of it");
    check_rest(
        "[network]\nbandwidth = \"10MBps\"",
        2,
        13,
        "`bandwidth` is \"10MBps\", and `MBps` is no unit",
    );
    check_rest("[network]\nbandwidth = \"0B/s\"", 2, 13, "`bandwidth` is \"0B/s\"");
    let rate = "clients = 1\nrate = \"5/fortnight\"\nfor = \"1s\"";
    check(&file(CLUSTER, rate, ""), &["f.toml:6:8: `rate` is \"5/fortnight\", and `/fortnight` is no unit"]);
}

#[test]
fn probabilities_are_from_zero_to_one() {
    for wrong in ["1.5", "2", "-0.1", "nan", "inf", "0.0000001"] {
        check_rest(&format!("[network]\nloss = {wrong}"), 2, 8, &format!("`loss` is {wrong}"));
    }
    let percent = errors_of(file(CLUSTER, WORKLOAD, "[network]\nloss = 5").as_bytes());
    assert_eq!(percent.errors[0].help, "if 5 percent is meant, write 0.05");
    check_rest("[network]\nloss = \"often\"", 2, 8, "`loss` is the string \"often\"");
}

#[test]
fn sizes_have_bounds() {
    check(
        &file("nodes = 0", WORKLOAD, ""),
        &["f.toml:3:9: `nodes` is 0; expected a whole number from 1 to 64"],
    );
    check(&file("nodes = 65", WORKLOAD, ""), &["f.toml:3:9: `nodes` is 65"]);
    let many = "clients = 1000000000\nrate = \"1/s\"\nfor = \"1s\"";
    check(
        &file(CLUSTER, many, ""),
        &["f.toml:5:11: `clients` is 1000000000; expected a whole number from 1 to 10000"],
    );
    let fast = "clients = 1\nrate = \"1000000/s\"\nfor = \"10s\"";
    check(&file(CLUSTER, fast, ""), &["f.toml:6:8: the workload starts up to 10000000 operations"]);
    let idle = "clients = 1\nrate = \"1/min\"\nfor = \"1s\"";
    check(&file(CLUSTER, idle, ""), &["f.toml:6:8: the workload starts no operation"]);
}

#[test]
fn files_that_are_no_text() {
    let errors = errors_of(b"title = \"T\"\n# \xff\n");
    assert_eq!((errors.errors[0].line, errors.errors[0].column), (2, 3));
    assert!(
        errors.plain().starts_with("f.toml:2:3: byte 14 is 0xff: the file is not UTF-8"),
        "{}",
        errors.plain()
    );
    check("", &["f.toml:1:1: the file is empty"]);
    check(" \n\n", &["f.toml:1:1: the file is empty"]);
    let missing = Scenario::read(Path::new("no/such.toml")).expect_err("it is missing");
    assert!(missing.plain().starts_with("no/such.toml:1:1: there is no such file"), "{}", missing.plain());
}

#[test]
fn syntax_errors_have_a_place_too() {
    check("title = \n", &["f.toml:1:9: this is not TOML"]);
    let twice = errors_of(file("nodes = 3\nnodes = 4", WORKLOAD, "").as_bytes());
    assert_eq!(twice.errors[0].line, 4);
}

#[test]
fn wrong_types_say_what_was_found() {
    check(&file("nodes = \"three\"", WORKLOAD, ""), &["f.toml:3:9: `nodes` is the string \"three\""]);
    check_rest("disk = 3", 1, 1, "[workload] has no key `disk`");
    check_rest("[expect]\nlinearizable = \"yes\"", 2, 16, "`linearizable` is the string \"yes\"");
    check_rest("[expect]\nstaleness_at_most = 2", 2, 21, "`staleness_at_most` is 2, a number without a unit");
    check_rest("[disk]\nsync = 3", 2, 8, "`sync` is the integer 3");
}

#[test]
fn protocols_are_known_and_named_once() {
    check(
        &file("nodes = 3\nprotocols = [\"raft\", \"rft\", \"raft\"]", WORKLOAD, ""),
        &["f.toml:4:22: `protocols` is \"rft\"", "f.toml:4:29: `protocols` names raft twice"],
    );
    check(&file("nodes = 3\nprotocols = []", WORKLOAD, ""), &["f.toml:4:13: `protocols` is empty"]);
}

#[test]
fn ranges_begin_before_they_end() {
    let rest = "[network]\nlatency = { base = [\"2ms\", \"1ms\"] }";
    check_rest(rest, 2, 20, "`base` ends at 1ms, before it begins at 2ms");
    check_rest("[network]\nlatency = { base = [\"2ms\"] }", 2, 20, "`base` is a list of 1");
}

#[test]
fn faults_name_who_there_is() {
    let crash = |who: &str| format!("[[fault]]\nat = \"1s\"\ncrash = {who}");
    check_rest(&crash("\"n3\""), 3, 9, "there is no node \"n3\": the cluster has 3");
    check_rest(&crash("\"leeder\""), 3, 9, "there is nobody called \"leeder\"");
    check_rest(&crash("[\"n0\", \"n1\", \"n0\"]"), 3, 22, "\"n0\" is named twice");
    check_rest(&crash("\"follower-3\""), 3, 9, "there is no \"follower-3\": the cluster has 2 followers");
    check_rest(&crash("\"clients\""), 3, 9, "\"clients\" are no nodes");
    check_rest(&crash("\"rest\""), 3, 9, "\"rest\" is the rest of nothing here");
    check_rest(&crash("[]"), 3, 9, "`crash` names nobody");
    let groups = "[[fault]]\nat = \"1s\"\npartition = [[\"n0\", \"n1\"], [\"n1\"]]\nheal_after = \"1s\"";
    check_rest(groups, 3, 29, "\"n1\" is named twice");
}

#[test]
fn faults_end_after_they_begin_and_before_the_run_does() {
    let cut = |end: &str| format!("[[fault]]\nat = \"3s\"\ncut = {{ from = \"n0\", to = \"n1\" }}\n{end}");
    check_rest(&cut("heal_at = \"2s\""), 4, 11, "`heal_at` is 2s, and the fault starts at 3s");
    check_rest(&cut("heal_after = \"0s\""), 4, 14, "`heal_after` is 0");
    check_rest(&cut("heal_after = \"1s\"\nheal_at = \"5s\""), 5, 11, "[[fault]] has both");
    check_rest(&cut(""), 1, 1, "[[fault]] has no `heal_after`");
    check_rest(
        "[[fault]]\nat = \"11s\"\ncrash = \"n0\"",
        2,
        6,
        "the fault starts at 11s, and the run's operations end",
    );
    check_rest(
        "[nemesis]\nfrom = \"5s\"\nuntil = \"4s\"\nfamilies = { crash = \"1/s\" }",
        3,
        9,
        "[nemesis] ends at 4s",
    );
    let nothing = "clients = 1\nrate = \"1/s\"\nfor = \"0s\"";
    check(&file(CLUSTER, nothing, ""), &["f.toml:7:7: `for` is \"0s\""]);
}

#[test]
fn a_fault_is_one_thing() {
    check_rest("[[fault]]\nat = \"1s\"", 1, 1, "[[fault]] does not say what happens");
    let both = "[[fault]]\nat = \"1s\"\ncrash = \"n0\"\npause = \"n1\"\nfor = \"1s\"";
    check_rest(both, 1, 1, "[[fault]] has crash and pause");
    let idle = "[[fault]]\nat = \"1s\"\nclock = \"n0\"";
    check_rest(idle, 1, 1, "`clock` does not say how it misbehaves");
}

#[test]
fn workloads_make_sense() {
    let with = |line: &str| file(CLUSTER, &format!("{WORKLOAD}\n{line}"), "");
    check(&with("reads = \"linear\""), &["f.toml:8:9: `reads` is \"linear\""]);
    check(&with("mix = { read = 0 }"), &["f.toml:8:7: `mix` sums to 0"]);
    check(&with("think = \"1ms\""), &["f.toml:8:9: [workload] has both `rate` and `think`"]);
    check(&with("retry = \"2s\""), &["f.toml:8:9: `retry` is 2s, and operations are given up after 1s"]);
    check(
        &file(CLUSTER, "clients = 1\nfor = \"1s\"", ""),
        &["f.toml:4:1: [workload] has no `rate` and no `think`"],
    );
    check(
        "teaches = \"x\"",
        &[
            "f.toml:1:1: the file has no `title`",
            "f.toml:1:1: there is no section [cluster]",
            "f.toml:1:1: there is no section [workload]",
        ],
    );
}

#[test]
fn rules_and_settings_are_known() {
    let top = format!("without = [\"raft/vote-durabel\"]\n{}", file(CLUSTER, WORKLOAD, ""));
    check(&top, &["f.toml:1:12: there is no rule \"raft/vote-durabel\""]);
    assert_eq!(errors_of(top.as_bytes()).errors[0].help, "did you mean `raft/vote-durable`?");
    check_rest("[settings.raft]\nheartbeat = 3", 2, 1, "raft has no setting `heartbeat`");
    check_rest("[settings.raft]\nheartbeats = \"few\"", 2, 14, "`heartbeats` is no number");
    check_rest("[settings.craft]\nheartbeats = 3", 1, 11, "there is no protocol `craft`");
}

#[test]
fn every_protocol_must_be_able_to() {
    check_rest("[network]\nlinks = \"datagram\"", 2, 9, "`links` is \"datagram\", and zab needs sessions");
    check_rest("[network]\nlinks = \"pigeon\"", 2, 9, "`links` is \"pigeon\"");
    let sync = format!("{WORKLOAD}\nreads = \"sync\"");
    check(
        &file("nodes = 3\nprotocols = [\"zab\", \"raft\"]", &sync, ""),
        &[
            "f.toml:4:21: raft serves no sync reads; expected one of linearizable, sequential, stale as `reads`",
        ],
    );
}

#[test]
fn the_nemesis_is_held_to_bounds() {
    check_rest("[nemesis]\nfamilies = { crahs = \"1/s\" }", 2, 14, "there is no family `crahs`");
    check_rest("[nemesis]\nfamilies = {}", 2, 12, "`families` is empty");
    check_rest("[nemesis]\nfamilies = { clock = { for = \"1s\" } }", 2, 22, "`clock` needs a rate");
    check_rest("[nemesis]\nfamilies = { clock = \"1000/s\" }", 2, 22, "10000 faults are to be expected");
    let two = file("nodes = 2", WORKLOAD, "[nemesis]\nfamilies = { crash = \"1/s\" }");
    check(&two, &["f.toml:9:22: `crash` takes a node down, and of 2 none may be"]);
}

#[test]
fn errors_are_diagnostics_and_json() {
    let errors = errors_of(file("nodes = 0", WORKLOAD, "[network]\nloss = 2").as_bytes());
    assert_eq!(errors.to_string(), "f.toml has 2 errors");
    assert_eq!(errors.related().expect("they are related").count(), 2);
    assert_eq!(errors.errors[0].labels().expect("it has a label").count(), 1);
    let json = errors.as_json();
    assert_eq!(json[0]["line"], 3);
    assert_eq!(json[0]["column"], 9);
    assert_eq!(json[1]["problem"], "`loss` is 2");
    assert_eq!(json[1]["file"], "f.toml");
}

#[test]
fn somebody_must_vote() {
    check(
        &file("nodes = 3\nlearners = 3", WORKLOAD, ""),
        &["f.toml:4:12: `learners` is 3, and the cluster has 3; expected less than 3"],
    );
    check(&file("nodes = 3\nlearners = -1", WORKLOAD, ""), &["f.toml:4:12: `learners` is -1"]);
    check(&file("nodes = 3\nsnapshot_every = 0.5", WORKLOAD, ""), &["f.toml:4:18: `snapshot_every` is"]);
}

#[test]
fn an_office_is_handed_to_one_node() {
    let fault = |rest: &str| format!("[[fault]]\nat = \"1s\"\nhand_over = \"leader\"\n{rest}");
    let right = file(CLUSTER, WORKLOAD, &fault("to = \"n2\""));
    Scenario::parse_with("f.toml", right.as_bytes(), &catalog()).expect("it is right");
    check_rest(&fault("to = \"all\""), 4, 6, "\"all\" are many");
    check_rest(&fault("to = \"n3\""), 4, 6, "there is no node \"n3\"");
    check_rest(&fault("to = [\"n1\"]"), 4, 6, "`to` is ");
    check_rest(&fault("for = \"1s\""), 4, 1, "[[fault]] has no key `for`");
}

fn set(text: &str, overrides: &[(&str, &str)]) -> Result<Scenario, ScenarioErrors> {
    let owned = |(key, value): &(&str, &str)| (key.to_string(), value.to_string());
    Scenario::with("f.toml", text, &overrides.iter().map(owned).collect::<Vec<_>>())
}

#[test]
fn a_key_that_is_set_is_as_good_as_one_that_is_written() {
    // A sweep over loss or size varies one file. What it sets must mean what a file would mean: numbers, strings
    // without quotes, lists, tables that are not there yet, and items of a list by number.
    let fault = "[[fault]]\nat = \"1s\"\ncrash = \"leader\"\n";
    let written = file(
        "nodes = 7",
        "clients = 2\nrate = \"100/s\"\nfor = \"10s\"",
        "[network]\nloss = 0.1\nlatency.base = [\"1ms\", \"2ms\"]\n[settings.raft]\npre_vote = \"on\"\n\
         [[fault]]\nat = \"3s\"\ncrash = \"leader\"\n[[fault]]\nat = \"4s\"\ncrash = \"n1\"\n",
    );
    let overrides = [
        ("cluster.nodes", "7"),
        ("network.loss", "0.1"),
        ("network.latency.base", "[\"1ms\", \"2ms\"]"),
        ("settings.raft.pre_vote", "on"),
        ("fault.0.at", "3s"),
        ("fault.1.at", "4s"),
        ("fault.1.crash", "n1"),
    ];
    let found = set(&file(CLUSTER, WORKLOAD, fault), &overrides).expect("nothing is wrong");
    assert_eq!(found, Scenario::parse("f.toml", &written).expect("nothing is wrong"));
    let last = set(&file(CLUSTER, WORKLOAD, ""), &[("cluster.nodes", "5"), ("cluster.nodes", "4")]);
    assert_eq!(last.expect("nothing is wrong").nodes, 4);
}

#[test]
fn an_error_in_a_key_that_is_set_names_the_key() {
    let text = file(CLUSTER, WORKLOAD, "");
    let plain = |overrides: &[(&str, &str)]| set(&text, overrides).expect_err("it is wrong").plain();
    let cases = [
        (("cluster.nodes", "99"), "f.toml --set cluster.nodes=99:1:15: `nodes` is 99"),
        (("cluster.nodes", "many"), "f.toml --set cluster.nodes=many:1:15: `nodes` is the string \"many\""),
        (("network.lost", "1"), "f.toml --set network.lost=1:1:1: [network] has no key `lost`"),
        (("title.x", "1"), "f.toml --set title.x=1:1:1: `title.x`: `title` is a value"),
        (("fault.1.at", "1s"), "f.toml --set fault.1.at=1s:1:1: `fault.1.at`: `fault` has 0 items"),
        (("a..b", "1"), "f.toml --set a..b=1:1:1: `a..b` is no key"),
    ];
    for (pair, start) in cases {
        let found = plain(&[("network.loss", "0.1"), pair]);
        assert!(found.starts_with(start), "\n found {found}\nwanted {start}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}

#[test]
fn a_cut_of_some_messages_names_kinds_that_exist() {
    let datagram = "[network]\nlinks = \"datagram\"\n";
    let cluster = "nodes = 3\nprotocols = [\"raft\"]";
    let cut = |rest: &str| {
        format!("[[fault]]\nat = \"1s\"\nheal_after = \"1s\"\ncut = {{ from = \"n0\", to = \"n1\", {rest} }}")
    };
    let text = |rest: &str| file(cluster, WORKLOAD, &format!("{datagram}{}", cut(rest)));
    let ok = Scenario::parse_with(
        "f.toml",
        text("kinds = [\"AppendEntries\"], entries = true").as_bytes(),
        &catalog(),
    );
    assert_eq!(ok.expect("nothing is wrong").faults.len(), 1);
    check(
        &text("kinds = [\"AppendEntry\"]"),
        &[
            "f.toml:14:42: no protocol of the file has a message \"AppendEntry\"; expected one of `AppendEntries`, \
           `RequestVote` (did you mean `AppendEntries`?)",
        ],
    );
    check(
        &text("both_ways = true, entries = true"),
        &["f.toml:14:7: `cut` takes some messages only, and both ways"],
    );
    check(
        &file(cluster, WORKLOAD, &cut("entries = true")),
        &[
            "f.toml:12:7: `cut` takes some messages only, and sessions lose none while they are up; expected `links = \"datagram\"` in \
           [network]",
        ],
    );
}
