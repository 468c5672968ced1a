//! Broken files: whatever a file holds, a loader neither panics nor loses its place. The short form of `checker/fuzz`.

use checker::import::{FAULTS_MAX, Format, Importable, load};
use checker::{Kind, append, lock, queue, registry, set};
use proptest::prelude::*;

/// Good files, a beginning of each: register, keyed register, texts, queue.
const GOOD: [(Format, &str); 6] = [
    (Format::Jsonl, include_str!("../../fuzz/seeds/jsonl/kv")),
    (Format::Jsonl, include_str!("../../fuzz/seeds/jsonl/queue")),
    (Format::Edn, include_str!("../../fuzz/seeds/edn/register")),
    (Format::Edn, include_str!("../../fuzz/seeds/edn/keyed")),
    (Format::JepsenLog, include_str!("../../fuzz/seeds/jepsen_log/etcd_101")),
    (Format::PorcupineKv, include_str!("../../fuzz/seeds/porcupine_kv/c10-bad")),
];

/// What is put into files: brackets, quotes, words of the formats, numbers at the edge.
const SCRAPS: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "#",
    "#_",
    ":invoke",
    ":ok",
    "nil",
    "\n",
    "-1",
    "18446744073709551615",
    "ü",
    "\u{feff}",
];

/// A change to a text: where, how much goes, and what comes.
type Change = (prop::sample::Index, usize, Option<prop::sample::Index>);

fn broken(text: &str, changes: &[Change]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for (at, gone, scrap) in changes {
        if text.is_empty() {
            break;
        }
        let at = at.index(text.len());
        let end = (at + gone).min(text.len());
        let scrap = scrap.map_or("", |scrap| SCRAPS[scrap.index(SCRAPS.len())]);
        text.splice(at..end, scrap.chars());
    }
    text.into_iter().collect()
}

fn holds<K: Importable>(text: &str, format: Format) {
    match load::<K>(text, format) {
        Ok(loaded) => assert_eq!(loaded.places.len(), loaded.history.operations().len()),
        Err(faults) => {
            assert!((1..=FAULTS_MAX).contains(&faults.faults.len()));
            let lines: Vec<&str> = text.split('\n').collect();
            for fault in faults.faults {
                assert!((1..=lines.len()).contains(&fault.line), "{fault}");
                assert!((1..=lines[fault.line - 1].chars().count() + 1).contains(&fault.column), "{fault}");
                assert!(text.get(fault.span.clone()).is_some(), "{fault}: {:?}", fault.span);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_broken_file_is_read_or_refused_within_its_lines(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..12, any::<Option<prop::sample::Index>>()),
            1..6,
        ),
    ) {
        let (format, good) = GOOD[file.index(GOOD.len())];
        let text = broken(good, &changes);
        for format in Format::ALL.into_iter().filter(|&other| other == format || changes.len() == 1) {
            holds::<Kind>(&text, format);
            holds::<append::Kind>(&text, format);
            holds::<set::Kind>(&text, format);
            holds::<queue::Kind>(&text, format);
            holds::<lock::Kind>(&text, format);
            holds::<registry::Kind>(&text, format);
        }
    }
}
