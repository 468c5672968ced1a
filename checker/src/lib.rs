//! Histories and their consistency.
