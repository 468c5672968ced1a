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
}

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
        })
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
        ]
    }
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
        assert!(error(&[("tikc_percent", "3")]).contains("tikc_percent"));
    }
}
