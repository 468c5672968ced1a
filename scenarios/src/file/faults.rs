//! `[[fault]]`: when, what, whom, for how long.

use sim::plan::{ClockFault, CrashKind, Fault, FaultKind, LinkKind, Who};

use super::reader::{Field, OrElse, Placed, Table, did_you_mean, one_of};
use super::{DRIFT_PPM_MAX, Known};
use crate::protocols::Catalog;
use crate::scenario::FaultSpec;
use crate::units::show_time;

/// The keys of which a fault has exactly one.
const KINDS: [&str; 8] = ["crash", "pause", "partition", "cut", "weather", "clock", "hand_over", "disk"];

/// Every fault, in order of time; those that are wrong are reported and left out.
pub(super) fn faults(root: &Table<'_>, known: &Known, catalog: &Catalog) -> Vec<FaultSpec> {
    let expected = "a list of tables, each begun by [[fault]]";
    let Some(items) = root.get("fault", |field| field.list(expected)) else { return Vec::new() };
    let mut faults: Vec<FaultSpec> = items
        .value
        .iter()
        .filter_map(|item| {
            let table = item.table("[[fault]]")?;
            let fault = fault(&table, known, catalog);
            table.finish();
            fault
        })
        .collect();
    faults.sort_by_key(|fault| fault.fault.at);
    faults
}

fn fault(table: &Table<'_>, known: &Known, catalog: &Catalog) -> Option<FaultSpec> {
    let at = table.required("at", "when it starts, such as \"3s\"", |field| field.duration());
    if let (Some(at), Some(end)) = (&at, known.end)
        && end <= at.value
    {
        let (starts, end) = (show_time(at.value), show_time(end));
        let problem = format!("the fault starts at {starts}, and the run's operations end at {end}");
        let help = "let it start earlier, or lengthen `for` of [workload]";
        table.errors.push(at.span.clone(), problem, format!("a time before {end}"), help);
    }
    let given: Vec<&str> = KINDS.into_iter().filter(|key| table.has(key)).collect();
    let [kind] = given.as_slice() else {
        // So that no key of any kind is called unknown on top of this.
        table.know(&KINDS);
        table.know(&PARTS);
        let problem = match given.as_slice() {
            [] => "[[fault]] does not say what happens".to_string(),
            many => format!("[[fault]] has {}", many.join(" and ")),
        };
        let expected = format!("exactly {}", one_of(&KINDS));
        table.errors.push(table.span.clone(), problem, expected, "write one [[fault]] for each");
        return None;
    };
    let reader = Reader { table, at: at.as_ref().map(|at| at.value), known, catalog };
    let mut either_way = false;
    let what = match *kind {
        "crash" => reader.crash(),
        "pause" => reader.pause(),
        "partition" => reader.partition(),
        "cut" => reader.cut(),
        "weather" => reader.weather(),
        "clock" => reader.clock(&mut either_way),
        "hand_over" => reader.hand_over(),
        _ => reader.disk(),
    };
    Some(FaultSpec { fault: Fault { at: at?.value, what: what?, explicit: true }, either_way })
}

/// What stands beside the kind.
const PARTS: [&str; 15] = [
    "kind",
    "restart_after",
    "restart_at",
    "heal_after",
    "heal_at",
    "for",
    "until",
    "jump",
    "drift_ppm",
    "freeze",
    "sync",
    "by",
    "to",
    "fails",
    "rot",
];

/// A fault that is being read.
struct Reader<'t, 'a> {
    table: &'t Table<'a>,
    at: Option<u64>,
    known: &'t Known,
    catalog: &'t Catalog,
}

/// Who may be named where.
#[derive(Clone, Copy)]
struct Names {
    clients: bool,
    rest: bool,
    nodes: Option<u8>,
}

