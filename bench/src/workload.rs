//! What every contestant of a group is given to do: the same mesh, the same commands, the same state machine.
//!
//! The numbers are constants and not options, because two tables can be compared only if they measured one thing.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Nodes of the mesh: each pings every other one.
pub const MESH_NODES: usize = 5;
/// The shortest latency of a message in the mesh, and in the floor.
pub const LATENCY_MIN: Duration = Duration::from_micros(200);
/// The longest latency of a message in the mesh, and in the floor.
pub const LATENCY_MAX: Duration = Duration::from_millis(1);
/// Bytes of a ping, and of the pong that answers it.
pub const PING_BYTES: usize = 16;
/// First byte of a ping.
pub const PING: u8 = 1;
/// First byte of a pong.
pub const PONG: u8 = 2;

/// Commits of one run of a protocol: enough to drown the election, few enough that the log stays in the caches that a
/// simulated cluster's log would stay in.
pub const COMMITS: u64 = 5_000;
/// Bytes of a command.
pub const COMMAND_BYTES: usize = 64;

/// The `number`-th command: no two are alike.
pub fn command(number: u64) -> [u8; COMMAND_BYTES] {
    let mut bytes = [0x5a; COMMAND_BYTES];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// The replicated state machine: a digest of all commands in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    state: u64,
    /// Commands folded in so far.
    pub applied: u64,
}

impl Digest {
    /// Applies one command.
    pub fn apply(&mut self, command: &[u8]) {
        self.state = xxh3_64_with_seed(command, self.state);
        self.applied += 1;
    }

    /// The digest itself.
    pub fn state(&self) -> u64 {
        self.state
    }

    /// What a replica must hold that applied the first `commands` commands: computed apart from every contestant.
    pub fn expected(commands: u64) -> Digest {
        let mut digest = Digest::default();
        for number in 0..commands {
            digest.apply(&command(number));
        }
        digest
    }
}
