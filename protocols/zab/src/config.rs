//! Time-outs and settings, and how they follow from the one knob `detection` (ZooKeeper: tickTime, initLimit,
//! syncLimit, finalizeWait).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use replica::{Knobs, Rules, Setting, Span};

use crate::zxid::COUNTER_MAX;

/// What a server is configured with.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The rules obeyed.
    pub rules: Rules,
    /// How often a leader pings and checks its quorum.
    pub tick: Span,
    /// How long a leader and a follower that is up to date may be silent toward each other.
    pub sync_limit: Span,
    /// How long each step of discovery and synchronization may take.
    pub init_limit: Span,
    /// How long an election waits for a better vote once a quorum agrees.
    pub finalize_wait: Span,
    /// How long a looking server waits before it repeats its vote; doubles up to `notify_max`.
    pub notify_min: Span,
    /// The longest wait before a vote is repeated.
    pub notify_max: Span,
    /// The last counter of an epoch; then a new epoch must begin. ZooKeeper: 2^32 - 1.
    pub counter_max: u64,
    /// How many transactions that a snapshot covers stay in the log, for followers that lag a little.
    pub trailing: u64,
    /// How many bytes of a snapshot go into one SNAP.
    pub chunk: u64,
    /// How many DIFFs may be on their way to a learner that has not taken them yet.
    pub sync_window: u64,
    /// Whether a snapshot is sent wherever one may be, instead of TRUNC and DIFF. Slower, never wrong.
    pub always_snap: bool,
    /// Whether proposals that NEWLEADER's history holds already are sent again after it. Wasteful, never wrong.
    pub propose_twice: bool,
    /// How linearizable reads are served.
    pub reads: Reading,
    /// How long a follower that answers a ping keeps out of elections, where reads are served by lease.
    pub lease: Span,
    /// By how much a clock may run faster or slower than real time, in parts per million: what leases are safe within.
    pub lease_drift_ppm: u64,
}

/// How a leader serves linearizable reads. ZooKeeper has none of the three: a client there writes, then reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// After a quorum has answered a round of pings that began after the read came. Ours.
    Quorum,
    /// After a no-op that was proposed for the read is committed.
    Log,
    /// At once, while a lease is held that a quorum granted; by a quorum otherwise. Ours.
    Lease,
}

impl Reading {
    /// Each, with its name among the settings.
    const ALL: [(Reading, &'static str); 3] =
        [(Reading::Quorum, "quorum"), (Reading::Log, "log"), (Reading::Lease, "lease")];
}

/// A million, the whole of which drifts are parts.
const PPM: u64 = 1_000_000;

/// The settings of a scenario's `[settings.zab]`.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "tick_percent",
        help: "how often a leader pings and checks its quorum, in percent of detection (1..100)",
        default: "20",
    },
    Setting {
        name: "init_percent",
        help: "how long each step of discovery and synchronization may take, in percent of detection (100..10000)",
        default: "300",
    },
    Setting {
        name: "finalize_percent",
        help: "how long an election waits for better votes once a quorum agrees, in percent of detection (0..100)",
        default: "10",
    },
    Setting {
        name: "counter_max",
        help: "the last counter of an epoch, small to see a new epoch begin for want of zxids (2..4294967295)",
        default: "4294967295",
    },
    Setting {
        name: "trailing",
        help: "how many transactions stay in the log below a snapshot (0..1000000)",
        default: "100",
    },
    Setting {
        name: "chunk",
        help: "how many bytes of a snapshot go into one message (1..16777216)",
        default: "65536",
    },
    Setting {
        name: "sync_window",
        help: "how many DIFFs may be on their way to a learner (1..1000)",
        default: "4",
    },
    Setting {
        name: "always_snap",
        help: "send a snapshot wherever one may be sent, instead of TRUNC and DIFF (true, false)",
        default: "false",
    },
    Setting {
        name: "propose_twice",
        help: "send proposals again that the history before NEWLEADER holds already (true, false)",
        default: "false",
    },
    Setting {
        name: "reads",
        help: "how linearizable reads are served: by a round of pings, through the log, or by lease (quorum, log, lease)",
        default: "quorum",
    },
    Setting {
        name: "lease_percent",
        help: "how long a follower that answers a ping keeps out of elections, in percent of detection (1..1000)",
        default: "100",
    },
    Setting {
        name: "lease_drift_ppm",
        help: "the drift of any clock within which reads by lease are linearizable, in parts per million (0..500000)",
        default: "1000",
    },
];

