//! One run: a plan, a protocol, an outcome.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use checker::online::Alarm;
use checker::{Budget, History, Kind, Operation, Outcome as Ending, Report, Verdict as Found};
use registry::Server;
use replica::{Knobs, Link, Message, Replica, RuleBit, RuleText, Rules, Span};

use crate::judge::{Ledger, Tally, When};
use crate::kv::{KvClients, Record, Watched};
use crate::measure::{Ended, Measured, Measures};
use crate::outcome::{JudgeReport, Latency, Operations, Outcome, Side, Unavailability, Verdict};
use crate::plan::{LinkKind, Plan, ReadMode};
use crate::trace::TraceEvent;
use crate::world::{World, WorldOptions};

/// The judge of all operations, where reads are promised to be linearizable.
const LINEARIZABLE: &str = "linearizable";
/// The judge of the updates, where reads are promised less.
const LINEARIZABLE_WRITES: &str = "linearizable-writes";

/// How to run a plan. None of it changes what happens, but `without_judges` what is said of it (and so how soon a run
/// ends in which an answer cannot be placed) and `unheld_kinds` the host (a deliberate bug, for testing judges).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Encode and decode every message and record on its way.
    pub codec: bool,
    /// Keep a trace.
    pub tracing: bool,
    /// Take measures; see [`crate::measure`].
    pub measuring: bool,
    /// Names of judges that stay silent.
    pub without_judges: Vec<String>,
    /// Bits of the message kinds that the host does not hold back; see `replica::HostOptions`.
    pub unheld_kinds: u64,
}

/// A run and what came of it.
#[derive(Clone, Debug)]
pub struct Run {
    /// The outcome.
    pub outcome: Outcome,
    /// The trace, if it was asked for; else empty.
    pub trace: Vec<TraceEvent>,
    /// The clients' operations and what became of them.
    pub history: History,
    /// What was measured, if it was asked for; else empty.
    pub measures: Measures,
}

/// Why a plan cannot run under a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError(pub String);

impl std::fmt::Display for PlanError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanError {}

/// The world of the key-value service under a protocol.
pub type KvWorld<R> = World<R, Server, KvClients>;

/// Runs a plan under a protocol.
pub fn run<R: Replica>(plan: &Plan, options: &RunOptions) -> Result<Run, PlanError> {
    let mut world = world::<R>(plan, options)?;
    let panic = if plan.without.is_empty() && options.unheld_kinds == 0 {
        world.run();
        None
    } else {
        run_mutant(&mut world)
    };
    Ok(conclude(plan, options, world, panic))
}

/// The world of a plan at time zero.
pub fn world<R: Replica>(plan: &Plan, options: &RunOptions) -> Result<KvWorld<R>, PlanError> {
    let rules = rules_of(R::NAME, R::RULES, &plan.without)?;
    if plan.links == LinkKind::Datagram && R::LINK == Link::Session && rules.is_whole() {
        return Err(PlanError(format!("{} needs session links", R::NAME)));
    }
    let settings = plan.settings.get(R::NAME).cloned().unwrap_or_default();
    let knobs = Knobs { detection: Span(plan.detection), rules, settings };
    let config = R::config(&knobs).map_err(PlanError)?;
    let server = registry::Options {
        retry: Span(plan.detection / 2).max(Span::millis(1)),
        patience: Span(plan.workload.timeout),
        snapshot_every: plan.snapshot_every,
        rules: rules_of("registry", registry::rules::RULES, &plan.without)?,
        ..registry::Options::DEFAULT
    };
    let clients = KvClients::new(plan, options.tracing, watched(plan, options));
    let world = WorldOptions {
        codec: options.codec,
        tracing: options.tracing,
        measuring: options.measuring,
        without_judges: options.without_judges.clone(),
        unheld_kinds: options.unheld_kinds,
        rules: rules_of("node", crate::rules::RULES, &plan.without)?,
        without_fingerprint: false,
        bare: false,
    };
    Ok(World::new(Arc::new(plan.clone()), world, config, server, clients))
}

/// What clients' answers are judged for as they come: what is linearizable by promise, if the judge of that is not silent.
fn watched(plan: &Plan, options: &RunOptions) -> Watched {
    let watched = match plan.workload.reads {
        ReadMode::Linearizable => Watched::Everything,
        ReadMode::Sync | ReadMode::Sequential | ReadMode::Stale => Watched::Updates,
    };
    let is_silent = options.without_judges.iter().any(|off| off == linearizable_judge(plan));
    if plan.expect.linearizable && !is_silent { watched } else { Watched::Nothing }
}

