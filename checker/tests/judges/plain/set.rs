//! Sets.

use std::collections::BTreeSet;

use checker::set::{Kind, Output};

use crate::generated::Random;
use crate::plain::{Plain, Values};

impl Plain for Kind {
    type State = BTreeSet<u64>;

    fn perform(&self, key: usize, world: &mut [BTreeSet<u64>], _choice: u64) -> Output {
        let set = &mut world[key];
        match *self {
            Kind::Add { value } => Output::Added(set.insert(value)),
            Kind::Remove { value } => Output::Removed(set.remove(&value)),
            Kind::Contains { value } => Output::Is(set.contains(&value)),
            Kind::Members => Output::Members(set.iter().copied().collect()),
        }
    }

    fn agrees(came: &Output, told: &Output) -> bool {
        match (came, told) {
            (Output::Added(_) | Output::Removed(_), Output::Done) => true,
            (Output::Members(came), Output::Members(told)) => {
                let mut told = told.clone();
                told.sort_unstable();
                *came == told
            }
            _ => came == told,
        }
    }

    fn say(came: Output, random: &mut Random, _values: &Values) -> Output {
        match came {
            Output::Added(_) | Output::Removed(_) if random.percent(40) => Output::Done,
            Output::Members(mut members) => {
                let turns = random.below(members.len() as u64 + 1) as usize;
                members.rotate_left(turns);
                Output::Members(members)
            }
            _ => came,
        }
    }

    fn draw(random: &mut Random, values: &mut Values) -> Kind {
        match random.below(12) {
            0..4 => Kind::Add { value: values.next(random) },
            4..7 => Kind::Remove { value: values.any(random) },
            7..10 => Kind::Contains { value: values.any(random) },
            _ if values.is_tame => Kind::Contains { value: values.any(random) },
            _ => Kind::Members,
        }
    }

    fn guess(&self, random: &mut Random, values: &Values) -> Output {
        let is = random.percent(50);
        match self {
            Kind::Add { .. } | Kind::Remove { .. } if random.percent(30) => Output::Done,
            Kind::Add { .. } => Output::Added(is),
            Kind::Remove { .. } => Output::Removed(is),
            Kind::Contains { .. } => Output::Is(is),
            Kind::Members => {
                let drawn: BTreeSet<u64> = (0..random.below(4)).map(|_| values.any(random)).collect();
                Output::Members(drawn.into_iter().collect())
            }
        }
    }

    fn rename(&self, name: fn(u64) -> u64) -> Kind {
        match *self {
            Kind::Add { value } => Kind::Add { value: name(value) },
            Kind::Remove { value } => Kind::Remove { value: name(value) },
            Kind::Contains { value } => Kind::Contains { value: name(value) },
            Kind::Members => Kind::Members,
        }
    }

    fn rename_output(output: &Output, name: fn(u64) -> u64) -> Output {
        match output {
            Output::Members(members) => Output::Members(members.iter().map(|&value| name(value)).collect()),
            _ => output.clone(),
        }
    }
}
