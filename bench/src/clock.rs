//! CPU time of this process.
//!
//! Rates are per CPU second and not per second on the wall, because a shared machine gives and takes cores as it
//! likes. The system call is made directly (rustix), so that the `clock_gettime` that madsim puts in front of the C
//! library's cannot answer in its place.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A running measurement of CPU time.
pub struct CpuClock {
    started: Duration,
}

impl CpuClock {
    /// Starts measuring.
    pub fn start() -> Self {
        CpuClock { started: process_cpu() }
    }

    /// CPU time (user and system, all threads) that the process has used since `start`.
    pub fn elapsed(&self) -> Duration {
        process_cpu().saturating_sub(self.started)
    }
}

/// CPU time that the process has used since it began.
fn process_cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    assert!(0 <= now.tv_sec);
    assert!(0 <= now.tv_nsec);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
