//! Jepsen's EDN.

use checker::import::Format;
use checker::{Kind, Options, Outcome, Output, append, linearizable, lock, queue, registry, set};

use crate::{faults, one, read, wrong};

#[test]
fn a_history_is_a_map_a_line_or_one_vector() {
    // Jepsen writes both: the same history must come out.
    let lines = "{:type :invoke, :f :write, :value 1, :process 0, :time 10, :index 0}\n\
                 {:type :invoke, :f :read, :value nil, :process 1, :time 11, :index 1}\n\
                 {:type :ok, :f :write, :value 1, :process 0, :time 20, :index 2}\n\
                 {:type :ok, :f :read, :value 1, :process 1, :time 25, :index 3}\n";
    let loaded = read::<Kind>(lines, Format::Edn);
    let operations = loaded.history.operations();
    assert_eq!(operations.len(), 2);
    assert_eq!((operations[0].call, operations[0].ret), (10, Some(20)));
    assert_eq!(operations[0].kind, Kind::Put { value: 1 });
    assert_eq!(operations[1].outcome, Outcome::Ok(Output::Value(Some(1))));
    assert_eq!((loaded.places[1].call, loaded.places[1].end), (2, Some(4)));
    let vector = format!("[{}]", lines.replace('\n', " "));
    assert_eq!(read::<Kind>(&vector, Format::Edn).history, loaded.history);
    let tagged = lines.replace("{:type", "#jepsen.history.Op{:type");
    assert_eq!(read::<Kind>(&tagged, Format::Edn).history, loaded.history);
}

#[test]
fn without_times_the_order_of_events_is_real_time() {
    // All four events stand on one line: taken for simultaneous, every read would be right.
    let text = "[{:process 0 :type :invoke :f :write :value 1} {:process 0 :type :ok :f :write :value 1} \
                {:process 1 :type :invoke :f :read} {:process 1 :type :ok :f :read :value nil}]";
    let loaded = read::<Kind>(text, Format::Edn);
    let operations = loaded.history.operations();
    assert!(operations[0].ret < Some(operations[1].call), "{operations:?}");
    assert!(checker::linearizable(&loaded.history, checker::Options::default()).verdict.is_illegal());
}

#[test]
fn a_time_that_only_some_events_have_is_not_used() {
    let text = "{:process 0 :type :invoke :f :write :value 1 :time 900}\n\
                {:process 0 :type :ok :f :write :value 1}\n";
    assert_eq!(read::<Kind>(text, Format::Edn).history.operations()[0].ret, Some(2));
}

#[test]
fn independent_keys_stand_before_the_values() {
    let text = r#"
        {:process 0, :type :invoke, :f :write, :value ["x" 1]}
        {:process 0, :type :ok, :f :write, :value ["x" 1]}
        {:process 1, :type :invoke, :f :cas, :value ["y" [nil 2]]}
        {:process 1, :type :fail, :f :cas, :value ["y" [nil 2]]}
        {:process 0, :type :invoke, :f :read, :value ["x" nil]}
        {:process 0, :type :ok, :f :read, :value ["x" 1]}
    "#;
    let loaded = read::<Kind>(text, Format::Edn);
    let operations = loaded.history.operations();
    let names = loaded.history.names();
    assert_eq!(names.key(operations[0].key), "key \"x\"");
    assert_eq!(names.key(operations[1].key), "key \"y\"");
    assert_eq!(operations[1].kind, Kind::Cas { expect: None, value: 2 });
    assert_eq!(operations[1].outcome, Outcome::Failed);
    assert_eq!(operations[0].key, operations[2].key);
}

#[test]
fn a_compare_and_set_is_a_pair_and_no_key() {
    let text =
        "{:process 0, :type :invoke, :f :cas, :value [1 2]}\n{:process 0, :type :ok, :f :cas, :value [1 2]}";
    let loaded = read::<Kind>(text, Format::Edn);
    assert_eq!(loaded.history.operations()[0].kind, Kind::Cas { expect: Some(1), value: 2 });
    assert_eq!(loaded.history.operations()[0].key, 0);
}

#[test]
fn the_nemesis_is_counted_and_left_out() {
    let text = "{:process :nemesis, :type :info, :f :start-partition, :value {:grudge #{1 2}}}\n\
                {:process 0, :type :invoke, :f :read, :value nil}\n\
                {:process :nemesis, :type :info, :f :stop, :value nil}\n\
                {:process 0, :type :info, :f :read, :value nil, :error [:timeout \"5 s\"], :exception #error {:via []}}";
    let loaded = read::<Kind>(text, Format::Edn);
    assert_eq!((loaded.history.operations().len(), loaded.skipped), (1, 2));
    assert_eq!(loaded.history.operations()[0].outcome, Outcome::Unknown);
}

