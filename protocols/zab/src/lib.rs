//! Zab as a pure state machine.