/// The judge of what is linearizable by promise.
fn linearizable_judge(plan: &Plan) -> &'static str {
    match plan.workload.reads {
        ReadMode::Linearizable => LINEARIZABLE,
        ReadMode::Sync | ReadMode::Sequential | ReadMode::Stale => LINEARIZABLE_WRITES,
    }
}

/// The rules of `owner` but those that `without` names. Rules of others are theirs to find.
fn rules_of(owner: &str, list: &[RuleText], without: &[String]) -> Result<Rules, PlanError> {
    let mut rules = Rules::ALL;
    for id in without.iter().filter(|id| id.split('/').next() == Some(owner)) {
        let place = list.iter().position(|rule| rule.id == id);
        let place = place.ok_or_else(|| PlanError(format!("{owner} has no rule {id}")))?;
        rules = rules.without(RuleBit(place as u8));
    }
    Ok(rules)
}

/// A replica without one of its rules may run into an assertion of its own: that is a find, not a bug of ours.
fn run_mutant<R: Replica>(world: &mut KvWorld<R>) -> Option<JudgeReport> {
    let payload = catch_unwind(AssertUnwindSafe(|| world.run())).err()?;
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(JudgeReport {
        name: "assertion".into(),
        side: Side::Internal,
        observed: 1,
        verdict: Verdict::Violated,
        detail: format!("a replica or server contradicted itself: {}", text.unwrap_or_default()),
        first_event: Some(world.events()),
        first_at: Some(world.now()),
    })
}

/// Asks the judges and writes the outcome.
pub fn conclude<R: Replica>(
    plan: &Plan,
    options: &RunOptions,
    mut world: KvWorld<R>,
    panic: Option<JudgeReport>,
) -> Run {
    if panic.is_none() {
        world.finish();
    }
    let records = world.clients().records();
    let history = history_of(records, world.ledger());
    let (quiet_at, converged_at) = world.quiet_and_converged();
    let faults = world.fault_reports();
    let unavailability = unavailability(plan, records, &faults);
    let mut judges = world.judge_reports();
    // What clients were told until the run was cut short, they were told.
    let cut_short = panic.is_some() || world.clients().alarm().is_some();
    judges.extend(panic);
    judges.extend(client_judges(plan, options, &history));
    if let Some(alarm) = world.clients().alarm() {
        date(&mut judges, linearizable_judge(plan), alarm, world.events());
    }
    if !cut_short {
        judges.push(availability(plan, options, &unavailability, records));
        judges.push(progress(plan, options, quiet_at, converged_at, world.now(), world.events()));
    }
    let rules = rules_of(R::NAME, R::RULES, &plan.without).unwrap_or(Rules::ALL);
    let settings = plan.settings.get(R::NAME).cloned().unwrap_or_default();
    let config = R::config(&Knobs { detection: Span(plan.detection), rules, settings });
    let outcome = Outcome {
        protocol: R::NAME,
        seed: plan.seed,
        without: plan.without.iter().filter(|id| concerns::<R>(id)).cloned().collect(),
        settings: config.map(|config| R::describe(&config)).unwrap_or_default(),
        fingerprint: world.fingerprint(),
        events: world.events(),
        ended_at: world.now(),
        operations: operations(records),
        throughput_milli: throughput(plan, records),
        latency: latency(records),
        unavailability,
        leaders: world.counters().leaders,
        traffic: world.traffic(),
        faults,
        judges,
        converged_at,
        quiet_at: quiet_at.unwrap_or(world.now()),
        gates: world.gates(),
        cut_short,
    };
    let measures = if options.measuring { measures(&world) } else { Measures::default() };
    Run { outcome, trace: world.trace().to_vec(), history, measures }
}

