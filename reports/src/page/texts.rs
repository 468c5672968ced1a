//! Texts of a page's data, each once.

use std::collections::BTreeMap;

/// Letters of a text that a page shows at most.
const LETTERS_MAX: usize = 400;

/// Texts by number, in order of their first use.
pub(super) struct Texts {
    list: Vec<String>,
    numbers: BTreeMap<String, usize>,
}

impl Texts {
    /// No text but the empty one, which is number zero.
    pub(super) fn new() -> Texts {
        let mut texts = Texts { list: Vec::new(), numbers: BTreeMap::new() };
        texts.number("");
        texts
    }

    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> usize {
        let text = cut(text);
        if let Some(&number) = self.numbers.get(&text) {
            return number;
        }
        self.list.push(text.clone());
        self.numbers.insert(text, self.list.len() - 1);
        self.list.len() - 1
    }

    /// All of them.
    pub(super) fn list(&self) -> &[String] {
        &self.list
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LETTERS_MAX) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}
