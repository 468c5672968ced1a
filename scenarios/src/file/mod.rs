//! The file format: text to [`Scenario`], or all its errors at once. `FORMAT.md` lists every key.

mod faults;
mod nemesis;
mod reader;
mod set;

use std::collections::BTreeMap;
use std::path::Path;

use replica::{Knobs, Link, Rules, Span};
use sim::plan::{Between, Cpu, Disk, Expect, LinkKind, ReadMode};
use toml::de::DeTable;

use crate::error::{Draft, ScenarioErrors, locate, locate_set};
use crate::protocols::{Catalog, Protocol, ProtocolInfo};
use crate::scenario::{ClockSpec, Mix, NetworkSpec, Pace, Scenario, WorkloadSpec};
use crate::units::show_time;
use reader::{Errors, Field, OrElse, Placed, Table, did_you_mean, one_of};
use set::Setting;

/// The most nodes: a set of nodes is one machine word.
const NODES_MAX: u64 = replica::NODES_MAX as u64;
/// The most clients: their latencies to every node are drawn one by one.
const CLIENTS_MAX: u64 = 10_000;
/// The fewest and the most bytes of a value: a value holds a number that no other has.
const VALUE_BYTES: u64 = 8;
const VALUE_BYTES_MAX: u64 = 1 << 20;
/// The most keys.
const KEYS_MAX: u64 = 1_000_000;
/// The most operations of a plan: it stands in memory as a whole.
pub(crate) const OPERATIONS_MAX: u128 = 1_000_000;
/// The most entries between two snapshots: one is enough for any run.
const SNAPSHOT_EVERY_MAX: u64 = 1_000_000;
/// Sessions resend no faster than this by default.
const RETRANSMIT_MIN: u64 = 5_000_000;
/// A silent client's session lives this long by default: longer than any outage that a library file causes.
const CLIENT_SESSION: u64 = 30_000_000_000;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

/// Reads a scenario file. Messages call it by `path` as it is given.
pub(crate) fn read(
    path: &Path,
    overrides: &[(String, String)],
    catalog: &Catalog,
) -> Result<Scenario, ScenarioErrors> {
    let name = path.display().to_string();
    let fail = |problem: &str, help: &str| {
        Err(ScenarioErrors::without_text(&name, problem, "a scenario file", help))
    };
    match std::fs::read(path) {
        Ok(bytes) => parse_bytes(&name, &bytes, overrides, catalog),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fail("there is no such file", "`quorate scenarios list` names the ones there are")
        }
        Err(error) => fail(&format!("the file cannot be read: {error}"), ""),
    }
}

/// Parses the bytes of a scenario file.
pub(crate) fn parse_bytes(
    file: &str,
    bytes: &[u8],
    overrides: &[(String, String)],
    catalog: &Catalog,
) -> Result<Scenario, ScenarioErrors> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(file, text, overrides, catalog),
        Err(error) => {
            let at = error.valid_up_to();
            let problem = format!("byte {at} is 0x{:02x}: the file is not UTF-8", bytes[at]);
            let draft = Draft::new(at..at, problem, "text in UTF-8", "save it as UTF-8");
            Err(locate(file, &String::from_utf8_lossy(bytes), vec![draft]))
        }
    }
}