/// A history of one client, whose operations follow each other: function, value of the call, value of the end.
fn one_by_one(operations: &[(&str, &str, &str)]) -> String {
    let event = |phase: &str, function: &str, value: &str| {
        format!("{{:process 0, :type :{phase}, :f :{function}, :value {value}}}\n")
    };
    let both = |(function, called, ended): &(&str, &str, &str)| {
        event("invoke", function, called) + &event("ok", function, ended)
    };
    operations.iter().map(both).collect()
}

#[test]
fn queues_sets_registries_and_locks_speak_for_themselves() {
    // Each is right, and each is wrong if one answer is: nothing is read and then forgotten.
    let judge = |model: &str, text: &str| match model {
        "queue" => linearizable(&read::<queue::Kind>(text, Format::Edn).history, Options::default()),
        "registry" => linearizable(&read::<registry::Kind>(text, Format::Edn).history, Options::default()),
        "set" => linearizable(&read::<set::Kind>(text, Format::Edn).history, Options::default()),
        _ => linearizable(&read::<lock::Kind>(text, Format::Edn).history, Options::default()),
    };
    let cases = [
        (
            "queue",
            one_by_one(&[("enqueue", "1", "1"), ("dequeue", "nil", "1"), ("dequeue", "nil", "nil")]),
            "nil",
            ":x",
        ),
        (
            "set",
            one_by_one(&[("add", "1", "1"), ("contains?", "1", "true"), ("read", "nil", "#{1}")]),
            "true",
            "false",
        ),
        ("set", one_by_one(&[("add", "1", "1"), ("remove", "1", "1"), ("read", "nil", "[]")]), "[]", "[1]"),
        ("registry", one_by_one(&[("put", "[:a 1]", "[:a 1]"), ("list", "nil", "{:a 1}")]), " 1}", " 2}"),
        (
            "lock",
            one_by_one(&[("acquire", "nil", "7"), ("release", "7", "7"), ("acquire", "nil", "9")]),
            " 9",
            " 6",
        ),
    ];
    for (model, text, right, wrong) in cases {
        assert!(judge(model, &text).verdict.is_ok(), "{text}");
        let at = text.rfind(right).unwrap();
        let text = format!("{}{wrong}{}", &text[..at], &text[at + right.len()..]);
        assert!(judge(model, &text).verdict.is_illegal(), "{text}");
    }
    let named = "{:process 0, :type :invoke, :f :release, :value \"7\"}";
    assert_eq!(one::<lock::Kind>(named, Format::Edn).2, "\"7\" is no fencing token");
}

#[test]
fn values_of_different_kinds_are_different() {
    let write = |value: &str| {
        format!(
            "{{:process 0 :type :invoke :f :write :value {value}}}{{:process 0 :type :ok :f :write :value {value}}}"
        )
    };
    let values =
        ["1", "-1", "\"1\"", "\"-1\"", ":a", "\":a\"", "1.5", "true", "18446744073709551616", "\"\\u0041\""];
    let text: String = values.iter().map(|value| write(value)).collect();
    let loaded = read::<Kind>(&text, Format::Edn);
    let mut kinds: Vec<Kind> = loaded.history.operations().iter().map(|operation| operation.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), values.len());
    assert!(loaded.history.words(9).contains("put of \"A\""), "{}", loaded.history.words(9));
}