impl<'a> Reader<'_, 'a> {
    /// A time span given as a length (`heal_after`) or as an end (`heal_at`).
    fn span(&self, after: &'static str, at: &'static str) -> Option<Placed<u64>> {
        let length = self.table.get(after, |field| field.duration());
        let end = self.table.get(at, |field| field.duration());
        if let (Some(_), Some(end)) = (&length, &end) {
            let problem = format!("[[fault]] has both `{after}` and `{at}`");
            self.table.errors.push(end.span.clone(), problem, format!("`{after}` or `{at}`"), "remove one");
            return None;
        }
        if let Some(length) = length {
            if length.value == 0 {
                let problem = format!("`{after}` is 0: the fault ends when it begins");
                self.table.errors.push(length.span, problem, "more than zero", "lengthen it");
                return None;
            }
            return Some(length);
        }
        let (end, start) = (end?, self.at?);
        if end.value <= start {
            let (ends, starts) = (show_time(end.value), show_time(start));
            let problem = format!("`{at}` is {ends}, and the fault starts at {starts}");
            self.table.errors.push(end.span, problem, format!("a time after {starts}"), "let it end later");
            return None;
        }
        Some(Placed { value: end.value - start, span: end.span })
    }

    /// Like `span`, for a fault that must end.
    fn required_span(&self, after: &'static str, at: &'static str) -> Option<u64> {
        if !self.table.has(after) && !self.table.has(at) {
            let problem = format!("[[fault]] has no `{after}`");
            let expected = format!("`{after}`, such as \"2s\", or `{at}`");
            self.table.errors.push(self.table.span.clone(), problem, expected, format!("add `{after} = ..`"));
        }
        self.span(after, at).map(|placed| placed.value)
    }

    fn names(&self, clients: bool, rest: bool) -> Names {
        Names { clients, rest, nodes: self.known.nodes }
    }

    /// Whom a fault of nodes strikes.
    fn who(&self, key: &'static str) -> Option<Vec<Who>> {
        let names = self.names(false, false);
        self.table.get(key, |field| who_list(field, names, &mut Vec::new())).map(|placed| placed.value)
    }

    fn crash(&self) -> Option<FaultKind> {
        let who = self.who("crash");
        let kinds = [("process", CrashKind::Process), ("power", CrashKind::Power), ("wipe", CrashKind::Wipe)];
        let kind = self.table.get("kind", |field| field.word(&kinds));
        let right = kind.is_some() || !self.table.has("kind");
        let before = self.table.errors.count();
        let restart_after = self.span("restart_after", "restart_at").map(|placed| placed.value);
        let right = right && before == self.table.errors.count();
        let who = who?;
        right.then_some(FaultKind::Crash { who, kind: kind.or_value(CrashKind::Process), restart_after })
    }

    fn pause(&self) -> Option<FaultKind> {
        let (who, duration) = (self.who("pause"), self.required_span("for", "until"));
        Some(FaultKind::Pause { who: who?, duration: duration? })
    }

    fn partition(&self) -> Option<FaultKind> {
        let duration = self.required_span("heal_after", "heal_at");
        let names = self.names(true, true);
        let groups = self.table.get("partition", |field| groups(field, names));
        Some(FaultKind::Partition { groups: groups?.value, duration: duration? })
    }

    fn cut(&self) -> Option<FaultKind> {
        let duration = self.required_span("heal_after", "heal_at");
        let table = self.table.table("cut")?;
        let names = self.names(true, true);
        let (mut seen_from, mut seen_to) = (Vec::new(), Vec::new());
        let expected = "whom, such as \"leader\" or [\"n0\", \"n1\"]";
        let from = table.required("from", expected, |field| who_list(field, names, &mut seen_from));
        let to = table.required("to", expected, |field| who_list(field, names, &mut seen_to));
        let both_ways = table.get("both_ways", |field| field.flag()).or_value(false);
        let is_sieve = table.has("kinds") || table.has("entries");
        let kinds = table.get("kinds", |field| self.kinds(field));
        let entries = table.get("entries", |field| field.flag()).or_value(false);
        let right =
            (kinds.is_some() || !table.has("kinds")) && (!is_sieve || self.can_sieve(&table, both_ways));
        table.finish();
        let (from, to) = (from?.value, to?.value);
        if is_sieve {
            let (kinds, duration) = (kinds.or_value(Vec::new()), duration?);
            return right.then_some(FaultKind::Sieve { from, to, kinds, entries, duration });
        }
        Some(FaultKind::Cut { from, to, both_ways, duration: duration? })
    }

    /// Kinds of messages: each must be one of some protocol of the file.
    fn kinds(&self, field: &Field<'_>) -> Option<Vec<String>> {
        let infos = self.known.protocols.iter().map(|&protocol| self.catalog.of(protocol));
        let known: Vec<&str> = infos.flat_map(|info| info.kinds.iter().copied()).collect();
        let kind = |item: &Field<'_>| {
            let name = item.text(&one_of(&known))?;
            if known.contains(&name) {
                return Some(name.to_owned());
            }
            let problem = format!("no protocol of the file has a message \"{name}\"");
            item.wrong(problem, one_of(&known), did_you_mean(name, &known, ""))
        };
        let read: Vec<Option<String>> = field.list(&one_of(&known))?.iter().map(kind).collect();
        read.into_iter().collect()
    }

    /// Whether messages can be lost by kind: sessions lose nothing, and nobody has asked for both ways yet.
    fn can_sieve(&self, table: &Table<'_>, both_ways: bool) -> bool {
        let is_session = self.known.links == LinkKind::Session;
        if is_session {
            let problem = "`cut` takes some messages only, and sessions lose none while they are up";
            table.errors.push(table.span.clone(), problem, "`links = \"datagram\"` in [network]", "");
        }
        if both_ways {
            let problem = "`cut` takes some messages only, and both ways";
            table.errors.push(table.span.clone(), problem, "one way", "write one [[fault]] for each");
        }
        !is_session && !both_ways
    }

    fn weather(&self) -> Option<FaultKind> {
        let duration = self.required_span("for", "until");
        let table = self.table.table("weather")?;
        let names = self.names(false, true);
        let side = |key| table.get(key, |field| who_list(field, names, &mut Vec::new())).or_value(Vec::new());
        let (from, to) = (side("from"), side("to"));
        let ppm = |key| table.get(key, |field| field.probability()).map(|placed| placed.value);
        let (loss, duplicate, reorder) = (ppm("loss"), ppm("duplicate"), ppm("reorder"));
        let delay = table.get("delay", |field| field.duration()).or_value(0);
        let given = ["loss", "duplicate", "reorder", "delay"].iter().any(|key| table.has(key));
        if !given {
            let expected = "at least one of `loss`, `duplicate`, `reorder`, `delay`";
            table.errors.push(table.span.clone(), "`weather` changes nothing", expected, "add one");
        }
        table.finish();
        Some(FaultKind::Weather { from, to, loss, duplicate, reorder, delay, duration: duration? })
    }

    fn clock(&self, either_way: &mut bool) -> Option<FaultKind> {
        let who = self.who("clock");
        let table = self.table;
        let jump = table.get("jump", |field| field.signed_duration());
        let drift = table.get("drift_ppm", |field| field.ppb(-DRIFT_PPM_MAX, DRIFT_PPM_MAX));
        let freeze = table.get("freeze", |field| field.positive_duration());
        let given: Vec<&str> =
            ["jump", "drift_ppm", "freeze"].into_iter().filter(|key| table.has(key)).collect();
        let how = match given.as_slice() {
            ["jump"] => {
                let (sign, nanos) = jump?.value;
                *either_way = sign == '±';
                let by = if sign == '-' { -(nanos as i64) } else { nanos as i64 };
                Some(ClockFault::Jump { by })
            }
            ["drift_ppm"] => {
                let duration = self.required_span("for", "until");
                Some(ClockFault::Drift { ppb: drift?.value, duration: duration? })
            }
            ["freeze"] => Some(ClockFault::Freeze { duration: freeze?.value }),
            _ => {
                table.know(&["for", "until"]);
                let expected = "exactly one of `jump`, `drift_ppm` with `for`, `freeze`";
                let problem = "`clock` does not say how it misbehaves";
                table.errors.push(table.span.clone(), problem, expected, "write one [[fault]] for each");
                None
            }
        };
        Some(FaultKind::Clock { who: who?, how: how? })
    }

    fn hand_over(&self) -> Option<FaultKind> {
        let who = self.who("hand_over");
        let names = self.names(false, false);
        let to = self.table.get("to", |field| one_node(field, names));
        let right = to.is_some() || !self.table.has("to");
        let who = who?;
        right.then_some(FaultKind::HandOver { who, to: to.map(|to| to.value) })
    }

    fn disk(&self) -> Option<FaultKind> {
        let who = self.who("disk");
        let table = self.table;
        let given = |field: &Field<'_>| match field.flag()? {
            true => Some(()),
            false => field.wrong(format!("`{}` is false", field.name), "true", "leave it out"),
        };
        let (fails, rot) = (table.get("fails", given), table.get("rot", given));
        match ["sync", "fails", "rot"].into_iter().filter(|key| table.has(key)).collect::<Vec<_>>().as_slice()
        {
            ["rot"] => rot.and(Some(FaultKind::Rot { who: who? })),
            ["fails"] => {
                let duration = self.required_span("for", "until");
                fails.and(Some(FaultKind::FailDisk { who: who?, duration: duration? }))
            }
            ["sync"] => {
                let duration = self.required_span("for", "until");
                let sync = table.get("sync", super::sync);
                Some(FaultKind::SlowDisk { who: who?, sync: sync?.value, duration: duration? })
            }
            _ => {
                table.know(&["for", "until", "sync"]);
                let expected = "exactly one of `sync` with `for`, `fails = true` with `for`, `rot = true`";
                let problem = "`disk` does not say what is wrong with it";
                table.errors.push(table.span.clone(), problem, expected, "write one [[fault]] for each");
                None
            }
        }
    }
}