/// Parses the text of a scenario file, with keys set to other values.
pub(crate) fn parse(
    file: &str,
    text: &str,
    overrides: &[(String, String)],
    catalog: &Catalog,
) -> Result<Scenario, ScenarioErrors> {
    if text.trim().is_empty() {
        let help = "begin with `title = \"..\"`, `[cluster]` and `[workload]`";
        let draft = Draft::new(0..0, "the file is empty", "a scenario", help);
        return Err(locate(file, text, vec![draft]));
    }
    // Before the document, which borrows from them.
    let settings = Setting::laid_out(text.len(), overrides);
    let (mut document, syntax) = DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        let draft = |error: &toml::de::Error| {
            let span = error.span().unwrap_or(0..0);
            Draft::new(span, format!("this is not TOML: {}", error.message()), "TOML", "see https://toml.io")
        };
        return Err(locate(file, text, syntax.iter().map(draft).collect()));
    }
    let errors = Errors::default();
    set::apply(document.get_mut(), &settings, &errors);
    let root = Table::new("the file", 0..0, document.get_ref(), &errors);
    let scenario = scenario(&root, catalog);
    match errors.take() {
        none if none.is_empty() => Ok(scenario),
        drafts => {
            let lines: Vec<_> = settings.iter().map(|setting| (setting.span(), setting.line())).collect();
            Err(locate_set(file, text, &lines, drafts))
        }
    }
}

/// What the sections tell each other while errors are sought. Absent where a section is wrong.
pub(crate) struct Known {
    nodes: Option<u8>,
    end: Option<u64>,
    links: LinkKind,
    protocols: Vec<Protocol>,
}

/// Reads every section. What is wrong is reported and stands in the result as a default.
fn scenario(root: &Table<'_>, catalog: &Catalog) -> Scenario {
    let title = root.required("title", "what happens, in a sentence", |field| sentence(field));
    let teaches = root.get("teaches", |field| sentence(field));
    let cluster = cluster(root);
    let (links, network) = network(root, cluster.detection);
    let without = root.get("without", |field| without(field, catalog)).or_value(Vec::new());
    let workload = workload(root, &cluster, &network);
    let known = Known {
        nodes: cluster.nodes.as_ref().map(|nodes| nodes.value),
        end: workload.as_ref().map(|workload| workload.end),
        links: links.as_ref().map_or(LinkKind::Session, |links| links.value),
        protocols: cluster.protocols.iter().map(|placed| placed.value).collect(),
    };
    let faults = faults::faults(root, &known, catalog);
    let scenario = Scenario {
        title: title.or_value(String::new()),
        teaches: teaches.or_value(String::new()),
        protocols: cluster.protocols.iter().map(|placed| placed.value).collect(),
        nodes: known.nodes.unwrap_or(1),
        learners: cluster.learners,
        snapshot_every: cluster.snapshot_every,
        detection: cluster.detection,
        settings: settings(root, catalog, cluster.detection),
        links: links.as_ref().map_or(LinkKind::Session, |links| links.value),
        network,
        cpu: cpu(root),
        disk: disk(root),
        clock: clock(root),
        faults,
        nemesis: nemesis::nemesis(root, &known),
        workload: workload.unwrap_or(NO_WORKLOAD),
        expect: expect(root),
        without,
    };
    serves(root, catalog, &scenario, &cluster.protocols, links);
    root.finish();
    scenario
}

fn sentence(field: &Field<'_>) -> Option<String> {
    let text = field.text("a sentence")?.trim();
    if text.is_empty() {
        return field.wrong(format!("`{}` is empty", field.name), "a sentence", "");
    }
    Some(text.to_string())
}

/// `[cluster]`
struct Cluster {
    nodes: Option<Placed<u8>>,
    learners: u8,
    snapshot_every: u64,
    protocols: Vec<Placed<Protocol>>,
    detection: u64,
}

fn cluster(root: &Table<'_>) -> Cluster {
    let (protocols_of, detection) = (Vec::new(), 300 * MS);
    let mut read =
        Cluster { nodes: None, learners: 0, snapshot_every: 0, protocols: protocols_of, detection };
    let Some(table) = section(root, "cluster", "a [cluster] with `nodes`") else { return read };
    let nodes = |field: &Field<'_>| field.whole(1, NODES_MAX).map(|nodes| nodes as u8);
    read.nodes = table.required("nodes", &format!("a whole number from 1 to {NODES_MAX}"), nodes);
    read.learners = learners(&table, read.nodes.as_ref());
    read.snapshot_every = table.get("snapshot_every", |field| field.whole(0, SNAPSHOT_EVERY_MAX)).or_value(0);
    match table.get("protocols", protocols) {
        Some(listed) => read.protocols = listed.value,
        None if table.has("protocols") => {}
        None => {
            let everyone = |value| Placed { value, span: table.span.clone() };
            read.protocols = Protocol::ALL.into_iter().map(everyone).collect();
        }
    }
    read.detection = table.get("detection", |field| field.positive_duration()).or_value(read.detection);
    table.finish();
    read
}

