//! The etcd logs: small, of five values, and with many writes of each.

use checker::{Verdict, import};

use crate::explained;

/// Every broken log has a minimal core, and all but a few cores are small.
#[test]
fn each_broken_etcd_log_has_a_small_core() {
    let mut sizes = Vec::new();
    for number in 0..103 {
        let path = format!("{}/tests/data/porcupine/etcd/etcd_{number:03}.log", env!("CARGO_MANIFEST_DIR"));
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let history = import::jepsen_log(&text).expect("the file is well-formed");
        let Verdict::Illegal { explanation } = explained(&history, 1).verdict else { continue };
        println!("{number}: {}", explanation.sentence);
        assert!(explanation.is_minimal, "etcd_{number}: {explanation:?}");
        assert!(explanation.is_first, "etcd_{number}: {explanation:?}");
        assert!(explanation.core.contains(&explanation.operation));
        sizes.push(explanation.core.len());
    }
    sizes.sort_unstable();
    println!("sizes of cores: {sizes:?}");
    assert_eq!(sizes.len(), 39);
    let half = sizes[sizes.len() / 2];
    assert!(half <= 5, "{sizes:?}");
}
