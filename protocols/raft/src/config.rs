//! Time-outs and settings: how `detection` becomes Raft's election timeout and heartbeat interval (paper 5.2, 9.3).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use replica::{Knobs, NODES_MAX, NodeId, Rules, Setting, Span};

use crate::rules;

/// Raft's configuration of an incarnation.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The rules obeyed.
    pub rules: Rules,
    /// The election timeout is drawn evenly from this ...
    pub election_timeout_min: Span,
    /// ... to this: from detection to as far beyond it as `election_spread_ppm` says, by default twice detection.
    pub election_timeout_max: Span,
    /// How often a leader speaks to a follower it has nothing to tell.
    pub heartbeat: Span,
    /// Whether a heartbeat goes to everybody at every interval, whatever else was said to them, also while a follower is
    /// probed: as where heartbeats are messages of their own (etcd). If not, what was said does for a heartbeat.
    pub steady_heartbeats: bool,
    /// How long a pipeline may be silent with entries in flight before the leader probes again. Needed on datagram
    /// links, where the last of a burst may be lost and nothing after it would show that.
    pub retry: Span,
    /// How long after a commit followers of an idle pipeline are told of it; under load the next append tells them.
    pub commit_delay: Span,
    /// The most entries in one AppendEntries.
    pub append_max: usize,
    /// The most unacknowledged AppendEntries on their way to one follower.
    pub inflight_max: usize,
    /// The most bytes of entries in them; one message may go over it.
    pub inflight_bytes: u64,
    /// Whether a server asks whether it could win before it stands (thesis 9.6).
    pub pre_vote: bool,
    /// Whether a leader steps down without a majority, and voters refuse to depose a leader they hear (thesis 6.2,
    /// 4.2.3). Lease reads need it and turn it on.
    pub check_quorum: bool,
    /// How linearizable reads are served.
    pub reads: ReadPath,
    /// For how long after a round was sent that a majority answered a leader may read without asking: the least
    /// election timeout, on a clock as slow as `lease_drift_ppm` allows while a voter's is as fast.
    pub lease: Span,
    /// Whether followers serve linearizable reads, at an index that they ask the leader for.
    pub follower_reads: bool,
    /// How much longer than the most eager server each waits before it stands.
    penalties: [u8; NODES_MAX],
    /// The most bytes of a snapshot in one InstallSnapshot.
    pub chunk: u64,
    /// How many entries below a snapshot stay in memory for followers that are a little behind.
    pub trailing: u64,
    /// The most entries delivered in one go.
    pub deliver_max: u64,
}

/// How linearizable reads are served (thesis 6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadPath {
    /// At the commit index, once a majority has confirmed the leader.
    Index,
    /// As an entry of the log.
    Log,
    /// At once, while the leader's lease lasts; else as `Index`.
    Lease,
}

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "append_max",
        help: "the most entries in one AppendEntries: a whole number from 1 to 65536",
        default: "64",
    },
    Setting {
        name: "inflight_max",
        help: "the most unacknowledged AppendEntries to one follower: a whole number from 1 to 65536",
        default: "256",
    },
    Setting {
        name: "heartbeats",
        help: "heartbeats a detection: a whole number from 2 to 100",
        default: "5",
    },
    Setting {
        name: "steady_heartbeats",
        help: "heartbeats go to everybody at every interval, whatever else was said: on or off",
        default: "off",
    },
    Setting {
        name: "election_spread_ppm",
        help: "how far beyond a detection election timeouts are drawn, in parts per million of one: a whole number from 0 to 10000000",
        default: "1000000",
    },
    Setting {
        name: "commit_delay_parts",
        help: "an idle follower is told of a commit after this part of a detection: a whole number from 1 to 1000000",
        default: "60",
    },
    Setting {
        name: "inflight_bytes",
        help: "the most unacknowledged bytes of entries to one follower: a whole number from 1 to 1073741824",
        default: "4194304",
    },
    Setting { name: "pre_vote", help: "ask before standing for election: on or off", default: "off" },
    Setting {
        name: "check_quorum",
        help: "a leader without a majority steps down, and voters protect one they hear: on or off",
        default: "off",
    },
    Setting {
        name: "reads",
        help: "how linearizable reads are served: index, log or lease",
        default: "index",
    },
    Setting {
        name: "lease_drift_ppm",
        help: "how wrong a clock's rate may be under lease reads, in parts per million: a whole number from 0 to 500000",
        default: "1000",
    },
    Setting {
        name: "follower_reads",
        help: "followers serve linearizable reads at an index of the leader's: on or off",
        default: "off",
    },
    Setting {
        name: "priorities",
        help: "who stands first, as `n0:2,n1:1`; who is not named has 0: nodes with numbers from 0 to 9",
        default: "",
    },
    Setting {
        name: "chunk",
        help: "the most bytes of a snapshot in one message: a whole number from 1 to 1073741824",
        default: "65536",
    },
    Setting {
        name: "trailing",
        help: "entries kept in memory below a snapshot: a whole number from 0 to 1073741824",
        default: "100",
    },
    Setting {
        name: "deliver_max",
        help: "the most entries delivered in one go: a whole number from 1 to 1073741824",
        default: "1024",
    },
];

