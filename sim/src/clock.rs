//! A node's two clocks as functions of simulated time: a monotonic clock with a rate of its own, on which its timers
//! run, and a wall clock over it with an offset, a rate, jumps and freezes.

use replica::{LocalTime, WallTime};

use crate::plan;

/// What the wall clocks show, but for their offsets, at the start of a run.
const WALL_EPOCH: u64 = 1_000_000_000_000_000;
/// What node 0's monotonic clock shows at the start; each further node is a second ahead, so that nobody can mistake
/// one node's reading for another's.
const LOCAL_EPOCH: u64 = 1_000_000_000;
/// Rates are fixed-point numbers with 32 fractional bits.
const RATE_ONE: u64 = 1 << 32;

/// Both clocks of one node.
#[derive(Clone, Debug)]
pub struct NodeClock {
    /// The simulated time at which the rate was last set, and the reading at it.
    anchor: (u64, u64),
    /// Nanoseconds of the monotonic clock per nanosecond, 32 fractional bits.
    rate: u64,
    /// The monotonic reading at which the wall clock was last set, and its reading at it.
    wall_anchor: (u64, u64),
    wall_rate: u64,
    /// What the wall clock shows while it stands still.
    frozen: Option<u64>,
}

fn rate(ppb: i64) -> u64 {
    let scaled = i128::from(RATE_ONE) * i128::from(1_000_000_000 + ppb) / 1_000_000_000;
    u64::try_from(scaled).expect("a clock does not run backward").max(1)
}

fn advance(span: u64, rate: u64) -> u64 {
    ((u128::from(span) * u128::from(rate)) >> 32) as u64
}

impl NodeClock {
    /// The clocks of the `node`th node at simulated time zero.
    pub fn new(node: usize, plan: &plan::Clock) -> NodeClock {
        let local = LOCAL_EPOCH * (node as u64 + 1);
        NodeClock {
            anchor: (0, local),
            rate: rate(plan.drift_ppb),
            wall_anchor: (local, WALL_EPOCH.saturating_add_signed(plan.wall_offset)),
            wall_rate: rate(plan.wall_drift_ppb),
            frozen: None,
        }
    }

    /// What the monotonic clock shows at simulated time `now`.
    #[inline]
    pub fn local(&self, now: u64) -> LocalTime {
        LocalTime(self.anchor.1 + advance(now - self.anchor.0, self.rate))
    }

    /// The first simulated time at which the monotonic clock shows at least `local`; at least `now`.
    pub fn when(&self, local: LocalTime, now: u64) -> u64 {
        let Some(span) = local.0.checked_sub(self.anchor.1) else { return now };
        let exact = (u128::from(span) << 32).div_ceil(u128::from(self.rate));
        let at = self.anchor.0.saturating_add(u64::try_from(exact).unwrap_or(u64::MAX));
        debug_assert!(at == u64::MAX || self.local(at) >= local);
        at.max(now)
    }

    /// What the wall clock shows at simulated time `now`.
    pub fn wall(&self, now: u64) -> WallTime {
        WallTime(self.frozen.unwrap_or_else(|| self.running_wall(now)))
    }

    fn running_wall(&self, now: u64) -> u64 {
        let local = self.local(now).0;
        self.wall_anchor.1 + advance(local - self.wall_anchor.0, self.wall_rate)
    }

    /// From `now` on the monotonic clock runs `ppb` parts per billion fast.
    pub fn set_drift(&mut self, now: u64, ppb: i64) {
        self.anchor = (now, self.local(now).0);
        self.rate = rate(ppb);
    }

    /// The wall clock jumps.
    pub fn jump_wall(&mut self, now: u64, by: i64) {
        let wall = self.running_wall(now).saturating_add_signed(by);
        self.wall_anchor = (self.local(now).0, wall);
    }

    /// The wall clock stands still.
    pub fn freeze_wall(&mut self, now: u64) {
        self.frozen = Some(self.wall(now).0);
    }

    /// The wall clock jumps to where it would be, and goes on.
    pub fn thaw_wall(&mut self) {
        self.frozen = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_never_fires_before_its_time_on_a_drifting_clock() {
        for ppb in [-300_000, -1, 0, 1, 100_000, 999_999_999] {
            let plan = plan::Clock { drift_ppb: ppb, wall_offset: 0, wall_drift_ppb: 0 };
            let mut clock = NodeClock::new(3, &plan);
            clock.set_drift(12_345, ppb / 2);
            for step in 1..2_000u64 {
                let local = LocalTime(clock.local(12_345).0 + step * 1_237);
                let at = clock.when(local, 12_345);
                assert!(clock.local(at) >= local);
                assert!(clock.local(at - 1) < local, "rounded up by more than a nanosecond");
            }
        }
    }

    #[test]
    fn a_frozen_wall_clock_jumps_to_where_it_would_be() {
        let plan = plan::Clock { drift_ppb: 0, wall_offset: -5, wall_drift_ppb: 0 };
        let mut clock = NodeClock::new(0, &plan);
        clock.freeze_wall(100);
        assert_eq!(clock.wall(900).0, WALL_EPOCH - 5 + 100);
        clock.thaw_wall();
        assert_eq!(clock.wall(900).0, WALL_EPOCH - 5 + 900);
        clock.jump_wall(900, -400);
        assert_eq!(clock.wall(901).0, WALL_EPOCH - 5 + 501);
    }
}
