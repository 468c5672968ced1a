//! First-in-first-out queues.

use std::collections::VecDeque;

use checker::queue::{Kind, Output};

use crate::generated::Random;
use crate::plain::{Plain, Values};

impl Plain for Kind {
    type State = VecDeque<u64>;

    fn perform(&self, key: usize, world: &mut [VecDeque<u64>], _choice: u64) -> Output {
        match *self {
            Kind::Enqueue { value } => {
                world[key].push_back(value);
                Output::Done
            }
            Kind::Dequeue => world[key].pop_front().map_or(Output::Empty, Output::Took),
        }
    }

    fn draw(random: &mut Random, values: &mut Values) -> Kind {
        if random.percent(50) { Kind::Enqueue { value: values.next(random) } } else { Kind::Dequeue }
    }

    fn guess(&self, random: &mut Random, values: &Values) -> Output {
        match self {
            Kind::Enqueue { .. } => Output::Done,
            Kind::Dequeue => values.any_or_nothing(random).map_or(Output::Empty, Output::Took),
        }
    }

    fn rename(&self, name: fn(u64) -> u64) -> Kind {
        match *self {
            Kind::Enqueue { value } => Kind::Enqueue { value: name(value) },
            Kind::Dequeue => Kind::Dequeue,
        }
    }

    fn rename_output(output: &Output, name: fn(u64) -> u64) -> Output {
        match *output {
            Output::Took(value) => Output::Took(name(value)),
            Output::Done | Output::Empty => *output,
        }
    }
}