/// The most bytes, entries or pages that a setting may name: a gigabyte.
const SIZE_MAX: u64 = 1 << 30;
/// A priority is one digit.
const PRIORITY_MAX: u64 = 9;
/// Each step of priority is this part of a detection: enough for the more eager server to win first.
const PRIORITY_PARTS: u64 = 2;
/// Election timeouts are drawn from at most so many detections beyond the least.
const SPREAD_PPM_MAX: u64 = 10 * MILLION;
/// Clock rates, and how far election timeouts are spread, are counted in parts of this.
const MILLION: u64 = 1_000_000;

/// The largest batch or window: beyond it a message or a queue is no longer "small".
const WINDOW_MAX: u64 = 65_536;
/// Silence of this many heartbeat intervals makes the leader probe again: one may be a sync, two are a loss.
const RETRY_HEARTBEATS: u64 = 2;

impl Config {
    pub(crate) fn from_knobs(knobs: &Knobs) -> Result<Config, String> {
        if let Some(name) = knobs.settings.keys().find(|name| SETTINGS.iter().all(|s| s.name != **name)) {
            return Err(format!("raft has no setting `{name}`"));
        }
        if knobs.detection < Span::micros(1) {
            return Err(format!("detection is {}, and raft needs 1us at least", knobs.detection));
        }
        let heartbeats = setting(knobs, "heartbeats", 2, 100)?;
        let commit_delay_parts = setting(knobs, "commit_delay_parts", 1, 1_000_000)?;
        let heartbeat = knobs.detection / heartbeats;
        let reads = match text(knobs, "reads") {
            "index" => ReadPath::Index,
            "log" => ReadPath::Log,
            "lease" => ReadPath::Lease,
            _ => return Err(wrong(knobs, "reads")),
        };
        let spread = setting(knobs, "election_spread_ppm", 0, SPREAD_PPM_MAX)?;
        let drift = setting(knobs, "lease_drift_ppm", 0, MILLION / 2)?;
        let is_margin_kept = knobs.rules.obeys(rules::LEASE_DRIFT);
        Ok(Config {
            rules: knobs.rules,
            election_timeout_min: knobs.detection,
            election_timeout_max: knobs.detection + parts(knobs.detection, spread),
            heartbeat,
            steady_heartbeats: switch(knobs, "steady_heartbeats")?,
            retry: heartbeat * RETRY_HEARTBEATS,
            commit_delay: knobs.detection / commit_delay_parts,
            append_max: setting(knobs, "append_max", 1, WINDOW_MAX)? as usize,
            inflight_max: setting(knobs, "inflight_max", 1, WINDOW_MAX)? as usize,
            inflight_bytes: setting(knobs, "inflight_bytes", 1, SIZE_MAX)?,
            pre_vote: switch(knobs, "pre_vote")?,
            check_quorum: switch(knobs, "check_quorum")? || reads == ReadPath::Lease,
            reads,
            lease: if is_margin_kept { lease(knobs.detection, drift) } else { knobs.detection },
            follower_reads: switch(knobs, "follower_reads")?,
            penalties: penalties(knobs)?,
            chunk: setting(knobs, "chunk", 1, SIZE_MAX)?,
            trailing: setting(knobs, "trailing", 0, SIZE_MAX)?,
            deliver_max: setting(knobs, "deliver_max", 1, SIZE_MAX)?,
        })
    }

    pub(crate) fn describe(&self) -> Vec<(&'static str, String)> {
        vec![
            ("election timeout", format!("{} to {}", self.election_timeout_min, self.election_timeout_max)),
            ("heartbeat", self.heartbeat.to_string()),
            ("retry", self.retry.to_string()),
            ("commit delay", self.commit_delay.to_string()),
            ("append_max", format!("{} entries", self.append_max)),
            ("inflight_max", format!("{} messages", self.inflight_max)),
            ("inflight_bytes", format!("{} bytes", self.inflight_bytes)),
            ("pre_vote", on_off(self.pre_vote)),
            ("check_quorum", on_off(self.check_quorum)),
            ("reads", format!("{:?}", self.reads).to_lowercase()),
            ("lease", self.lease.to_string()),
            ("follower_reads", on_off(self.follower_reads)),
            ("chunk", format!("{} bytes", self.chunk)),
            ("trailing", format!("{} entries", self.trailing)),
        ]
    }

    /// How much longer than the most eager server `node` waits.
    pub(crate) fn penalty(&self, node: NodeId) -> Span {
        self.election_timeout_min * u64::from(self.penalties[node.index()]) / PRIORITY_PARTS
    }
}

