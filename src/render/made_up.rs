//! Made-up outcomes for the tests of rendering.

use sim::outcome::{
    FaultReport, JudgeReport, Latency, Operations, Outcome, Side, Traffic, Unavailability, Verdict,
};

/// A judge that observed something and is content.
pub(crate) fn judge(name: &str, side: Side, observed: u64) -> JudgeReport {
    let verdict = if observed == 0 { Verdict::NotChecked } else { Verdict::Ok };
    JudgeReport {
        name: name.to_string(),
        side,
        observed,
        verdict,
        detail: String::new(),
        first_event: None,
        first_at: None,
    }
}

/// A fault that somebody wrote down and that touched something.
pub(crate) fn fault(at: u64, what: &str, who: &str) -> FaultReport {
    FaultReport {
        at,
        what: what.to_string(),
        explicit: true,
        who: who.to_string(),
        messages: 1_234,
        timers: 3,
        writes: 2,
        operations: 121,
        processes: 1,
    }
}

/// The outcome of a run in which all went well.
pub(crate) fn outcome(protocol: &'static str, letter: char) -> Outcome {
    let mut judges = vec![
        judge("ledger", Side::Internal, 23_505),
        judge("durable-before-visible", Side::Internal, 41_876),
        judge("equal-state", Side::Internal, 23_505),
    ];
    judges.extend((1..=11).map(|n| judge(&format!("{protocol}/{letter}{n}"), Side::Internal, n * 10_007)));
    judges.push(judge("linearizable", Side::Client, 4_701));
    judges.push(judge("unavailable-at-most", Side::Client, 4_800));
    Outcome {
        protocol,
        seed: 7,
        without: Vec::new(),
        settings: vec![("election-timeout", "300 ms to 600 ms".into()), ("heartbeat", "100 ms".into())],
        fingerprint: "0123456789abcdef0123456789abcdef".into(),
        events: 312_345,
        ended_at: 14_123_456_789,
        operations: Operations { ok: 4_701, failed: 3, unknown: 96 },
        throughput_milli: 391_749,
        latency: Latency { p50: 2_345_678, p99: 812_345_678, max: 999_000_000 },
        unavailability: Unavailability {
            longest: 612_345_678,
            from: 3_001_234_567,
            cause: "crash leader (power)".into(),
        },
        leaders: 3,
        traffic: Traffic {
            messages: 20_123,
            bytes: 2_012_345,
            by_kind: vec![("AppendEntries", 10_000), ("AppendReply", 10_000), ("RequestVote", 123)],
            frames: 2_100,
            frame_bytes: 200_000,
            records: 12_000,
            record_bytes: 1_200_000,
            syncs: 11_800,
            committed_writes: 2_345,
        },
        faults: vec![
            fault(3_000_000_000, "crash leader (power), restart after 2 s", "n2"),
            fault(7_000_000_000, "partition [leader] | [rest, clients] for 3 s", "n4"),
        ],
        judges,
        converged_at: Some(12_345_678_901),
        quiet_at: 12_000_000_000,
        gates: vec![("leader deposed with uncommitted suffix", true), ("conflicting suffix cut", false)],
        cut_short: false,
    }
}

/// The three protocols side by side.
pub(crate) fn three() -> Vec<Outcome> {
    vec![outcome("paxos", 'P'), outcome("zab", 'Z'), outcome("raft", 'R')]
}

/// An outcome in which a judge inside saw a violation first and the clients later.
pub(crate) fn violated() -> Outcome {
    let mut outcome = outcome("raft", 'R');
    let mut violate = |name: &str, detail: &str, event, at| {
        let judge = outcome.judges.iter_mut().find(|judge| judge.name == name).expect("the judge is there");
        judge.verdict = Verdict::Violated;
        judge.detail = detail.to_string();
        judge.first_event = Some(event);
        judge.first_at = Some(at);
    };
    violate("linearizable", "get k3 = 17 after put k3 = 21 was acknowledged.", 9_000, 5_000_000_000);
    violate("raft/R4", "n1 and n3 hold different entries at slot 12, term 3", 8_765, 4_123_456_789);
    outcome
}
