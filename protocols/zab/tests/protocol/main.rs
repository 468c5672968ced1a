//! Zab under a small deterministic cluster: stories, a seeded fuzz, and what breaks when a rule is left out.

mod cluster;
mod fuzz;
mod inspect;
mod judge;
mod leases;
mod mutants;
mod paper;
mod speed;
mod stories;
