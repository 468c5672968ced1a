//! Who was better at what, by how much, and whether the difference is one.

use serde::Serialize;

use super::side::{Scores, Side};
use crate::stats::{holm, paired};

/// Below this, a difference is called one.
const SIGNIFICANT: f64 = 0.05;

/// What is compared: its name as the end of "had a lower ..", its unit, whether less is better, the number.
type Question = (&'static str, &'static str, bool, fn(&Scores) -> f64);

const QUESTIONS: [Question; 7] = [
    ("median latency", "ms", true, |scores| scores.p50),
    ("99th percentile of latency", "ms", true, |scores| scores.p99),
    ("longest outage", "ms", true, |scores| scores.outage),
    ("goodput", "1/s", false, |scores| scores.goodput),
    ("number of messages a committed write", "", true, |scores| scores.messages),
    ("number of bytes a committed write", "B", true, |scores| scores.bytes),
    ("number of syncs a committed write", "", true, |scores| scores.syncs),
];

/// A comparison of two protocols.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was compared.
    pub what: String,
    /// In which unit; empty for counts.
    pub unit: String,
    /// The better one; the first, if the difference is not significant.
    pub better: String,
    /// The other.
    pub worse: String,
    /// Their means over seeds.
    pub means: (f64, f64),
    /// How many times the better one's number the other's is, as the geometric mean over seeds, and its 95 % interval;
    /// none: a number was zero, or there are too few seeds.
    pub ratio: Option<(f64, f64, f64)>,
    /// In how many seeds the better one was better, and in how many the other.
    pub seeds: (usize, usize),
    /// The sign test's p-value, for all comparisons together (Holm).
    pub p: f64,
    /// Whether the difference is significant.
    pub is_significant: bool,
    /// All of it in a sentence.
    pub sentence: String,
}

/// Every question for every pair of protocols, in order of questions.
pub(super) fn findings(sides: &[Side]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for question in &QUESTIONS {
        for (place, one) in sides.iter().enumerate() {
            findings.extend(sides[place + 1..].iter().filter_map(|two| compared(question, one, two)));
        }
    }
    let adjusted = holm(&findings.iter().map(|finding| finding.p).collect::<Vec<f64>>());
    for (finding, p) in findings.iter_mut().zip(adjusted) {
        finding.p = p;
        // The mean must say the same: seeds that are won often, by little, may be lost rarely, by much.
        finding.is_significant =
            p < SIGNIFICANT && (finding.ratio.is_none() || mean_agrees(finding) == Some(true));
        finding.sentence = sentence(finding);
    }
    findings
}

/// One question for one pair; the better one first.
fn compared((what, unit, is_less_better, of): &Question, one: &Side, two: &Side) -> Option<Finding> {
    let both = one.scores.iter().zip(&two.scores).map(|(one, two)| (of(one), of(two)));
    let pairs: Vec<(f64, f64)> = both.filter(|(one, two)| one.is_finite() && two.is_finite()).collect();
    let first = paired(&pairs)?;
    let is_greater =
        first.greater > first.less || (first.greater == first.less && first.difference.value > 0.0);
    let one_is_better = is_greater == *is_less_better;
    let swapped: Vec<(f64, f64)> = pairs.iter().map(|(one, two)| (*two, *one)).collect();
    let pairs = if one_is_better { pairs } else { swapped };
    let paired = paired(&pairs)?;
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let ratio =
        paired.ratio.filter(|ratio| ratio.low.is_finite() && ratio.high.is_finite() && ratio.low > 0.0);
    let (better, worse) = if one_is_better { (one, two) } else { (two, one) };
    let wins = if *is_less_better { (paired.greater, paired.less) } else { (paired.less, paired.greater) };
    Some(Finding {
        what: (*what).to_owned(),
        unit: (*unit).to_owned(),
        better: better.protocol.clone(),
        worse: worse.protocol.clone(),
        means: (mean(|pair| pair.0), mean(|pair| pair.1)),
        ratio: ratio.map(|ratio| (ratio.value, ratio.low, ratio.high)),
        seeds: wins,
        p: paired.p,
        is_significant: false,
        sentence: String::new(),
    })
}

fn sentence(finding: &Finding) -> String {
    let Finding { what, unit, better, worse, means, ratio, seeds, p, .. } = finding;
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let ratio = ratio.map_or(String::new(), |(ratio, low, high)| {
        format!(", ratio {} (95 % interval {} to {})", digits(ratio), digits(low), digits(high))
    });
    let means = format!("{}{unit} against {}{unit}", digits(means.0), digits(means.1));
    let all = seeds.0 + seeds.1;
    let p = if *p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
    if finding.is_significant {
        let than = if is_more_better(what) { "higher" } else { "lower" };
        return format!(
            "{better} had a {than} {what} than {worse}: {means}{ratio}, in {} of {all} seeds ({p})",
            seeds.0
        );
    }
    if all == 0 {
        return format!("{better} and {worse} had the same {what} in every seed: {means}");
    }
    if mean_agrees(finding) == Some(false) {
        return format!(
            "{}: the difference between {better} and {worse} is not significant: {means} on average{ratio}, but {better} was \
             better in {} of {all} seeds ({p})",
            capitalized(what),
            seeds.0
        );
    }
    let what = capitalized(what);
    format!(
        "{what}: the difference between {better} and {worse} is not significant: {means}{ratio}, in {} of {all} seeds ({p})",
        seeds.0
    )
}

