//! Worlds with toys in them: a replica that does what a script says and writes down what it is told. Each test is a
//! story about one thing that a world promises.

mod clocks;
mod datagrams;
mod disks;
mod ends;
mod faults;
mod pauses;
mod processors;
mod roles;
mod sessions;
mod toys;
