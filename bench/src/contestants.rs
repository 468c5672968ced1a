//! The list of contestants: one line each, in the order of the table.
//!
//! To add one: a file with a type that implements [`Contestant`], a `mod` line in `main.rs`, a line here.

use std::marker::PhantomData;

use paxos::Paxos;
use raft::Raft;
use replica::Replica;
use scenarios::Protocol;
use sim::plan::LinkKind;
use zab::Zab;

use crate::checking::Checking;
use crate::commit_omnipaxos::Omni;
use crate::commit_quorate::{DiskKind, Quorate};
use crate::commit_raft::{TakeReady, TikvRaft};
use crate::floor::Floor;
use crate::harness::Contestant;
use crate::leader_crash::LeaderCrash;
use crate::mesh_madsim::{Madsim, Transport};
use crate::mesh_quorate::{Mesh, Without};
use crate::mesh_turmoil::Turmoil;

/// Sizes of cluster and commands in flight that every protocol is measured with.
const SHAPES: [(u64, u64); 4] = [(3, 1), (3, 64), (5, 1), (5, 64)];

/// All contestants.
pub fn all() -> Vec<Box<dyn Contestant>> {
    let mut list: Vec<Box<dyn Contestant>> = vec![
        Box::new(Floor),
        Box::new(Madsim { transport: Transport::Datagram }),
        Box::new(Madsim { transport: Transport::Stream }),
        Box::new(Turmoil { stretch: 10 }),
        Box::new(Turmoil { stretch: 1 }),
    ];
    for link in [LinkKind::Datagram, LinkKind::Session] {
        list.push(Box::new(Mesh { link, without: Without::Nothing }));
    }
    for without in [Without::Fingerprint, Without::FingerprintAndJudges] {
        list.push(Box::new(Mesh { link: LinkKind::Datagram, without }));
    }
    for (nodes, in_flight) in SHAPES {
        list.push(Box::new(TikvRaft { nodes, in_flight, take_ready: TakeReady::EachMessage }));
        list.push(Box::new(TikvRaft { nodes, in_flight, take_ready: TakeReady::AllWaiting }));
        list.push(Box::new(Omni { nodes, in_flight }));
    }
    ours::<Raft>(&mut list);
    ours::<Paxos>(&mut list);
    ours::<Zab>(&mut list);
    for protocol in Protocol::ALL {
        list.push(Box::new(LeaderCrash { protocol }));
    }
    for protocol in Protocol::ALL {
        list.push(Box::new(Checking { protocol, is_on: true }));
        list.push(Box::new(Checking { protocol, is_on: false }));
    }
    list
}

/// The rows of one of our protocols.
fn ours<R: Replica + 'static>(list: &mut Vec<Box<dyn Contestant>>) {
    let mut add = |nodes, in_flight, disk, without| {
        let protocol = PhantomData::<R>;
        list.push(Box::new(Quorate { nodes, in_flight, disk, without, protocol }));
    };
    for (nodes, in_flight) in SHAPES {
        add(nodes, in_flight, DiskKind::Off, Without::Nothing);
        add(nodes, in_flight, DiskKind::Slow, Without::Nothing);
    }
    for without in [Without::Fingerprint, Without::FingerprintAndJudges] {
        add(5, 64, DiskKind::Off, without);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A name that occurs twice would be compared with itself, and one that nobody has with nothing.
    #[test]
    fn names_are_unique_and_rivals_exist() {
        let all = all();
        let names: BTreeSet<String> = all.iter().map(|contestant| contestant.name()).collect();
        assert_eq!(names.len(), all.len());
        for rival in all.iter().flat_map(|contestant| contestant.against()) {
            assert!(names.contains(&rival.name), "{} is not in the list", rival.name);
        }
    }

    /// Every run checks its own result (equal digests, nothing lost); this makes `cargo test` see it.
    #[test]
    fn every_contestant_runs() {
        for contestant in all() {
            let measure = contestant.run();
            assert!(0 < measure.units, "{}", contestant.name());
            assert!(0 < measure.messages, "{}", contestant.name());
        }
    }
}
