//! Time-outs and settings, and how they follow from `detection`, the knob that all protocols share.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use replica::{Knobs, NODES_MAX, Rules, Setting, Span};

use crate::rules;

/// How a replica notices that the leader is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detector {
    /// It hears nothing from the leader, accept or heartbeat, for a time drawn from `timeout_min..=timeout_max`.
    Heartbeat,
    /// It asks all others in rounds who hears a quorum, and elects the highest ballot of those that do (Omni-Paxos).
    QuorumConnected,
}

/// How linearizable reads are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// A quorum confirms the leader, once for all reads that wait.
    Quorum,
    /// A no-op goes through the log before them.
    Log,
    /// By any replica: a quorum tells how far it has voted, and the answer waits until that is chosen and applied.
    Pqr,
    /// By the leader alone, while a quorum has promised to promise nobody else.
    Lease,
}

/// What a proposer does when a higher ballot pre-empts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    /// Waits a time drawn from a span that doubles with each pre-emption in a row.
    Exponential,
    /// Tries again at once, a ballot higher: two proposers may then duel for ever (*Paxos Made Simple*, 2.4).
    None,
}

/// Time-outs, rules and settings of an incarnation.
#[derive(Clone, Debug)]
pub struct Config {
    /// The rules obeyed.
    pub rules: Rules,
    /// How often an idle leader is heard, and how often a candidate repeats its prepare: detection / 5.
    pub heartbeat: Span,
    /// The shortest silence of a leader after which a follower stands: detection.
    pub timeout_min: Span,
    /// The longest: 2 detections.
    pub timeout_max: Span,
    /// How long a round of the quorum-connected detector lasts: detection / 2.
    pub round: Span,
    /// How long an accept or a read's heartbeat may stay unanswered before it is sent again: detection / 10.
    pub resend: Span,
    /// How long an idle leader waits before it tells the watermark by itself, and a learner before it asks for what
    /// the watermark says it lacks: detection / 50.
    pub grace: Span,
    /// The most slots in flight (PMMC's WINDOW), and the most proposals that wait behind them.
    pub window: usize,
    /// The most votes that one promise reports; the proposer asks for the next part.
    pub report: usize,
    /// The most bytes of a snapshot in one message.
    pub chunk: u64,
    /// How many slots below a snapshot are kept for those who lag.
    pub trailing: u64,
    /// The size of a quorum of phase 1; zero follows from `q2`, or is a majority.
    pub q1: usize,
    /// The size of a quorum of phase 2; zero follows from `q1`, or is a majority.
    pub q2: usize,
    /// Whether accepts go to a quorum of phase 2 only, and to the others after a time-out.
    pub thrifty: bool,
    /// How linearizable reads are served.
    pub reads: Reads,
    /// How long an acceptor keeps a lease, by its own clock: detection. Zero without leases.
    pub lease: Span,
    /// How long a leader trusts one, by its own clock: shorter by the most that two clocks drift apart.
    pub lease_led: Span,
    /// How the loss of a leader is noticed.
    pub detector: Detector,
    /// What a pre-empted proposer does.
    pub backoff: Backoff,
}

/// The settings by name.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "window",
        help: "the most slots in flight, 1 to 65536; as many proposals again may wait, more are refused as busy",
        default: "256",
    },
    Setting {
        name: "report",
        help: "the most votes that one promise reports, 1 to 65536; the proposer asks for the next part",
        default: "256",
    },
    Setting {
        name: "chunk",
        help: "the most bytes of a snapshot in one message, 1 to 16777216",
        default: "65536",
    },
    Setting {
        name: "trailing",
        help: "how many slots below a snapshot are kept for those who lag a little, 0 to 1000000",
        default: "64",
    },
    Setting {
        name: "q1",
        help: "the size of a quorum of phase 1; 0 is what q2 needs, or a majority",
        default: "0",
    },
    Setting {
        name: "q2",
        help: "the size of a quorum of phase 2; 0 is what q1 needs, or a majority",
        default: "0",
    },
    Setting {
        name: "thrifty",
        help: "whom accepts go to: off (everybody) or on (a quorum, and everybody after a time-out)",
        default: "off",
    },
    Setting {
        name: "reads",
        help: "how linearizable reads are served: quorum, log, pqr or lease",
        default: "quorum",
    },
    Setting {
        name: "lease_drift_ppm",
        help: "the most that a clock drifts from true time, in millionths, 0 to 500000; leases are shortened by it",
        default: "1000",
    },
    Setting {
        name: "detector",
        help: "how the loss of a leader is noticed: heartbeat (nobody hears it) or quorum-connected (it hears no quorum)",
        default: "heartbeat",
    },
    Setting {
        name: "backoff",
        help: "what a pre-empted proposer does: exponential (waits, longer each time) or none (tries again at once)",
        default: "exponential",
    },
];

