//! The simulated world: event queue, clocks, links, disks, nodes, faults, clients, trace, and the judges that look
//! across replicas. It cannot name a protocol: everything here is generic over `replica::Replica`.

#![deny(clippy::float_arithmetic)]

pub mod clients;
pub mod clock;
pub mod disk;
pub mod fingerprint;
pub mod judge;
pub mod kv;
pub mod measure;
pub mod outcome;
pub mod plan;
pub mod queue;
pub mod rng;
pub mod rules;
pub mod run;
pub mod trace;
pub mod world;