/// Whether the mean says what the seeds say; none if its interval leaves both open, or there is none.
fn mean_agrees(finding: &Finding) -> Option<bool> {
    let (_, low, high) = finding.ratio?;
    let is_lower_by_mean = if 1.0 < low {
        true
    } else if high < 1.0 {
        false
    } else {
        return None;
    };
    Some(is_lower_by_mean != is_more_better(&finding.what))
}

/// Whether more of it is better.
fn is_more_better(what: &str) -> bool {
    QUESTIONS.iter().any(|(name, _, is_less_better, _)| *name == what && !is_less_better)
}

/// Three significant digits.
fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value:.0}");
    }
    let decimals = |value: f64| (2 - libm::log10(value.abs()).floor() as i32).clamp(0, 6) as usize;
    // What is rounded up to the next power of ten has a digit less behind the point.
    let rounded = format!("{value:.*}", decimals(value)).parse().unwrap_or(value);
    format!("{value:.*}", if rounded == 0.0 { 6 } else { decimals(rounded) })
}

/// Who was best at what, in one sentence: best is who was significantly better than each of the others.
pub(super) fn headline(findings: &[Finding], protocols: &[&str]) -> Option<String> {
    let others = protocols.len().checked_sub(1).filter(|others| 0 < *others)?;
    let best = |what: &str, protocol: &str| {
        let wins =
            |finding: &&Finding| finding.is_significant && finding.what == what && finding.better == protocol;
        findings.iter().filter(wins).count() == others
    };
    let asked = QUESTIONS.iter().map(|question| question.0);
    let asked: Vec<&str> = asked.filter(|what| findings.iter().any(|one| one.what == *what)).collect();
    let seeds = findings.iter().map(|finding| finding.seeds.0 + finding.seeds.1).max().unwrap_or(0);
    let least = |seeds: &usize| 2.0 * 0.5f64.powi(*seeds as i32) * findings.len() as f64;
    let enough = (1..64).find(|seeds| least(seeds) < SIGNIFICANT).unwrap_or(64);
    if 0 < seeds && seeds < enough {
        return Some(format!("too few seeds to call any difference significant: {enough} can be enough"));
    }
    let short = |what: &str| what.trim_start_matches("number of ").to_owned();
    let mut parts = Vec::new();
    for protocol in protocols {
        let won = asked.iter().filter(|what| best(what, protocol)).map(|what| short(what));
        match listed(&won.collect::<Vec<_>>()) {
            won if won.is_empty() => {}
            won => parts.push(format!("{protocol} was best by {won}")),
        }
    }
    let open = asked.iter().filter(|what| !protocols.iter().any(|protocol| best(what, protocol)));
    match listed(&open.map(|what| short(what)).collect::<Vec<_>>()) {
        open if open.is_empty() => {}
        open => parts.push(format!("nobody was significantly better than all others by {open}")),
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Words with commas, and "and" before the last.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A sentence's first letter.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(what: &str, ratio: (f64, f64, f64), p: f64) -> Finding {
        Finding {
            what: what.to_owned(),
            unit: "ms".to_owned(),
            better: "zab".to_owned(),
            worse: "raft".to_owned(),
            means: (560.0, 506.0),
            ratio: Some(ratio),
            seeds: (104, 96),
            p,
            is_significant: false,
            sentence: String::new(),
        }
    }

    #[test]
    fn a_headline_names_who_won_against_everybody() {
        let protocols = ["paxos", "zab", "raft"];
        let won = |what: &str, better: &str, worse: &str, is_significant: bool| Finding {
            better: better.to_owned(),
            worse: worse.to_owned(),
            is_significant,
            ..finding(what, (1.2, 1.1, 1.3), 0.0)
        };
        let findings = [
            won("longest outage", "zab", "paxos", true),
            won("longest outage", "zab", "raft", true),
            won("longest outage", "paxos", "raft", true),
            won("goodput", "zab", "paxos", true),
            won("goodput", "zab", "raft", false),
            won("goodput", "paxos", "raft", true),
        ];
        assert_eq!(
            headline(&findings, &protocols).unwrap(),
            "zab was best by longest outage; nobody was significantly better than all others by goodput"
        );
        assert_eq!(headline(&[], &protocols[..1]), None);
        let few = findings.map(|finding| Finding { seeds: (4, 0), is_significant: false, ..finding });
        let told = headline(&few, &protocols).unwrap();
        assert_eq!(told, "too few seeds to call any difference significant: 8 can be enough");
    }

    #[test]
    fn a_mean_that_says_otherwise_is_told() {
        let told = sentence(&finding("longest outage", (0.88, 0.85, 0.91), 1.0));
        assert!(
            told.contains("not significant") && told.contains("but zab was better in 104 of 200"),
            "{told}"
        );
        for ratio in [(0.99, 0.95, 1.03), (1.3, 1.2, 1.4)] {
            let told = sentence(&finding("longest outage", ratio, 1.0));
            assert!(told.contains("not significant") && !told.contains("but"), "{told}");
            assert!(told.contains("in 104 of 200 seeds"), "{told}");
        }
        assert!(is_more_better("goodput") && !is_more_better("longest outage"));
    }

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!(
            [1234.5, 12.345, 0.012_345, 1.0, 0.0, 0.9999, 99.96].map(digits),
            ["1234", "12.3", "0.0123", "1.00", "0", "1.00", "100"]
        );
    }
}