impl Config {
    /// Maps the shared knobs to Zab's own. The error names the setting and what it takes.
    pub fn from_knobs(knobs: &Knobs) -> Result<Config, String> {
        if let Some(unknown) = knobs.settings.keys().find(|name| SETTINGS.iter().all(|s| s.name != **name)) {
            return Err(format!("unknown setting `{unknown}`"));
        }
        if knobs.detection.0 < 1000 {
            return Err("detection: expected at least 1us".to_string());
        }
        let percent =
            |name, from, to| Ok::<Span, String>(knobs.detection * setting(knobs, name, from, to)? / 100);
        Ok(Config {
            rules: knobs.rules,
            tick: percent("tick_percent", 1, 100)?,
            sync_limit: knobs.detection,
            init_limit: percent("init_percent", 100, 10_000)?,
            finalize_wait: percent("finalize_percent", 0, 100)?,
            notify_min: knobs.detection / 5,
            notify_max: knobs.detection,
            counter_max: setting(knobs, "counter_max", 2, COUNTER_MAX)?,
            trailing: setting(knobs, "trailing", 0, 1_000_000)?,
            chunk: setting(knobs, "chunk", 1, 1 << 24)?,
            sync_window: setting(knobs, "sync_window", 1, 1000)?,
            always_snap: choice(knobs, "always_snap", &[(false, "false"), (true, "true")])?,
            propose_twice: choice(knobs, "propose_twice", &[(false, "false"), (true, "true")])?,
            reads: choice(knobs, "reads", &Reading::ALL)?,
            lease: percent("lease_percent", 1, 1000)?,
            lease_drift_ppm: setting(knobs, "lease_drift_ppm", 0, PPM / 2)?,
        })
    }

    /// For how long on its own clock a leader may use what followers grant for `lease` on theirs: if its clock is the
    /// slowest that there may be and theirs the fastest, the two end together. There is no margin beyond that.
    pub fn lease_of_leader(&self) -> Span {
        let (fast, slow) = (u128::from(PPM + self.lease_drift_ppm), u128::from(PPM - self.lease_drift_ppm));
        Span((u128::from(self.lease.0) * slow / fast) as u64)
    }

    /// The configuration in words.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        vec![
            ("tick", self.tick.to_string()),
            ("sync limit", self.sync_limit.to_string()),
            ("init limit", self.init_limit.to_string()),
            ("finalize wait", self.finalize_wait.to_string()),
            ("vote repeated after", format!("{} to {}", self.notify_min, self.notify_max)),
            ("last counter of an epoch", self.counter_max.to_string()),
            ("log kept below a snapshot", format!("{} transactions", self.trailing)),
            ("snapshot sent in", format!("{} bytes a message", self.chunk)),
            ("DIFFs on their way", format!("at most {}", self.sync_window)),
            (
                "synchronization",
                if self.always_snap { "by SNAP".to_string() } else { "as ZooKeeper's".to_string() },
            ),
            ("linearizable reads", self.describe_reads()),
        ]
    }
}

impl Config {
    fn describe_reads(&self) -> String {
        match self.reads {
            Reading::Quorum => "confirmed by a quorum".to_string(),
            Reading::Log => "through the log".to_string(),
            Reading::Lease => {
                format!("by lease of {}, clocks within {} ppm", self.lease, self.lease_drift_ppm)
            }
        }
    }
}

fn choice<T: Copy>(knobs: &Knobs, name: &'static str, of: &[(T, &'static str)]) -> Result<T, String> {
    let known = SETTINGS.iter().find(|setting| setting.name == name).expect("every setting read is listed");
    let text = knobs.settings.get(name).map_or(known.default, String::as_str);
    let all: Vec<&str> = of.iter().map(|(_, word)| *word).collect();
    let chosen = of.iter().find(|(_, word)| *word == text).map(|(value, _)| *value);
    chosen.ok_or_else(|| format!("{name}: expected one of {}, not `{text}`", all.join(", ")))
}

fn setting(knobs: &Knobs, name: &'static str, from: u64, to: u64) -> Result<u64, String> {
    let known = SETTINGS.iter().find(|setting| setting.name == name).expect("every setting read is listed");
    let text = knobs.settings.get(name).map_or(known.default, String::as_str);
    match text.parse::<u64>() {
        Ok(value) if (from..=to).contains(&value) => Ok(value),
        _ => Err(format!("{name}: expected a whole number from {from} to {to}, not `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    fn knobs(settings: &[(&str, &str)]) -> Knobs {
        let settings: BTreeMap<_, _> =
            settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Knobs { detection: Span::millis(300), rules: Rules::ALL, settings }
    }

    #[test]
    fn detection_maps_to_the_time_outs() {
        let config = Config::from_knobs(&knobs(&[])).unwrap();
        assert_eq!(config.tick, Span::millis(60));
        assert_eq!(config.sync_limit, Span::millis(300));
        assert_eq!(config.init_limit, Span::millis(900));
        assert_eq!(config.finalize_wait, Span::millis(30));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let error = |settings| Config::from_knobs(&knobs(settings)).unwrap_err();
        assert!(error(&[("counter_max", "1")]).contains("counter_max"));
        assert!(error(&[("tick_percent", "x")]).contains("from 1 to 100"));
        assert!(error(&[("reads", "pqr")]).contains("quorum, log, lease"));
        assert!(error(&[("tikc_percent", "3")]).contains("tikc_percent"));
    }
}