/// A window beyond this would hold more in flight than any link or disk of a run can use.
const WINDOW_MAX: u64 = 1 << 16;

/// Drift is given in millionths.
const MILLION: u64 = 1_000_000;

/// The longest chunk: what a link of a run can carry in a second.
const CHUNK_MAX: u64 = 1 << 24;

/// The most slots kept below a snapshot.
const TRAILING_MAX: u64 = 1_000_000;

/// Below this the parts of `detection` would round to nothing.
const DETECTION_MIN: Span = Span::micros(1);

impl Config {
    pub(crate) fn new(knobs: &Knobs) -> Result<Config, String> {
        if let Some(name) = knobs.settings.keys().find(|name| SETTINGS.iter().all(|s| s.name != *name)) {
            let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
            return Err(format!("no setting `{name}`: paxos knows {}", known.join(", ")));
        }
        if knobs.detection < DETECTION_MIN {
            return Err(format!("detection is {}: it takes {DETECTION_MIN} at least", knobs.detection));
        }
        let detection = knobs.detection;
        let reads = reads(setting(knobs, "reads"))?;
        let drift = number(knobs, "lease_drift_ppm", 0, 500_000)?;
        let lease = if reads == Reads::Lease { detection } else { Span::ZERO };
        let shortened =
            Span((lease.0 as u128 * (MILLION - drift) as u128 / (MILLION + drift) as u128) as u64);
        let lease_led = if knobs.rules.obeys(rules::LEASE_DRIFT) { shortened } else { lease };
        Ok(Config {
            rules: knobs.rules,
            heartbeat: detection / 5,
            timeout_min: detection,
            timeout_max: detection * 2,
            round: detection / 2,
            resend: detection / 10,
            grace: detection / 50,
            window: number(knobs, "window", 1, WINDOW_MAX)? as usize,
            q1: number(knobs, "q1", 0, NODES_MAX as u64)? as usize,
            q2: number(knobs, "q2", 0, NODES_MAX as u64)? as usize,
            thrifty: thrifty(setting(knobs, "thrifty"))?,
            reads,
            lease,
            lease_led,
            report: number(knobs, "report", 1, WINDOW_MAX)? as usize,
            chunk: number(knobs, "chunk", 1, CHUNK_MAX)?,
            trailing: number(knobs, "trailing", 0, TRAILING_MAX)?,
            detector: detector(setting(knobs, "detector"))?,
            backoff: backoff(setting(knobs, "backoff"))?,
        })
    }

    pub(crate) fn describe(&self) -> Vec<(&'static str, String)> {
        let detector = match self.detector {
            Detector::Heartbeat => "heartbeat",
            Detector::QuorumConnected => "quorum-connected",
        };
        let backoff = match self.backoff {
            Backoff::Exponential => "exponential",
            Backoff::None => "none",
        };
        vec![
            ("heartbeat", self.heartbeat.to_string()),
            ("leader time-out", format!("{} to {}", self.timeout_min, self.timeout_max)),
            ("resend", self.resend.to_string()),
            ("grace", self.grace.to_string()),
            ("window", format!("{} slots", self.window)),
            ("report", format!("{} votes", self.report)),
            ("reads", format!("{:?}", self.reads).to_lowercase()),
            ("lease", format!("{}, of which the leader trusts {}", self.lease, self.lease_led)),
            ("thrifty", if self.thrifty { "on".to_string() } else { "off".to_string() }),
            ("chunk", format!("{} bytes", self.chunk)),
            ("trailing", format!("{} slots", self.trailing)),
            ("detector", detector.to_string()),
            ("backoff", backoff.to_string()),
        ]
    }
}

