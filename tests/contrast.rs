//! `quorate contrast`: every question is answered, and the same way whoever asks.

use crate::quorate;

#[test]
fn every_question_has_three_answers_and_the_page_is_the_same_twice() {
    // Numbers that nobody can get again are no measurement: the page is generated, and compared in reviews.
    let first = quorate(&["contrast", "--seeds", "1"]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    let rows: Vec<&str> = first.out.lines().filter(|line| line.starts_with("| ")).collect();
    assert!(20 <= rows.len(), "{} rows", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 7, "{row}");
        assert!(cells[1..6].iter().all(|cell| !cell.is_empty()), "{row}");
        assert!(!row.contains("NaN"), "{row}");
    }
    assert_eq!(first.out, quorate(&["contrast", "--seeds", "1"]).out);
}