/// How many nodes do not vote: at least one must.
fn learners(table: &Table<'_>, nodes: Option<&Placed<u8>>) -> u8 {
    let Some(learners) = table.get("learners", |field| field.whole(0, NODES_MAX - 1)) else { return 0 };
    if let Some(nodes) = nodes
        && u64::from(nodes.value) <= learners.value
    {
        let problem = format!("`learners` is {}, and the cluster has {}", learners.value, nodes.value);
        let help = "learners are the last of the nodes, and somebody must vote";
        table.errors.push(learners.span, problem, format!("less than {}", nodes.value), help);
        return 0;
    }
    learners.value as u8
}

/// A section that must be there.
fn section<'a>(root: &Table<'a>, key: &'static str, expected: &str) -> Option<Table<'a>> {
    if !root.has(key) {
        let problem = format!("there is no section [{key}]");
        root.errors.push(root.span.clone(), problem, expected, format!("add `[{key}]`"));
    }
    root.table(key)
}

fn protocols(field: &Field<'_>) -> Option<Vec<Placed<Protocol>>> {
    let names = Protocol::ALL.map(Protocol::name);
    let expected = format!("a list of {}", names.join(", "));
    let items = field.list(&expected)?;
    if items.is_empty() {
        return field.wrong("`protocols` is empty", expected, "leave it out for all of them");
    }
    let mut read: Vec<Placed<Protocol>> = Vec::new();
    let words = Protocol::ALL.map(|protocol| (protocol.name(), protocol));
    for item in &items {
        let Some(value) = item.word(&words) else { continue };
        if read.iter().any(|earlier| earlier.value == value) {
            let problem = format!("`protocols` names {} twice", value.name());
            item.wrong::<()>(problem, "each protocol once", "remove it");
            continue;
        }
        read.push(Placed { value, span: item.span() });
    }
    Some(read)
}

/// `[network]`
fn network(root: &Table<'_>, detection: u64) -> (Option<Placed<LinkKind>>, NetworkSpec) {
    let span = |from, to| Between { from, to };
    let (mut base, mut jitter) = (span(200_000, MS), span(0, 200_000));
    let table = root.table("network");
    if let Some(latency) = table.as_ref().and_then(|table| table.table("latency")) {
        base = latency.get("base", |field| field.range()).or_value(base);
        jitter = latency.get("jitter", |field| field.range()).or_value(jitter);
        latency.finish();
    }
    // Three base round trips of the slowest link.
    let retransmit = (6 * base.to).max(RETRANSMIT_MIN);
    let mut network = NetworkSpec {
        base,
        jitter,
        loss: 0,
        duplicate: 0,
        reorder: 0,
        reorder_by: 0,
        bandwidth: 0,
        retransmit,
        session_timeout: detection,
        reconnect: (detection / 3).max(1),
    };
    let Some(table) = table else { return (None, network) };
    network.loss = table.get("loss", |field| field.probability()).or_value(0);
    network.duplicate = table.get("duplicate", |field| field.probability()).or_value(0);
    network.reorder = table.get("reorder", |field| field.probability()).or_value(0);
    network.reorder_by = table.get("reorder_by", |field| field.duration()).or_value(4 * base.to);
    network.bandwidth = table.get("bandwidth", |field| field.bandwidth()).or_value(0);
    network.retransmit = table.get("retransmit", |field| field.positive_duration()).or_value(retransmit);
    network.session_timeout =
        table.get("session_timeout", |field| field.positive_duration()).or_value(network.session_timeout);
    network.reconnect = table.get("reconnect", |field| field.positive_duration()).or_value(network.reconnect);
    let words = [("session", LinkKind::Session), ("datagram", LinkKind::Datagram)];
    let links = table.get("links", |field| field.word(&words));
    table.finish();
    (links, network)
}