fn measures<R: Replica>(world: &KvWorld<R>) -> Measures {
    let records = world.clients().records();
    let operation = |record: &Record| Measured {
        client: record.client,
        key: record.key,
        kind: match record.kind {
            Kind::Get => "get",
            Kind::Put { .. } => "put",
            Kind::Delete => "delete",
            Kind::Cas { .. } => "cas",
        },
        intended: record.intended,
        called: record.called,
        ended: record.ended,
        ending: match record.ending {
            Some(Ending::Ok(_)) => Ended::Ok,
            Some(Ending::Failed) => Ended::Failed,
            Some(Ending::Unknown) | None => Ended::Unknown,
        },
    };
    let (milestones, samples) = world.measured();
    let called = records.iter().enumerate().filter(|(_, record)| record.called.is_some());
    Measures {
        operations: records.iter().map(operation).collect(),
        milestones,
        samples,
        kinds: R::Message::KINDS.iter().copied().zip(world.counters().kinds()).collect(),
        of_history: called.map(|(place, _)| place).collect(),
    }
}

fn concerns<R: Replica>(id: &str) -> bool {
    let owner = id.split('/').next();
    owner == Some(R::NAME) || owner == Some("registry") || owner == Some("node")
}

/// The history that checkers see. Where an operation of unknown outcome landed is added as a hint, which is not
/// trusted.
fn history_of(records: &[Record], ledger: &Ledger) -> History {
    let operation = |record: &Record| {
        let call = record.called?;
        let ending = record.ending.unwrap_or(Ending::Unknown);
        let landed = || record.name.and_then(|name| ledger.executed_at(name.session, name.sequence));
        let position = record.position.or_else(landed).map(|position| position.0);
        Some(Operation {
            client: record.client.into(),
            key: record.key.into(),
            call,
            ret: record.ended.filter(|_| ending != Ending::Unknown),
            kind: record.kind,
            outcome: ending,
            position,
        })
    };
    History::new(records.iter().filter_map(operation).collect())
        .expect("operations end after they are called")
}

/// The promise of the reads, and beside a weak one that of the updates; what is expected beyond. A silent judge costs
/// nothing.
fn client_judges(plan: &Plan, options: &RunOptions, history: &History) -> Vec<JudgeReport> {
    let linearizable = |history: &History| checker::kv::linearizable(history, Budget::default().into());
    let mut reports = Vec::new();
    let mut ask = |name: &str, judge: &dyn Fn() -> Report| {
        if !options.without_judges.iter().any(|off| off == name) {
            reports.push(client_judge(name, &judge(), history));
        }
    };
    if plan.expect.linearizable {
        if plan.workload.reads != ReadMode::Linearizable {
            ask(LINEARIZABLE_WRITES, &|| linearizable(&history.updates()));
        }
        match plan.workload.reads {
            ReadMode::Linearizable => ask(LINEARIZABLE, &|| linearizable(history)),
            ReadMode::Sync => ask("sync", &|| checker::sync(history)),
            ReadMode::Sequential => ask("sequential", &|| checker::sequential(history)),
            ReadMode::Stale => ask("stale", &|| checker::stale(history)),
        }
    }
    if let Some(bound) = plan.expect.staleness_at_most {
        ask("bounded-staleness", &|| checker::bounded_staleness(history, bound));
    }
    reports
}

/// Says of the judge whose promise was broken that it was at this event: the one at which the run was stopped.
fn date(judges: &mut [JudgeReport], name: &str, alarm: &Alarm, event: u64) {
    let judge = judges.iter_mut().find(|judge| judge.name == name);
    let judge = judge.expect("who stops a run is not silent");
    if judge.verdict != Verdict::Violated {
        // The check of the whole history ran out of budget before it came to the key.
        (judge.verdict, judge.detail) = (Verdict::Violated, alarm.explanation.sentence.clone());
    }
    (judge.first_event, judge.first_at) = (Some(event), Some(alarm.time));
}

fn client_judge(name: &str, report: &Report, history: &History) -> JudgeReport {
    let (verdict, detail, first_at) = match &report.verdict {
        Found::Ok { .. } => (Verdict::Ok, String::new(), None),
        Found::NotChecked => (Verdict::NotChecked, String::new(), None),
        Found::Unknown { reason, .. } => (Verdict::Unknown, reason.clone(), None),
        Found::Illegal { explanation } => {
            let operation = history.operations().get(explanation.operation);
            (Verdict::Violated, explanation.sentence.clone(), operation.and_then(|operation| operation.ret))
        }
    };
    JudgeReport {
        name: name.to_owned(),
        side: Side::Client,
        observed: report.counts.operations,
        verdict,
        detail,
        first_event: None,
        first_at,
    }
}

