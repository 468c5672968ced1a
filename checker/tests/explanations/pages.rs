//! The page loads nothing, is the same every time, and shows hostile texts as texts.

use std::path::Path;

use checker::explain::{Annotation, page};
use checker::history::Names;
use checker::{History, Kind, Object, Operation, Options, Outcome, import, linearizable};

use crate::{explained, get, put};

/// Kept where a developer can look at it.
fn keep(name: &str, page: &str) {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(place, page).expect("the directory for tests can be written to");
}

fn page_of<K: Object>(history: &History<K>, title: &str) -> String {
    page(history, &explained(history, 1), title, &[])
}

fn read(name: &str) -> String {
    let path = format!("{}/tests/data/porcupine/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the file is there")
}

fn assert_loads_nothing(page: &str) {
    for word in ["http:", "https:", "src=", "href=", "@import", "url(//", "fetch(", "XMLHttp", "import("] {
        assert!(!page.contains(word), "{word} in the page");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_page_of_an_etcd_log() {
    let history = import::jepsen_log(&read("etcd/etcd_006.log")).expect("well-formed");
    let first = page_of(&history, "etcd_006.log");
    assert_eq!(first, page_of(&history, "etcd_006.log"));
    assert_loads_nothing(&first);
    assert!(first.contains("Not linearizable: client 12&#39;s get of key 0 [76 to 77] returned 3"));
    assert!(first.contains("<svg"));
    keep("etcd.html", &first);
}

#[test]
fn the_page_of_long_texts() {
    let history = import::append_history(&read("kv/c10-bad.txt")).expect("well-formed");
    let page = page_of(&history, "c10-bad.txt");
    assert_loads_nothing(&page);
    keep("c10-bad.html", &page);
}

#[test]
fn the_page_of_a_history_that_is_ok_has_its_order() {
    let history = import::jepsen_log(&read("etcd/etcd_007.log")).expect("well-formed");
    let report = linearizable(&history, Options { explain: true, witness: true, ..Options::default() });
    assert!(report.verdict.is_ok());
    let page = page(&history, &report, "etcd_007.log", &[]);
    assert!(page.contains("Linearizable: the answers of all"));
    assert!(!page.contains("\"order\":[]"));
    keep("ok.html", &page);
}

#[test]
fn the_page_of_a_long_history_with_one_stale_read() {
    let mut operations: Vec<Operation> = Vec::new();
    for number in 0..50_000u64 {
        let time = number * 10;
        operations.push(put(number % 7, time, time + 25, number + 1));
        operations.push(get(7 + number % 9, time + 30, time + 34, Some(number + 1)));
    }
    // Put 40 000 and put 40 001 overlap, so they come apart.
    for (place, operation) in operations.iter_mut().enumerate() {
        let time = place as u64 / 2 * 100;
        (operation.call, operation.ret) =
            if place % 2 == 0 { (time, Some(time + 40)) } else { (time + 45, Some(time + 90)) };
    }
    operations[80_001] = Operation { kind: Kind::Get, ..get(11, 4_000_045, 4_000_090, Some(39_990)) };
    let history: History<Kind> = History::new(operations).expect("valid");
    let page = page_of(&history, "one stale read");
    assert!(page.len() < 20_000_000, "{}", page.len());
    assert!(page.contains("returned 39990, but"));
    keep("long.html", &page);
}

#[test]
fn hostile_texts_stay_texts() {
    let hostile = "</script><script>alert(1)</script><!--\" onload='x' \u{2028}&amp;{{data}}";
    let value = Names::FIRST;
    let operations = [put(1, 0, 10, value), get(2, 20, 30, Some(value + 1)), get(3, 20, 30, Some(7))];
    let history: History<Kind> = History::new(operations.to_vec()).expect("valid");
    let history = history.with_names(Names::new(vec![hostile.to_owned(), "{{core}}".to_owned()]));
    let marks = [Annotation { at: 5, until: Some(8), text: hostile.to_owned() }];
    let page = page(&history, &explained(&history, 1), hostile, &marks);
    assert_eq!(page.matches("<script").count(), 2, "the data and the script of the page");
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<!--"));
    assert!(!page.contains('\u{2028}'));
    let json =
        page.split_once("id=\"data\">").expect("there is data").1.split_once("</script>").expect("it ends").0;
    let data: serde_json::Value = serde_json::from_str(json).expect("the data is JSON");
    assert!(data["marks"][0][2].as_str().expect("a text").starts_with("</script><script>alert(1)"));
    keep("hostile.html", &page);
}

#[test]
fn a_page_with_faults_and_unknown_outcomes() {
    let lost = Operation { outcome: Outcome::Unknown, ret: None, ..put(2, 12, 12, 9) };
    let operations = [put(1, 0, 10, 7), lost, get(3, 20, 30, Some(9)), get(4, 40, 50, Some(7))];
    let history: History<Kind> = History::new(operations.to_vec()).expect("valid");
    let marks = [Annotation { at: 11, until: Some(19), text: "link 1-2 cut".to_owned() }];
    let page = page(&history, &explained(&history, 1), "faults", &marks);
    assert!(page.contains("link 1-2 cut"));
    keep("faults.html", &page);
}
