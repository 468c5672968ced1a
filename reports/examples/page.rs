//! Writes the page of a scenario file, to look at it: `page FILE OUT [--seed N] [--without RULE]...`.

#[path = "../tests/browser/fixture.rs"]
mod fixture;

use fixture::Source;

fn main() {
    let mut words = std::env::args().skip(1);
    let file = words.next().expect("a scenario file");
    let out = words.next().expect("where the page goes");
    let (mut seed, mut without) = (1, Vec::new());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seed" => seed = words.next().and_then(|word| word.parse().ok()).expect("a seed"),
            "--without" => without.push(words.next().expect("a rule")),
            word => panic!("what is {word}?"),
        }
    }
    let text = std::fs::read_to_string(&file).expect("the file can be read");
    let source = Source { file, text, seed, without };
    std::fs::write(&out, source.page(&source.stories(), &[])).expect("the page can be written");
}