/// `[["leader"], ["rest", "clients"]]`
fn groups(field: &Field<'_>, names: Names) -> Option<Vec<Vec<Who>>> {
    let expected = "a list of groups, such as [[\"leader\"], [\"rest\", \"clients\"]]";
    let items = field.list(expected)?;
    if items.len() < 2 {
        let problem = format!("`partition` has {} group", items.len());
        return field.wrong(problem, expected, "name at least two: who is in none hears everyone");
    }
    let mut seen = Vec::new();
    let groups: Vec<Option<Vec<Who>>> = items.iter().map(|item| who_list(item, names, &mut seen)).collect();
    groups.into_iter().collect()
}

/// One name or a list of them. `seen` gathers them, so that none comes twice.
fn who_list(field: &Field<'_>, names: Names, seen: &mut Vec<Who>) -> Option<Vec<Who>> {
    if !field.is_list() {
        return who(field, names, seen).map(|who| vec![who]);
    }
    let items = field.list("a list of names")?;
    if items.is_empty() {
        return field.wrong(format!("`{}` names nobody", field.name), expected_who(names), "name somebody");
    }
    let read: Vec<Option<Who>> = items.iter().map(|item| who(item, names, seen)).collect();
    read.into_iter().collect()
}

/// A name that means one node.
fn one_node(field: &Field<'_>, names: Names) -> Option<Who> {
    match who(field, names, &mut Vec::new())? {
        Who::All => field.wrong("\"all\" are many", "one node, such as \"follower\" or \"n1\"", "name one"),
        one => Some(one),
    }
}