/// `[cpu]`
fn cpu(root: &Table<'_>) -> Cpu {
    let mut cpu = Cpu { per_message: 0, per_request: 0, per_byte_ps: 0 };
    let Some(table) = root.table("cpu") else { return cpu };
    cpu.per_message = table.get("per_message", |field| field.duration()).or_value(0);
    cpu.per_request = table.get("per_request", |field| field.duration()).or_value(0);
    cpu.per_byte_ps = table.get("per_byte", |field| field.picoseconds()).or_value(0);
    table.finish();
    cpu
}

/// `[disk]`
fn disk(root: &Table<'_>) -> Disk {
    let mut disk = Disk { sync: Between { from: 100_000, to: MS } };
    let Some(table) = root.table("disk") else { return disk };
    disk.sync = table.get("sync", sync).or_value(disk.sync);
    table.finish();
    disk
}

/// `"1ms"`, or `{ uniform = ["100us", "1ms"] }`.
fn sync(field: &Field<'_>) -> Option<Between> {
    if field.is_text() {
        return field.range();
    }
    if !field.is_table() {
        return field.wrong_type("a duration, or { uniform = [\"100us\", \"1ms\"] }");
    }
    let table = field.table("`sync`")?;
    let range = table.required("uniform", "two durations", |field| field.range());
    table.finish();
    range.map(|placed| placed.value)
}

/// `[clock]`
fn clock(root: &Table<'_>) -> ClockSpec {
    let mut clock = ClockSpec { offset: 0, drift_ppb: 0, wall_drift_ppb: 0 };
    let Some(table) = root.table("clock") else { return clock };
    clock.offset = table.get("offset", |field| field.duration()).or_value(0) as i64;
    clock.drift_ppb = table.get("drift_ppm", |field| field.ppb(0, DRIFT_PPM_MAX)).or_value(0);
    clock.wall_drift_ppb = table.get("wall_drift_ppm", |field| field.ppb(0, DRIFT_PPM_MAX)).or_value(0);
    table.finish();
    clock
}

/// The most that a clock's rate may be off: half as fast, or half as fast again.
const DRIFT_PPM_MAX: i64 = 500_000;

/// Stands for a workload that is wrong; never planned.
const NO_WORKLOAD: WorkloadSpec = WorkloadSpec {
    clients: 1,
    keys: 1,
    pace: Pace::Open { rate: 1 },
    start: 0,
    end: 0,
    mix: Mix { read: 1, write: 0, cas: 0, delete: 0 },
    reads: ReadMode::Linearizable,
    timeout: 0,
    retry: 0,
    value_bytes: VALUE_BYTES as u32,
    session_timeout: 0,
};

