//! A store that refuses tokens lower than the highest one it has accepted: decided in O(n log n).
//!
//! The accepted tokens say in which order they came; every use takes effect as early as it can, after the calls of all
//! that were accepted with lower tokens. Refusals take effect last, at their ends, and need one higher token by then. A
//! use of unknown outcome takes effect likewise, as early as it can; if a higher token has been accepted by then, it is
//! refused, and nobody needed it. Nothing gets worse by being early: what follows waits for calls alone.

use crate::lock::Token;
use crate::lock::model::Action;
use crate::model::{Contradiction, Monitored, Span};

/// A use that may raise the highest token: token, whether its outcome is unknown, span.
type Use = (Token, bool, u32);

/// Decides spans that are uses.
pub(super) fn decide(spans: &[Span<Action>], want_order: bool) -> Monitored {
    let mut uses: Vec<Use> = Vec::new();
    let mut refused: Vec<(Token, u32)> = Vec::new();
    for (index, span) in (0..).zip(spans) {
        match span.action {
            Action::Accepted(token) | Action::Use(token) => uses.push((token, span.ret.is_none(), index)),
            // Who may not have asked says nothing.
            Action::Refused(_) if span.ret.is_none() => {}
            Action::Refused(token) => refused.push((token, index)),
            _ => unreachable!("the uses of a store are a part of their own"),
        }
    }
    uses.sort_unstable();
    let times = match times(spans, &uses) {
        Ok(times) => times,
        Err(contradiction) => return Monitored::Illegal(contradiction),
    };
    if let Err(contradiction) = refusals(spans, &uses, &times, &refused) {
        return Monitored::Illegal(contradiction);
    }
    let order = || {
        // By time, then by token, refusals last.
        let mut steps: Vec<(u64, usize, u32)> = uses
            .iter()
            .zip(&times)
            .enumerate()
            .map(|(place, (&(_, _, span), &time))| (time, place, span))
            .collect();
        let end = |span: u32| spans[span as usize].ret.expect("a refusal is known");
        steps.extend(refused.iter().map(|&(_, span)| (end(span), usize::MAX, span)));
        steps.sort_unstable();
        steps.into_iter().map(|(_, _, span)| span).collect()
    };
    Monitored::Ok { order: want_order.then(order) }
}

/// When each use takes effect at the earliest.
fn times(spans: &[Span<Action>], uses: &[Use]) -> Result<Vec<u64>, Contradiction> {
    let mut times = Vec::with_capacity(uses.len());
    let mut latest: Option<u32> = None;
    let call = |span: u32| spans[span as usize].call;
    for same in uses.chunk_by(|left, right| left.0 == right.0) {
        let lower = latest;
        for &(_, is_unknown, span) in same {
            let since = lower.map_or(0, call);
            if spans[span as usize].ret.is_some_and(|end| end < since) {
                let sentence = "the store went back to a lower token: first came {0}, and only then {1}";
                let spans = vec![span, lower.expect("somebody was called later")];
                return Err(Contradiction { spans, sentence: sentence.to_owned() });
            }
            times.push(since.max(call(span)));
            if !is_unknown && latest.is_none_or(|latest| call(latest) < call(span)) {
                latest = Some(span);
            }
        }
    }
    Ok(times)
}

/// Whether every refusal has a higher token before its end.
fn refusals(
    spans: &[Span<Action>],
    uses: &[Use],
    times: &[u64],
    refused: &[(Token, u32)],
) -> Result<(), Contradiction> {
    // For each place, the place from there on at which the time is earliest.
    let mut earliest: Vec<usize> = (0..uses.len()).collect();
    for place in (1..uses.len()).rev() {
        if times[earliest[place]] < times[place - 1] {
            earliest[place - 1] = earliest[place];
        }
    }
    for &(token, span) in refused {
        let higher = uses.partition_point(|&(used, ..)| used <= token);
        let Some(&first) = earliest.get(higher) else {
            let sentence = "nobody ever used a higher token than {0}".to_owned();
            return Err(Contradiction { spans: vec![span], sentence });
        };
        if times[first] <= spans[span as usize].ret.expect("a refusal is known") {
            continue;
        }
        let (_, _, cause) = uses[first];
        let mut found = vec![span, cause];
        let mut sentence =
            "no higher token can have been accepted by the end of {0}; the first is that of {1}".to_owned();
        if spans[cause as usize].call < times[first] {
            let is_cause =
                |&&(_, is_unknown, other): &&Use| !is_unknown && spans[other as usize].call == times[first];
            let lower = uses[..first].iter().find(is_cause).expect("a lower token was accepted later");
            found.push(lower.2);
            sentence += ", which must come after that of {2}";
        }
        return Err(Contradiction { spans: found, sentence });
    }
    Ok(())
}