fn expected_who(names: Names) -> String {
    let last = names.nodes.map_or("n63".to_string(), |nodes| format!("n{}", nodes - 1));
    let mut expected =
        format!("\"leader\", \"follower\", \"follower-2\", \"all\", or a node from \"n0\" to \"{last}\"");
    if names.rest {
        expected.push_str(", or \"rest\"");
    }
    if names.clients {
        expected.push_str(", or \"clients\"");
    }
    expected
}

fn who(field: &Field<'_>, names: Names, seen: &mut Vec<Who>) -> Option<Who> {
    let text = field.text(&expected_who(names))?;
    let who = name_of(text, field, names)?;
    if seen.contains(&who) {
        return field.wrong(format!("\"{text}\" is named twice"), "every name once", "remove it here");
    }
    seen.push(who);
    Some(who)
}

fn name_of(text: &str, field: &Field<'_>, names: Names) -> Option<Who> {
    let numbered = |prefix: &str| text.strip_prefix(prefix).and_then(|number| number.parse::<u8>().ok());
    if let Some(node) = numbered("n") {
        return match names.nodes {
            Some(nodes) if nodes <= node => {
                let problem = format!("there is no node \"{text}\": the cluster has {nodes}");
                field.wrong(problem, expected_who(names), "nodes are counted from n0")
            }
            _ => Some(Who::Node(node)),
        };
    }
    if let Some(nth) = numbered("follower-") {
        return match names.nodes {
            Some(nodes) if nth == 0 || nodes <= nth => {
                let problem = format!("there is no \"{text}\": the cluster has {} followers", nodes - 1);
                field.wrong(problem, expected_who(names), "followers are counted from follower-1")
            }
            _ => Some(Who::Follower(nth.saturating_sub(1))),
        };
    }
    match text {
        "leader" => Some(Who::Leader),
        "follower" if names.nodes == Some(1) => {
            field.wrong("a cluster of one node has no follower", "\"leader\", \"all\" or \"n0\"", "")
        }
        "follower" => Some(Who::Follower(0)),
        "all" => Some(Who::All),
        "rest" if names.rest => Some(Who::Rest),
        "clients" if names.clients => Some(Who::Clients),
        "rest" => field.wrong("\"rest\" is the rest of nothing here", expected_who(names), "write \"all\""),
        "clients" => {
            let help = "clients can be parted and cut off, nothing else";
            field.wrong("\"clients\" are no nodes", expected_who(names), help)
        }
        _ => {
            let known = ["leader", "follower", "all", "rest", "clients"];
            let help = did_you_mean(text, &known, "roles are leader, follower, all, rest, clients");
            field.wrong(format!("there is nobody called \"{text}\""), expected_who(names), help)
        }
    }
}
