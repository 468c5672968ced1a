//! What is found out about each key on the way to a report.

use std::collections::BTreeMap;

use crate::history::{History, Outcome};
use crate::verdict::{By, Explanation, KeyReport, Report, Verdict, Why};

/// What happened to a key so far.
#[derive(Debug, Default)]
struct Findings {
    operations: u64,
    unknown_outcomes: u64,
    /// The violation that a client could notice first.
    illegal: Option<(u64, Explanation)>,
    doubt: Option<String>,
}

/// All keys.
#[derive(Debug)]
pub(super) struct Court<'a> {
    pub(super) history: &'a History,
    keys: BTreeMap<u64, Findings>,
}

impl Court<'_> {
    pub(super) fn new(history: &History) -> Court<'_> {
        let mut keys: BTreeMap<u64, Findings> = BTreeMap::new();
        for operation in history.operations().iter().filter(|operation| operation.outcome != Outcome::Failed)
        {
            let findings = keys.entry(operation.key).or_default();
            findings.operations += u64::from(operation.is_ok());
            findings.unknown_outcomes += u64::from(!operation.is_ok());
        }
        Court { history, keys }
    }

    /// Claims that an operation is impossible. `{0}` in the sentence stands for it, `{1}` and so on for the others that
    /// contradict it.
    pub(super) fn illegal(&mut self, index: usize, others: &[usize], sentence: &str) {
        let operation = &self.history.operations()[index];
        let noticed = operation.ret.unwrap_or(u64::MAX);
        let findings = self.keys.get_mut(&operation.key).expect("every judged operation has its key");
        if findings.illegal.as_ref().is_some_and(|&(earlier, _)| earlier <= noticed) {
            return;
        }
        let mut explanation = Explanation::at(operation.key, index, sentence.to_owned());
        explanation.core = [&[index], others].concat();
        for (place, &other) in explanation.core.iter().enumerate() {
            let words = self.history.words(other);
            explanation.sentence = explanation.sentence.replace(&format!("{{{place}}}"), &words);
        }
        explanation.core.sort_by_key(|&index| self.history.operations()[index].call);
        findings.illegal = Some((noticed, explanation));
    }

    /// Leaves the key of an operation undecided.
    pub(super) fn doubt(&mut self, index: usize, reason: &str) {
        let history = self.history;
        let key = history.operations()[index].key;
        let findings = self.keys.get_mut(&key).expect("every judged operation has its key");
        findings.doubt.get_or_insert_with(|| format!("{}: {reason}", history.words(index)));
    }

    /// Every key's verdict.
    pub(super) fn close(self) -> Report {
        let close = |(key, findings): (u64, Findings)| {
            let Findings { operations, unknown_outcomes, illegal, doubt } = findings;
            let verdict = match (illegal, doubt) {
                (Some((_, explanation)), _) => Verdict::Illegal { explanation },
                (None, Some(reason)) => Verdict::Unknown { configurations: 0, why: Why::Doubt, reason },
                (None, None) if operations == 0 => Verdict::NotChecked,
                (None, None) => Verdict::Ok { by: By::Witness },
            };
            KeyReport { key, operations, unknown_outcomes, configurations: 0, verdict, witness: None }
        };
        Report::new(self.keys.into_iter().map(close).collect())
    }
}
