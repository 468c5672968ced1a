//! The judges that look across replicas, written once, from facts, claims and deliveries; and the protocol's own
//! judge, carried along.
//!
//! - [`disks`]: durable before visible; rounds and votes never regress; a restart refines the durable image.
//! - [`ledger`]: one entry a position; equal state at equal position; exactly once; acknowledged writes survive; one
//!   leader a round; reads miss nothing.
//! - The clients' side (linearizability and the weaker promises) is in the crate `checker`, and is asked at the end.

pub mod disks;
pub mod image;
pub mod ledger;
pub mod tally;

pub use disks::Disks;
pub use ledger::Ledger;
pub use tally::{Tally, When};
