//! From results to text: pure functions, the same bytes for the same input.

pub(crate) mod units;

pub(crate) mod check;
mod judges;
pub(crate) mod mutants;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod scenarios;
pub(crate) mod sweep;
pub(crate) mod table;
pub(crate) mod trace;

#[cfg(test)]
pub(crate) mod made_up;

/// The words that must not be overlooked, each with its color. No other output uses them.
const LOUD: [(&str, &str); 7] = [
    ("VIOLATED", "1;31"),
    ("UNKNOWN", "1;33"),
    ("TOUCHED NOTHING", "1;33"),
    ("THIS RUN LEAVES OUT", "1;33"),
    ("THIS SWEEP LEAVES OUT", "1;33"),
    ("THIS FILE LEAVES OUT", "1;33"),
    ("All held", "1;32"),
];

/// Colors the loud words of a finished text. Done last, so that widths are counted without escapes.
pub(crate) fn paint(text: &str) -> String {
    let mut painted = text.to_string();
    for (word, color) in LOUD {
        painted = painted.replace(word, &format!("\u{1b}[{color}m{word}\u{1b}[0m"));
    }
    painted
}

/// The line that reproduces a run of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rerun {
    /// The scenario file, as given.
    pub(crate) file: String,
    /// Rules left out by the command line.
    pub(crate) without: Vec<String>,
    /// Keys of the file set by the command line, with their values.
    pub(crate) set: Vec<(String, String)>,
}

impl Rerun {
    /// The line for one protocol and seed.
    pub(crate) fn line(&self, protocol: &str, seed: u64) -> String {
        let mut line = format!("quorate run {} --protocol {protocol} --seed {seed}", quoted(&self.file));
        for rule in &self.without {
            line.push_str(&format!(" --without {}", quoted(rule)));
        }
        for setting in settings(&self.set) {
            line.push_str(&format!(" --set {}", quoted(&setting)));
        }
        line
    }
}

/// Keys that were set, as on the command line.
fn settings(set: &[(String, String)]) -> Vec<String> {
    set.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

/// A document as JSON, with a newline at its end.
pub(crate) fn json(document: &impl serde::Serialize) -> String {
    let text =
        serde_json::to_string_pretty(document).expect("the documents are made of strings, numbers and lists");
    text + "\n"
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,=:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_copy_survives_a_shell() {
        let rerun = Rerun {
            file: "my runs/it's.toml".into(),
            without: vec!["raft/5.4.2".into()],
            set: vec![("network.loss".into(), "0.1".into()), ("title".into(), "a b".into())],
        };
        assert_eq!(
            rerun.line("raft", 7),
            r"quorate run 'my runs/it'\''s.toml' --protocol raft --seed 7 --without raft/5.4.2 --set network.loss=0.1 --set 'title=a b'"
        );
    }

    #[test]
    fn paint_changes_nothing_but_loud_words() {
        assert_eq!(paint("quiet"), "quiet");
        assert_eq!(paint("x VIOLATED y"), "x \u{1b}[1;31mVIOLATED\u{1b}[0m y");
    }
}
