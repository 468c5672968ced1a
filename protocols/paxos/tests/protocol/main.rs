//! Multi-Paxos under test: in a small deterministic cluster, by seeded faults, by stories, and without each of its rules.

mod cluster;
mod fuzz;
mod inspect;
mod paper;
mod rules;
mod stories;