fn availability(
    plan: &Plan,
    options: &RunOptions,
    found: &Unavailability,
    records: &[Record],
) -> JudgeReport {
    let mut tally = Tally::new("available", Side::Client, &options.without_judges);
    if let Some(most) = plan.expect.unavailable_at_most
        && !records.is_empty()
    {
        let when = When { event: 0, at: found.from };
        tally.held(records.len() as u64 - 1);
        tally.check(when, found.longest <= most, || {
            let span = |nanos: u64| Span(nanos / 1_000_000 * 1_000_000).to_string();
            format!(
                "nothing completed ok for {} from {}, at most {} is allowed",
                span(found.longest),
                span(found.from),
                span(most)
            )
        });
    }
    // An outage is a span of the whole run, not something that an event shows.
    JudgeReport { first_event: None, ..tally.report() }
}

fn progress(
    plan: &Plan,
    options: &RunOptions,
    quiet_at: Option<u64>,
    converged_at: Option<u64>,
    ended_at: u64,
    events: u64,
) -> JudgeReport {
    let mut tally = Tally::new("converges", Side::Internal, &options.without_judges);
    if let Some(within) = plan.expect.converges_within {
        let in_time =
            quiet_at.zip(converged_at).is_some_and(|(quiet, converged)| converged - quiet <= within);
        tally.check(When { event: events, at: ended_at }, in_time, || match (quiet_at, converged_at) {
            (None, _) => "operations or faults were still open at the horizon".into(),
            (Some(_), None) => "the cluster had not converged at the horizon".into(),
            (Some(quiet), Some(converged)) => {
                format!(
                    "the cluster converged {} ms after workload and faults were over",
                    (converged - quiet) / 1_000_000
                )
            }
        });
    }
    tally.report()
}

fn operations(records: &[Record]) -> Operations {
    let mut operations = Operations::default();
    for record in records {
        match record.ending {
            Some(Ending::Ok(_)) => operations.ok += 1,
            Some(Ending::Failed) => operations.failed += 1,
            Some(Ending::Unknown) | None => operations.unknown += 1,
        }
    }
    operations
}

fn ok(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| matches!(record.ending, Some(Ending::Ok(_))))
}

fn throughput(plan: &Plan, records: &[Record]) -> u64 {
    let count = ok(records).count() as u128;
    (count * 1_000_000_000_000).checked_div(u128::from(plan.workload.end)).unwrap_or(0) as u64
}

fn latency(records: &[Record]) -> Latency {
    let mut latencies: Vec<u64> =
        ok(records).map(|record| record.ended.expect("it ended ok") - record.intended).collect();
    latencies.sort_unstable();
    let quantile = |percent: usize| {
        let rank = (latencies.len() * percent).div_ceil(100).max(1);
        latencies.get(rank - 1).copied().unwrap_or(0)
    };
    Latency { p50: quantile(50), p99: quantile(99), max: quantile(100) }
}

/// The longest span with an operation pending and none completing ok.
fn unavailability(plan: &Plan, records: &[Record], faults: &[crate::outcome::FaultReport]) -> Unavailability {
    // +1 at an intended start, -1 at an end; an ok end also ends the span.
    let mut changes: BTreeMap<u64, (i64, bool)> = BTreeMap::new();
    for record in records {
        let Some(ended) = record.ended else { continue };
        changes.entry(record.intended).or_default().0 += 1;
        let at_end = changes.entry(ended).or_default();
        at_end.0 -= 1;
        at_end.1 |= matches!(record.ending, Some(Ending::Ok(_)));
    }
    let (mut pending, mut since, mut longest) = (0, None, (0, 0));
    for (&time, &(change, completes)) in &changes {
        let span = since.map_or((0, 0), |since| (time - since, since));
        if longest.0 < span.0 && (completes || pending + change == 0) {
            longest = span;
        }
        pending += change;
        since = match (pending, completes) {
            (0, _) => None,
            (_, true) => Some(time),
            (_, false) => since.or(Some(time)),
        };
    }
    let (length, from) = longest;
    let nearest = faults.iter().filter(|fault| fault.touched() && fault.at <= from + plan.detection);
    let cause = nearest.max_by_key(|fault| fault.at);
    let cause = cause.filter(|_| plan.detection / 2 <= length);
    let words = |fault: &crate::outcome::FaultReport| format!("{} ({})", fault.what, fault.who);
    Unavailability { longest: length, from, cause: cause.map(words).unwrap_or_default() }
}
