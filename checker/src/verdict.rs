//! What a checker answers: a verdict a key, one for all, and how much was looked at.

use serde::{Deserialize, Serialize};

/// How much a search may spend. Counted in configurations, never in time, so that the same history gets the same
/// verdict on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Configurations that all keys together may visit.
    pub configurations: u64,
}

impl Budget {
    /// What a run is judged with by default: about a second and a hundred megabytes in the worst case
    /// with up to 64 operations open at once, three times the memory with up to a thousand.
    pub const CONFIGURATIONS_DEFAULT: u64 = 1 << 20;
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { configurations: Budget::CONFIGURATIONS_DEFAULT }
    }
}

/// What convinced the checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The order by delivery position, verified.
    Witness,
    /// A fast path whose precondition held: values written once, and the like.
    Monitor,
    /// An order found by search, verified like a witness.
    Search,
}

/// What kept a checker from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The budget of configurations is spent.
    Budget,
    /// The deadline has passed.
    Deadline,
    /// The memory cap is reached.
    Memory,
    /// More operations are open at once than the search supports.
    TooWide,
    /// Another key is illegal, which was answer enough.
    Elsewhere,
    /// The history does not say what the checker would have to know.
    Doubt,
}

/// The answer, for a key or for a whole history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The promise was kept.
    Ok {
        /// What convinced the checker; for a whole history the costliest that any key needed.
        by: By,
    },
    /// The promise was broken, and this is where.
    Illegal {
        /// The contradiction.
        explanation: Explanation,
    },
    /// Neither could be shown.
    Unknown {
        /// Configurations that were visited before giving up.
        configurations: u64,
        /// What ran out.
        why: Why,
        /// Why the checker gave up and how far it had come, in words.
        reason: String,
    },
    /// There was nothing to look at. Never confuse it with *ok*.
    NotChecked,
}

impl Verdict {
    /// Whether the promise was shown to be kept.
    pub fn is_ok(&self) -> bool {
        matches!(self, Verdict::Ok { .. })
    }

    /// Whether the promise was shown to be broken.
    pub fn is_illegal(&self) -> bool {
        matches!(self, Verdict::Illegal { .. })
    }

    /// Whether neither could be shown.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Verdict::Unknown { .. })
    }
}

/// Where a promise was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The key.
    pub key: u64,
    /// The operation at which the contradiction closes, as an index into the history. After a search: the first
    /// operation that no configuration can pass.
    pub operation: usize,
    /// Operations that contradict each other, as indices into the history, by their calls; empty if no core was asked
    /// for.
    pub core: Vec<usize>,
    /// The contradiction in a sentence.
    pub sentence: String,
    /// Whether no operation of the core can be done without: if it took effect at any time or never, the history would
    /// be linearizable.
    #[serde(default)]
    pub is_minimal: bool,
    /// Operations that the sentence names beside the core, for the reader.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<usize>,
    /// Whether everything that ended before `operation` was shown to be fine.
    #[serde(default)]
    pub is_first: bool,
    /// The last moment at which all was fine: the end before that of `operation`, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine_until: Option<u64>,
    /// The states in which the object can have been just before `operation` ended, in words: the first dozen. Empty if
    /// they are not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<String>,
    /// How many such states there are.
    #[serde(default)]
    pub states_in_all: usize,
    /// The longest beginning of an order that was found for what ended up to `operation`, as indices into the history.
    /// Empty if none is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub longest: Vec<usize>,
}

impl Explanation {
    /// An explanation that points at one operation.
    pub fn at(key: u64, operation: usize, sentence: String) -> Explanation {
        Explanation {
            key,
            operation,
            core: Vec::new(),
            sentence,
            is_minimal: false,
            beside: Vec::new(),
            is_first: false,
            fine_until: None,
            states: Vec::new(),
            states_in_all: 0,
            longest: Vec::new(),
        }
    }
}

/// What was found out about one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyReport {
    /// The key.
    pub key: u64,
    /// Operations on it that are known to have happened, and so were judged.
    pub operations: u64,
    /// Operations on it of unknown outcome.
    pub unknown_outcomes: u64,
    /// Configurations that the search visited, zero if none was needed.
    pub configurations: u64,
    /// The answer.
    pub verdict: Verdict,
    /// An order that proves an *ok*, as indices into the history, if it was asked for. Verified before it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Vec<usize>>,
}

/// How much a checker looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Operations that are known to have happened, and so were judged.
    pub operations: u64,
    /// Operations of unknown outcome.
    pub unknown_outcomes: u64,
    /// Keys with at least one operation that was not dropped.
    pub keys: u64,
    /// Keys that are ok by their witness.
    pub by_witness: u64,
    /// Keys that are ok by a fast path.
    pub by_monitor: u64,
    /// Keys that are ok by search.
    pub by_search: u64,
    /// Keys that break the promise.
    pub illegal: u64,
    /// Keys that could not be decided.
    pub unknown: u64,
    /// Configurations visited by all searches.
    pub configurations: u64,
}

/// What a checker answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Illegal if any key is, else unknown if any key is, else ok; not checked if no operation was judged.
    pub verdict: Verdict,
    /// How much was looked at.
    pub counts: Counts,
    /// Every key, in ascending order; one whose parts were judged alone has a report for each part.
    pub keys: Vec<KeyReport>,
}

impl Report {
    /// Adds up the keys.
    pub(crate) fn new(keys: Vec<KeyReport>) -> Report {
        assert!(keys.is_sorted_by_key(|key| key.key), "keys come in order");
        let different = keys.chunk_by(|left, right| left.key == right.key).count();
        let mut counts = Counts { keys: different as u64, ..Counts::default() };
        for key in &keys {
            counts.operations += key.operations;
            counts.unknown_outcomes += key.unknown_outcomes;
            counts.configurations += key.configurations;
            match key.verdict {
                Verdict::Ok { by: By::Witness } => counts.by_witness += 1,
                Verdict::Ok { by: By::Monitor } => counts.by_monitor += 1,
                Verdict::Ok { by: By::Search } => counts.by_search += 1,
                Verdict::Illegal { .. } => counts.illegal += 1,
                Verdict::Unknown { .. } => counts.unknown += 1,
                Verdict::NotChecked => assert_eq!(key.operations, 0, "what was judged has a verdict"),
            }
        }
        Report { verdict: overall(&keys, &counts), counts, keys }
    }
}

/// The verdict over all keys: the first violation in the order of keys, else the first doubt.
fn overall(keys: &[KeyReport], counts: &Counts) -> Verdict {
    if let Some(key) = keys.iter().find(|key| key.verdict.is_illegal()) {
        return key.verdict.clone();
    }
    if let Some(key) = keys.iter().find(|key| key.verdict.is_unknown()) {
        let &Verdict::Unknown { why, ref reason, .. } = &key.verdict else {
            unreachable!("just found to be unknown")
        };
        let reason =
            format!("{} of {} keys undecided; key {}: {reason}", counts.unknown, counts.keys, key.key);
        return Verdict::Unknown { configurations: counts.configurations, why, reason };
    }
    if counts.operations == 0 {
        return Verdict::NotChecked;
    }
    let by = match (counts.by_search, counts.by_monitor) {
        (0, 0) => By::Witness,
        (0, _) => By::Monitor,
        _ => By::Search,
    };
    Verdict::Ok { by }
}
