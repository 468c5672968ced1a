//! The simulated world and its judges.
