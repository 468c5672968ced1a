//! What holds for every loader and every text, however broken: no panic, and faults that stand within the file.

use checker::import::{FAULTS_MAX, Faults, Format, Importable, load};

/// Reads a text as a history of every object.
pub fn every_object(data: &[u8], format: Format) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    one::<checker::Kind>(text, format);
    one::<checker::append::Kind>(text, format);
    one::<checker::set::Kind>(text, format);
    one::<checker::queue::Kind>(text, format);
    one::<checker::lock::Kind>(text, format);
    one::<checker::registry::Kind>(text, format);
}

fn one<K: Importable>(text: &str, format: Format) {
    match load::<K>(text, format) {
        Err(faults) => within(text, &faults),
        Ok(loaded) => {
            let lines = text.lines().count();
            assert_eq!(loaded.places.len(), loaded.history.operations().len());
            for (operation, place) in loaded.places.iter().enumerate() {
                assert!(1 <= place.call && place.call <= lines);
                assert!(place.end.is_none_or(|end| place.call <= end && end <= lines));
                assert!(!loaded.history.words(operation).is_empty());
            }
        }
    }
}

/// Every fault has a place in the text.
fn within(text: &str, faults: &Faults) {
    assert!(!faults.faults.is_empty() && faults.faults.len() <= FAULTS_MAX);
    let lines = text.split('\n').count();
    for fault in &faults.faults {
        assert!(1 <= fault.line && fault.line <= lines, "{fault}");
        assert!(1 <= fault.column, "{fault}");
        assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len(), "{fault}");
    }
}