#[test]
fn porcupines_histories_are_complete() {
    let open = "{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n";
    assert_eq!(one::<append::Kind>(open, Format::PorcupineKv), (1, 1, "an operation never ends".into()));
    assert!(read::<append::Kind>(open, Format::Edn).history.operations()[0].outcome == Outcome::Unknown);
    let unknown = format!("{open}{}", open.replace(":invoke", ":info"));
    assert_eq!(one::<append::Kind>(&unknown, Format::PorcupineKv).0, 2);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let call = "{:process 0, :type :invoke, :f :write, :value 1}";
    let end = "{:process 0, :type :ok, :f :write, :value 1}";
    let cases: [(String, usize, usize, &str); 22] = [
        ("{:process 0, :type :invoke".into(), 1, 1, "'{' is never closed"),
        ("[{:process 0, :type :invoke]".into(), 1, 2, "'{' is not closed: \"]\" comes first"),
        (format!("{call}\n{end}\n}}"), 3, 1, "a bracket closes nothing"),
        (format!("[{call}\n{end}"), 1, 1, "the vector of operations is never closed"),
        (format!("{call}\n  :oops\n{end}"), 2, 3, ":oops is no operation"),
        ("{:process 0, :type}".into(), 1, 1, "a key of the map has no value"),
        ("{:process 0, :f :read}".into(), 1, 1, "the operation has no :type"),
        ("{:type :invoke, :f :read}".into(), 1, 1, "the operation has no :process"),
        ("{:process 0, :type :invoke}".into(), 1, 1, "the operation has no :f"),
        ("{:process 0, :type :begin, :f :read}".into(), 1, 20, ":begin is no type"),
        ("{:process -2, :type :invoke, :f :read}".into(), 1, 11, "-2 is no process"),
        ("{:process 0, :type :invoke, :f \"read\"}".into(), 1, 32, "\"read\" is no function"),
        ("{:process 0, :process 1}".into(), 1, 14, ":process stands there twice"),
        ("{:process 0, :type :invoke, :f :enqueue, :value 1}".into(), 1, 32, "no kv has :enqueue"),
        (format!("{call}\n{call}"), 2, 1, "process 0 is called while it has an operation open"),
        (end.into(), 1, 1, "process 0 ends an operation that it never called"),
        (
            format!("{call}\n{}", end.replace(":value 1", ":value 2")),
            2,
            43,
            "the end of the :write has another value than its call",
        ),
        (format!("{call}\n{}", end.replace(":write", ":read")), 2, 28, "the end of a :write says :read"),
        (
            "{:process 0, :type :invoke, :f :write, :value nil}".into(),
            1,
            47,
            "nil is no value that can be written",
        ),
        ("{:process 0, :type :invoke, :f :cas, :value 3}".into(), 1, 45, "3 is no pair"),
        ("{:process 0, :type :invoke, :f :write, :value #{1}}".into(), 1, 47, "a set of 1 is no value"),
        ("{:process 0, :type :invoke, :f :read, :time \"now\"}".into(), 1, 45, "\"now\" is no time"),
    ];
    for (text, line, column, problem) in cases {
        assert_eq!(one::<Kind>(&text, Format::Edn), (line, column, problem.to_owned()), "{text}");
    }
}

#[test]
fn a_time_that_goes_back_is_told() {
    let text = "{:process 0, :type :invoke, :f :read, :time 7}\n{:process 0, :type :ok, :f :read, :time 6}";
    assert_eq!(
        one::<Kind>(text, Format::Edn),
        (2, 1, "the operation ends at 6, before its call at 7".into())
    );
}

#[test]
fn the_latest_time_there_is_can_be_said() {
    let text = "{:process 0, :type :invoke, :f :read, :time 18446744073709551615}\n".to_owned();
    let both = text.clone() + &text.replace(":invoke", ":ok");
    assert_eq!(read::<Kind>(&both, Format::Edn).history.operations()[0].ret, Some(u64::MAX));
}

#[test]
fn all_faults_come_at_once_and_in_order() {
    let text = "{:process 0, :type :invoke, :f :raed}\n\
                {:process 1, :type :invoke, :f :write, :value nil}\n\
                {:process 2 \"\n\
                {:process 3, :type :ok, :f :read}\n";
    let places: Vec<usize> = wrong::<Kind>(text, Format::Edn).into_iter().map(|(line, ..)| line).collect();
    assert_eq!(places, [1, 2, 3, 4]);
    let many = "{:process 0, :type :ok, :f :read}\n".repeat(1_000);
    let faults = faults::<Kind>(&many, Format::Edn);
    assert_eq!((faults.faults.len(), faults.is_cut), (checker::import::FAULTS_MAX, true));
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let text = "[".repeat(1_000_000);
    assert_eq!(one::<Kind>(&text, Format::Edn).2, "data is nested too deep");
    let between = format!("{}ü", "[".repeat(65));
    let fault = &faults::<Kind>(&between, Format::Edn).faults[0];
    assert_eq!(&between[fault.span.clone()], "ü");
    let tags = "#a ".repeat(1_000_000);
    assert_eq!(one::<Kind>(&tags, Format::Edn).2, "data is nested too deep");
    let discards = "#_".repeat(1_000_000);
    assert_eq!(one::<Kind>(&discards, Format::Edn).2, "data is nested too deep");
}

#[test]
fn the_wrong_model_is_told_which_is_right() {
    let text = "{:process 0, :type :invoke, :f :enqueue, :value 1}";
    assert_eq!(faults::<Kind>(text, Format::Edn).faults[0].help, "--model queue has it");
}