/// The least election timeout of a voter whose clock is too fast by the bound, on a leader's clock that is too slow by
/// it: t * (1 - d) / (1 + d), rounded down.
fn lease(timeout: Span, drift_ppm: u64) -> Span {
    let scaled = u128::from(timeout.0) * u128::from(MILLION - drift_ppm) / u128::from(MILLION + drift_ppm);
    Span(scaled as u64)
}

/// So many millionths of a span, rounded down.
fn parts(span: Span, ppm: u64) -> Span {
    Span((u128::from(span.0) * u128::from(ppm) / u128::from(MILLION)) as u64)
}

/// From priorities to waits: the highest waits least.
fn penalties(knobs: &Knobs) -> Result<[u8; NODES_MAX], String> {
    let mut priorities = [0; NODES_MAX];
    for pair in text(knobs, "priorities").split(',').filter(|pair| !pair.is_empty()) {
        let parsed = pair.trim().strip_prefix('n').and_then(|pair| pair.split_once(':'));
        let parsed = parsed.and_then(|(node, priority)| {
            let node = node.parse::<usize>().ok().filter(|node| *node < NODES_MAX)?;
            let priority = priority.parse::<u64>().ok().filter(|priority| *priority <= PRIORITY_MAX)?;
            Some((node, priority as u8))
        });
        let Some((node, priority)) = parsed else { return Err(wrong(knobs, "priorities")) };
        priorities[node] = priority;
    }
    let highest = priorities.into_iter().max().unwrap_or_default();
    Ok(priorities.map(|priority| highest - priority))
}

fn on_off(is_on: bool) -> String {
    if is_on { "on".to_string() } else { "off".to_string() }
}

/// What a setting is set to, or its default.
fn text<'a>(knobs: &'a Knobs, name: &str) -> &'a str {
    knobs.settings.get(name).map_or(known(name).default, String::as_str)
}

fn known(name: &str) -> &'static Setting {
    SETTINGS.iter().find(|setting| setting.name == name).expect("only known names are asked for")
}

fn wrong(knobs: &Knobs, name: &str) -> String {
    format!("setting `{name}` is `{}`; it takes {}", text(knobs, name), known(name).help)
}

fn switch(knobs: &Knobs, name: &str) -> Result<bool, String> {
    match text(knobs, name) {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(wrong(knobs, name)),
    }
}

/// The number that a setting gives, or its default's.
fn setting(knobs: &Knobs, name: &str, lo: u64, hi: u64) -> Result<u64, String> {
    match text(knobs, name).parse::<u64>() {
        Ok(value) if lo <= value && value <= hi => Ok(value),
        _ => Err(wrong(knobs, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    fn knobs(settings: &[(&str, &str)]) -> Knobs {
        let settings: BTreeMap<String, String> =
            settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Knobs { detection: Span::millis(300), rules: Rules::ALL, settings }
    }

    #[test]
    fn detection_maps_to_timeouts() {
        let config = Config::from_knobs(&knobs(&[])).unwrap();
        assert_eq!(config.election_timeout_min, Span::millis(300));
        assert_eq!(config.election_timeout_max, Span::millis(600));
        let config = Config::from_knobs(&knobs(&[("election_spread_ppm", "0")])).unwrap();
        assert_eq!(config.election_timeout_max, Span::millis(300));
        let config = Config::from_knobs(&knobs(&[("election_spread_ppm", "50000")])).unwrap();
        assert_eq!(config.election_timeout_max, Span::millis(315));
        assert_eq!(config.heartbeat, Span::millis(60));
        assert_eq!(config.retry, Span::millis(120));
        assert_eq!(config.commit_delay, Span::millis(5));
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_it_takes() {
        let error = Config::from_knobs(&knobs(&[("append_max", "0")])).unwrap_err();
        assert!(error.contains("append_max") && error.contains("1 to 65536"), "{error}");
        assert!(Config::from_knobs(&knobs(&[("appendmax", "1")])).unwrap_err().contains("appendmax"));
    }

    #[test]
    fn a_lease_ends_before_the_fastest_voter_forgets() {
        let config =
            Config::from_knobs(&knobs(&[("reads", "lease"), ("lease_drift_ppm", "100000")])).unwrap();
        assert!(config.check_quorum, "nobody else keeps voters from electing another leader");
        // 300 ms at 0.9 and 1.1 times the true rate.
        assert_eq!(config.lease, Span(245_454_545));
    }

    #[test]
    fn priorities_become_waits() {
        let config = Config::from_knobs(&knobs(&[("priorities", "n0:2,n1:1")])).unwrap();
        let wait = |node| config.penalty(NodeId(node));
        assert_eq!([wait(0), wait(1), wait(2)], [Span::ZERO, Span::millis(150), Span::millis(300)]);
        assert!(Config::from_knobs(&knobs(&[("priorities", "n0=2")])).unwrap_err().contains("n0:2,n1:1"));
        let config = Config::from_knobs(&knobs(&[])).unwrap();
        assert_eq!(config.penalty(NodeId(5)), Span::ZERO);
    }
}
