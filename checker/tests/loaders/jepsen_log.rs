//! The lines that Jepsen logs.

use checker::import::Format;
use checker::{Kind, Outcome, Output};

use crate::{one, read};

#[test]
fn fields_are_separated_by_any_white_space() {
    // A loader that splits on tabs alone reads the files with spaces as empty histories, and passes them.
    let tabs = "INFO  jepsen.util - 3\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - 3\t:fail\t:cas\t[1 2]\n";
    let loaded = read::<Kind>(tabs, Format::JepsenLog);
    assert_eq!(loaded.history.operations()[0].outcome, Outcome::Ok(Output::Mismatch));
    let spaces = tabs.replace('\t', "    ");
    assert_eq!(read::<Kind>(&spaces, Format::JepsenLog).history, loaded.history);
    let newer =
        tabs.replace("INFO  jepsen.util -", "INFO [2024-01-01 12:00:00,000] jepsen worker 3 - jepsen.util");
    assert_eq!(read::<Kind>(&newer, Format::JepsenLog).history, loaded.history);
}

#[test]
fn the_nemesis_is_counted_and_left_out() {
    let text =
        "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\nINFO  jepsen.util - 0\t:invoke\t:read\tnil\n";
    let loaded = read::<Kind>(text, Format::JepsenLog);
    assert_eq!((loaded.history.operations().len(), loaded.skipped), (1, 1));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        ("INFO  jepsen.util - 0\t:invoke\t:read", 1, 36, "the line ends early"),
        ("INFO  jepsen.util - 0\t:invoke\t:write\tnil", 1, 38, "nil is no value that can be written"),
        ("INFO  jepsen.util - 0\t:invoke\t:cas\t[1]", 1, 36, "a vector is no pair"),
        ("INFO  jepsen.util - 0\t:ok\t:read\tnil", 1, 1, "process 0 ends an operation that it never called"),
        ("\nWARN  jepsen.util - 0\t:invoke\t:read\tnil", 2, 1, "the line is no operation that Jepsen logged"),
        ("INFO  jepsen.util - 0\t:invoke\t:read\tnil nil", 1, 41, "'n' stands behind the value"),
        ("INFO  jepsen.util - zero\t:invoke\t:read\tnil", 1, 21, "zero is no process"),
        ("INFO  jepsen.util - 0\t:begin\t:read\tnil", 1, 23, ":begin is no type"),
    ];
    for (text, line, column, problem) in cases {
        assert_eq!(one::<Kind>(text, Format::JepsenLog), (line, column, problem.to_owned()), "{text}");
    }
}
