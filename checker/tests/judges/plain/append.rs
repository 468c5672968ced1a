//! Keys that hold a text. A value is a letter, so that texts can be told apart wherever they are cut.

use checker::append::{Kind, Output};

use crate::generated::Random;
use crate::plain::{Plain, Values};

/// The text of a value: one character.
fn letter(value: u64) -> String {
    char::from_u32('a' as u32 + value as u32).expect("few values").to_string()
}

fn renamed(text: &str, name: fn(u64) -> u64) -> String {
    text.chars().map(|letter_before| letter(name(letter_before as u64 - 'a' as u64))).collect()
}

impl Plain for Kind {
    type State = String;

    fn perform(&self, key: usize, world: &mut [String], _choice: u64) -> Output {
        let held = &mut world[key];
        match self {
            Kind::Get => return Output::Text(held.clone()),
            Kind::Put { text } => held.clone_from(text),
            Kind::Append { text } => held.push_str(text),
        }
        Output::Done
    }

    fn draw(random: &mut Random, values: &mut Values) -> Kind {
        match random.below(10) {
            0..4 => Kind::Get,
            4..6 => Kind::Put { text: letter(values.next(random)) },
            _ => Kind::Append { text: letter(values.next(random)) },
        }
    }

    fn guess(&self, random: &mut Random, values: &Values) -> Output {
        match self {
            Kind::Get => {
                let letters = 0..random.below(4);
                Output::Text(letters.map(|_| letter(values.any(random))).collect())
            }
            Kind::Put { .. } | Kind::Append { .. } => Output::Done,
        }
    }

    fn rename(&self, name: fn(u64) -> u64) -> Kind {
        match self {
            Kind::Get => Kind::Get,
            Kind::Put { text } => Kind::Put { text: renamed(text, name) },
            Kind::Append { text } => Kind::Append { text: renamed(text, name) },
        }
    }

    fn rename_output(output: &Output, name: fn(u64) -> u64) -> Output {
        match output {
            Output::Done => Output::Done,
            Output::Text(text) => Output::Text(renamed(text, name)),
        }
    }
}
