//! Time-outs and settings: how `detection` becomes Raft's election timeout and heartbeat interval (paper 5.2, 9.3).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use replica::{Knobs, Rules, Setting, Span};

/// Raft's configuration of an incarnation.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The rules obeyed.
    pub rules: Rules,
    /// The election timeout is drawn evenly from this ...
    pub election_timeout_min: Span,
    /// ... to this: detection and twice detection.
    pub election_timeout_max: Span,
    /// How often a leader speaks to a follower it has nothing to tell.
    pub heartbeat: Span,
    /// How long a pipeline may be silent with entries in flight before the leader probes again. Needed on datagram
    /// links, where the last of a burst may be lost and nothing after it would show that.
    pub retry: Span,
    /// How long after a commit followers of an idle pipeline are told of it; under load the next append tells them.
    pub commit_delay: Span,
    /// The most entries in one AppendEntries.
    pub append_max: usize,
    /// The most unacknowledged AppendEntries on their way to one follower.
    pub inflight_max: usize,
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
        name: "commit_delay_parts",
        help: "an idle follower is told of a commit after this part of a detection: a whole number from 1 to 1000000",
        default: "60",
    },
];

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
        Ok(Config {
            rules: knobs.rules,
            election_timeout_min: knobs.detection,
            election_timeout_max: knobs.detection * 2,
            heartbeat,
            retry: heartbeat * RETRY_HEARTBEATS,
            commit_delay: knobs.detection / commit_delay_parts,
            append_max: setting(knobs, "append_max", 1, WINDOW_MAX)? as usize,
            inflight_max: setting(knobs, "inflight_max", 1, WINDOW_MAX)? as usize,
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
        ]
    }
}

/// The number that a setting gives, or its default's.
fn setting(knobs: &Knobs, name: &str, lo: u64, hi: u64) -> Result<u64, String> {
    let known = SETTINGS.iter().find(|setting| setting.name == name).expect("only known names are asked for");
    let text = knobs.settings.get(name).map_or(known.default, String::as_str);
    match text.parse::<u64>() {
        Ok(value) if lo <= value && value <= hi => Ok(value),
        _ => Err(format!("setting `{name}` is `{text}`; it takes {}", known.help)),
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
}
