//! Keys that hold a value or nothing.

use checker::{Kind, Output};

use crate::generated::Random;
use crate::plain::{Plain, Values};

impl Plain for Kind {
    type State = Option<u64>;

    const IS_EXPLAINED: bool = true;

    fn perform(&self, key: usize, world: &mut [Option<u64>], _choice: u64) -> Output {
        let held = &mut world[key];
        match *self {
            Kind::Get => Output::Value(*held),
            Kind::Put { value } => {
                *held = Some(value);
                Output::Done
            }
            Kind::Delete => {
                *held = None;
                Output::Done
            }
            Kind::Cas { expect, value } if *held == expect => {
                *held = Some(value);
                Output::Swapped
            }
            Kind::Cas { .. } => Output::Differs(*held),
        }
    }

    fn agrees(came: &Output, told: &Output) -> bool {
        came == told || matches!((came, told), (Output::Differs(_), Output::Mismatch))
    }

    fn say(came: Output, random: &mut Random, values: &Values) -> Output {
        match came {
            Output::Differs(_) if !values.is_tame && random.percent(30) => Output::Mismatch,
            _ => came,
        }
    }

    fn draw(random: &mut Random, values: &mut Values) -> Kind {
        match random.below(20) {
            0..8 => Kind::Get,
            8..14 => Kind::Put { value: values.next(random) },
            14 if !values.is_tame => Kind::Delete,
            _ => Kind::Cas { expect: values.any_or_nothing(random), value: values.next(random) },
        }
    }

    fn guess(&self, random: &mut Random, values: &Values) -> Output {
        match self {
            Kind::Get => Output::Value(values.any_or_nothing(random)),
            Kind::Put { .. } | Kind::Delete => Output::Done,
            Kind::Cas { .. } => match random.below(5) {
                0..3 => Output::Swapped,
                3 => Output::Differs(values.any_or_nothing(random)),
                _ => Output::Mismatch,
            },
        }
    }

    fn rename(&self, name: fn(u64) -> u64) -> Kind {
        match *self {
            Kind::Put { value } => Kind::Put { value: name(value) },
            Kind::Cas { expect, value } => Kind::Cas { expect: expect.map(name), value: name(value) },
            Kind::Get | Kind::Delete => *self,
        }
    }

    fn rename_output(output: &Output, name: fn(u64) -> u64) -> Output {
        match *output {
            Output::Value(seen) => Output::Value(seen.map(name)),
            Output::Differs(seen) => Output::Differs(seen.map(name)),
            Output::Done | Output::Swapped | Output::Mismatch => *output,
        }
    }
}
