//! Raft in a small cluster: stories, random faults, and each rule's mutant.

// A test binary exports nothing; `pub` here says what the stories use.
#![allow(unreachable_pub)]

mod cluster;
mod fuzz;
mod inspect;
mod paper;
mod rules;
mod stories;
