//! Writes the page of a scenario file, to look at it: `page FILE OUT [--seed N] [--without RULE]... [--svg DRAWING]...`.

#[path = "../tests/browser/fixture.rs"]
mod fixture;

use fixture::Source;
use reports::figure::{Figure, Panel, Table};

fn main() {
    let mut words = std::env::args().skip(1);
    let file = words.next().expect("a scenario file");
    let out = words.next().expect("where the page goes");
    let (mut seed, mut without, mut panels) = (1, Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seed" => seed = words.next().and_then(|word| word.parse().ok()).expect("a seed"),
            "--without" => without.push(words.next().expect("a rule")),
            "--svg" => {
                let name = words.next().expect("a drawing");
                let svg = std::fs::read_to_string(&name).expect("the drawing can be read");
                panels.push(Panel { name, svg });
            }
            word => panic!("what is {word}?"),
        }
    }
    let text = std::fs::read_to_string(&file).expect("the file can be read");
    let mut data = Table::new(&["drawing"]);
    panels.iter().for_each(|panel| data.push(vec![panel.name.as_str().into()]));
    let figure = Figure {
        id: "drawings".to_owned(),
        title: "Drawings".to_owned(),
        how_to_read: "These are the drawings that were asked for.".to_owned(),
        panels,
        data,
    };
    let figures = if figure.panels.is_empty() { Vec::new() } else { vec![figure] };
    let source = Source { file, text, seed, without };
    std::fs::write(&out, source.page(&source.stories(), &figures)).expect("the page can be written");
}