/// `[workload]`; none if what the others need of it is wrong.
fn workload(root: &Table<'_>, cluster: &Cluster, network: &NetworkSpec) -> Option<WorkloadSpec> {
    let table = section(root, "workload", "a [workload] with `clients`, `rate` and `for`")?;
    let a_number = format!("a whole number from 1 to {CLIENTS_MAX}");
    let clients = table.required("clients", &a_number, |field| field.whole(1, CLIENTS_MAX));
    let keys = table.get("keys", |field| field.whole(1, KEYS_MAX)).or_value(4);
    let mix = table.get("mix", mix).or_value(Mix { read: 50, write: 50, cas: 0, delete: 0 });
    let reads = table.get("reads", read_mode).or_value(ReadMode::Linearizable);
    let timeout = table.get("timeout", |field| field.positive_duration()).or_value(SECOND);
    let retry = table.get("retry", |field| field.positive_duration());
    if let Some(retry) = &retry
        && timeout < retry.value
    {
        let (early, late) = (show_time(timeout), show_time(retry.value));
        let problem = format!("`retry` is {late}, and operations are given up after {early}");
        table.errors.push(retry.span.clone(), problem, format!("at most {early}"), "shorten it");
    }
    let session_timeout =
        table.get("session_timeout", |field| field.positive_duration()).or_value(CLIENT_SESSION);
    let value_bytes = table.get("value_bytes", |field| field.whole(VALUE_BYTES, VALUE_BYTES_MAX));
    let pace = pace(&table);
    let start = table.get("after", |field| field.duration()).or_value(0);
    let end = end(&table, pace.as_ref(), clients.as_ref(), timeout).map(|end| start + end);
    table.finish();
    let (clients, pace, end) = (clients?, pace?, end?);
    too_many_operations(&table, &pace, end - start, clients.value, network);
    Some(WorkloadSpec {
        clients: clients.value as u32,
        keys: keys as u32,
        pace: pace.value,
        start,
        end,
        mix,
        reads,
        timeout,
        retry: retry.or_value(cluster.detection.min(timeout)),
        value_bytes: value_bytes.or_value(VALUE_BYTES) as u32,
        session_timeout,
    })
}

fn mix(field: &Field<'_>) -> Option<Mix> {
    let table = field.table("`mix`")?;
    let weight = |key| table.get(key, |field| field.whole(0, 1_000_000)).or_value(0);
    let (read, write) = (weight("read"), weight("write"));
    let (cas, delete) = (weight("cas"), weight("delete"));
    let before = field.errors.count();
    table.finish();
    if read + write + cas + delete == 0 && before == field.errors.count() {
        return field.wrong(
            "`mix` sums to 0",
            "weights of which one is not 0",
            "write { read = 50, write = 50 }",
        );
    }
    Some(Mix { read, write, cas, delete })
}

fn read_mode(field: &Field<'_>) -> Option<ReadMode> {
    field.word(&[
        ("linearizable", ReadMode::Linearizable),
        ("sync", ReadMode::Sync),
        ("sequential", ReadMode::Sequential),
        ("stale", ReadMode::Stale),
    ])
}

/// `rate`, or `think` with perhaps `operations`.
fn pace(table: &Table<'_>) -> Option<Placed<Pace>> {
    let rate = table.get("rate", |field| field.rate());
    let think = table.get("think", |field| field.range());
    let operations = table.get("operations", |field| field.whole(1, OPERATIONS_MAX as u64));
    let expected = "either `rate` (open loop) or `think` (closed loop)";
    match (table.has("rate"), table.has("think")) {
        (true, true) => {
            let span = think.map_or(table.span.clone(), |think| think.span);
            table.errors.push(span, "[workload] has both `rate` and `think`", expected, "remove one of them");
            None
        }
        (false, false) => {
            let problem = "[workload] has no `rate` and no `think`";
            table.errors.push(table.span.clone(), problem, expected, "add `rate = \"100/s\"`");
            None
        }
        (true, false) => {
            if let Some(operations) = operations {
                let problem = "`operations` stands beside `rate`";
                let expected = "`for` alone: an open loop starts rate times `for` operations";
                table.errors.push(operations.span, problem, expected, "remove it, or use `think`");
            }
            rate.map(|rate| Placed { value: Pace::Open { rate: rate.value }, span: rate.span })
        }
        (false, true) => think.map(|think| {
            let operations = operations.map(|operations| operations.value);
            Placed { value: Pace::Closed { think: think.value, operations }, span: think.span }
        }),
    }
}