/// A setting's text, as given or by default.
fn setting<'a>(knobs: &'a Knobs, name: &str) -> &'a str {
    let given = knobs.settings.get(name).map(String::as_str);
    given.unwrap_or_else(|| SETTINGS.iter().find(|s| s.name == name).expect("a known setting").default)
}

/// A setting that is a number from `min` to `max`.
fn number(knobs: &Knobs, name: &str, min: u64, max: u64) -> Result<u64, String> {
    let text = setting(knobs, name);
    match text.parse() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(format!("{name} is `{text}`: it takes a number from {min} to {max}")),
    }
}

fn reads(text: &str) -> Result<Reads, String> {
    match text {
        "quorum" => Ok(Reads::Quorum),
        "log" => Ok(Reads::Log),
        "pqr" => Ok(Reads::Pqr),
        "lease" => Ok(Reads::Lease),
        _ => Err(format!("reads is `{text}`: it takes quorum, log, pqr or lease")),
    }
}

fn thrifty(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("thrifty is `{text}`: it takes on or off")),
    }
}

fn detector(text: &str) -> Result<Detector, String> {
    match text {
        "heartbeat" => Ok(Detector::Heartbeat),
        "quorum-connected" => Ok(Detector::QuorumConnected),
        _ => Err(format!("detector is `{text}`: it takes heartbeat or quorum-connected")),
    }
}

fn backoff(text: &str) -> Result<Backoff, String> {
    match text {
        "exponential" => Ok(Backoff::Exponential),
        "none" => Ok(Backoff::None),
        _ => Err(format!("backoff is `{text}`: it takes exponential or none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    fn knobs(settings: &[(&str, &str)]) -> Knobs {
        let settings =
            settings.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<BTreeMap<_, _>>();
        Knobs { detection: Span::millis(300), rules: Rules::ALL, settings }
    }

    #[test]
    fn time_outs_follow_from_detection() {
        let config = Config::new(&knobs(&[("backoff", "none"), ("window", "7")])).unwrap();
        assert_eq!(config.heartbeat, Span::millis(60));
        assert_eq!((config.timeout_min, config.timeout_max), (Span::millis(300), Span::millis(600)));
        assert_eq!((config.resend, config.grace), (Span::millis(30), Span::millis(6)));
        assert_eq!((config.window, config.backoff), (7, Backoff::None));
    }

    #[test]
    fn a_leader_trusts_its_lease_for_less_than_its_acceptors_keep_it() {
        // Paxos Made Live, 5.2: by the bound on the drift of clocks. The slowest leader's lease ends before the fastest
        // acceptor's does; with the rule left out it does not.
        let given = knobs(&[("reads", "lease"), ("lease_drift_ppm", "10000")]);
        let ends = |config: &Config| (config.lease_led.0 * 1_010_000, config.lease.0 * 990_000);
        let (led, kept) = ends(&Config::new(&given).unwrap());
        assert!(led <= kept && kept - led < 1_010_000, "no longer, and no shorter");
        let rules = Rules::ALL.without(rules::LEASE_DRIFT);
        let (led, kept) = ends(&Config::new(&Knobs { rules, ..given }).unwrap());
        assert!(kept < led);
    }

    #[test]
    fn an_error_names_the_setting_and_what_it_takes() {
        for (name, value) in [("window", "0"), ("window", "x"), ("detector", "omega"), ("backoff", "yes")] {
            let error = Config::new(&knobs(&[(name, value)])).unwrap_err();
            assert!(error.contains(name) && error.contains(value) && error.contains("takes"), "{error}");
        }
        assert!(Config::new(&knobs(&[("colour", "red")])).unwrap_err().contains("colour"));
    }
}