/// When the last operation may start: `for`, or for a counted closed loop when the slowest client must be done.
fn end(
    table: &Table<'_>,
    pace: Option<&Placed<Pace>>,
    clients: Option<&Placed<u64>>,
    timeout: u64,
) -> Option<u64> {
    let counted = match pace.map(|pace| pace.value) {
        Some(Pace::Closed { think, operations: Some(operations) }) if !table.has("for") => {
            Some((think.to, operations))
        }
        _ => None,
    };
    let Some((think, operations)) = counted else {
        let end = table.required("for", "how long operations start", |field| field.positive_duration());
        return end.map(|end| end.value);
    };
    table.value("for");
    let each = u128::from(operations.div_ceil(clients?.value));
    let end = each * u128::from(think + timeout);
    if u128::from(reader::TIME_MAX) < end {
        let span = pace.map_or(table.span.clone(), |pace| pace.span.clone());
        let problem = "so many operations may take longer than 60min";
        table.errors.push(span, problem, "fewer operations, or `for`", "add `for`");
        return None;
    }
    Some(end as u64)
}

fn too_many_operations(
    table: &Table<'_>,
    pace: &Placed<Pace>,
    end: u64,
    clients: u64,
    network: &NetworkSpec,
) {
    let count = match pace.value {
        Pace::Open { rate } => operations_at(rate, end),
        Pace::Closed { operations: Some(operations), .. } => u128::from(operations),
        Pace::Closed { think, operations: None } => {
            let each = least_turn(network) + (think.from + think.to) / 2;
            u128::from(clients) * u128::from(end / each)
        }
    };
    if OPERATIONS_MAX < count {
        let problem = format!("the workload starts up to {count} operations");
        table.errors.push(
            pace.span.clone(),
            problem,
            format!("at most {OPERATIONS_MAX}"),
            "lower it, or `for`",
        );
    }
    if count == 0 {
        let problem = "the workload starts no operation";
        table.errors.push(pace.span.clone(), problem, "at least one operation", "raise it, or `for`");
    }
}

/// How many operations an open loop starts: rate times time.
pub(crate) fn operations_at(rate: u64, end: u64) -> u128 {
    u128::from(rate) * u128::from(end) / (60_000 * u128::from(SECOND))
}

/// What an operation of a closed loop takes at least: a round trip, and never so little that a plan could not hold
/// them all.
pub(crate) fn least_turn(network: &NetworkSpec) -> u64 {
    (2 * network.base.from).max(100_000)
}

/// `[expect]`
fn expect(root: &Table<'_>) -> Expect {
    let mut expect = Expect {
        linearizable: true,
        staleness_at_most: None,
        unavailable_at_most: None,
        converges_within: None,
    };
    let Some(table) = root.table("expect") else { return expect };
    expect.linearizable = table.get("linearizable", |field| field.flag()).or_value(true);
    let span = |key| table.get(key, |field| field.positive_duration()).map(|placed| placed.value);
    expect.staleness_at_most = span("staleness_at_most");
    expect.unavailable_at_most = span("unavailable_at_most");
    expect.converges_within = span("converges_within");
    table.finish();
    expect
}

/// `without`: ids of rules.
fn without(field: &Field<'_>, catalog: &Catalog) -> Option<Vec<String>> {
    let expected = "a list of rules, such as [\"raft/vote-durable\"]";
    let mut ids = Vec::new();
    for item in field.list(expected)? {
        let Some(id) = item.text("the id of a rule") else { continue };
        if catalog.rules().any(|rule| rule.id == id) {
            ids.push(id.to_string());
            continue;
        }
        let known: Vec<&str> = catalog.rules().map(|rule| rule.id).collect();
        let help = did_you_mean(id, &known, "`quorate rules` lists them");
        item.wrong::<()>(format!("there is no rule \"{id}\""), "the id of a rule", help);
    }
    Some(ids)
}

/// `[settings.PROTOCOL]`
fn settings(
    root: &Table<'_>,
    catalog: &Catalog,
    detection: u64,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    let Some(table) = root.table("settings") else { return all };
    for (name, span, field) in table.entries() {
        let names = Protocol::ALL.map(Protocol::name);
        let Some(protocol) = Protocol::parse(name) else {
            let help = did_you_mean(name, &names, "remove it");
            table.errors.push(span, format!("there is no protocol `{name}`"), one_of(&names), help);
            continue;
        };
        let header = format!("[settings.{name}]");
        let Some(of_protocol) = field.table(&header) else { continue };
        if let Some(read) = settings_of(&of_protocol, catalog.of(protocol), detection) {
            all.insert(name.to_string(), read);
        }
    }
    table.finish_entries();
    all
}

fn settings_of(table: &Table<'_>, info: &ProtocolInfo, detection: u64) -> Option<BTreeMap<String, String>> {
    let mut read = BTreeMap::new();
    let before = table.errors.count();
    let known: Vec<&str> = info.settings.iter().map(|setting| setting.name).collect();
    for (name, span, field) in table.entries() {
        let Some(setting) = info.settings.iter().find(|setting| setting.name == name) else {
            let problem = format!("{} has no setting `{name}`", info.name);
            table.errors.push(span, problem, one_of(&known), did_you_mean(name, &known, "remove it"));
            continue;
        };
        let Some(value) = field.scalar() else { continue };
        let alone = BTreeMap::from([(name.to_string(), value.clone())]);
        if let Err(problem) = checked(info, detection, alone) {
            field.wrong::<()>(problem, setting.help, format!("the default is {}", setting.default));
            continue;
        }
        read.insert(name.to_string(), value);
    }
    table.finish_entries();
    if before != table.errors.count() {
        return None;
    }
    if let Err(problem) = checked(info, detection, read.clone()) {
        table.errors.push(table.span.clone(), problem, "settings that go together", "");
        return None;
    }
    Some(read)
}

fn checked(info: &ProtocolInfo, detection: u64, settings: BTreeMap<String, String>) -> Result<(), String> {
    let knobs = Knobs { detection: Span(detection), rules: Rules::ALL, settings };
    (info.check)(&knobs).map(|_| ())
}

/// Whether every protocol can do what the file asks of all of them.
fn serves(
    root: &Table<'_>,
    catalog: &Catalog,
    scenario: &Scenario,
    protocols: &[Placed<Protocol>],
    links: Option<Placed<LinkKind>>,
) {
    for protocol in protocols {
        let info = catalog.of(protocol.value);
        if !serves_reads(info, scenario.workload.reads) {
            let mode = mode_of(scenario.workload.reads).name();
            let names: Vec<&str> = info.reads.iter().map(|mode| mode.name()).collect();
            let problem = format!("{} serves no {mode} reads", info.name);
            let expected = format!("one of {}, sequential, stale as `reads`", names.join(", "));
            let help = format!("leave {} out of `protocols`, or change `reads`", info.name);
            root.errors.push(protocol.span.clone(), problem, expected, help);
        }
        // A mutant may be run over what its protocol does not tolerate.
        let mutant = scenario.without.iter().any(|id| id.split('/').next() == Some(info.name));
        if let Some(links) = &links
            && links.value == LinkKind::Datagram
            && info.link == Link::Session
            && !mutant
        {
            let problem = format!("`links` is \"datagram\", and {} needs sessions", info.name);
            let help = format!("leave {} out of `protocols`, or use \"session\"", info.name);
            root.errors.push(links.span.clone(), problem, "\"session\"", help);
        }
    }
}

fn serves_reads(info: &ProtocolInfo, reads: ReadMode) -> bool {
    matches!(reads, ReadMode::Sequential | ReadMode::Stale) || info.reads.contains(&mode_of(reads))
}

/// The contract's name for a plan's read mode.
fn mode_of(reads: ReadMode) -> replica::ReadMode {
    match reads {
        ReadMode::Linearizable => replica::ReadMode::Linearizable,
        ReadMode::Sync => replica::ReadMode::Sync,
        ReadMode::Sequential => replica::ReadMode::Sequential,
        ReadMode::Stale => replica::ReadMode::Stale,
    }
}
