//! `[nemesis]`: which random faults, how often, how long.

use sim::plan::Between;

use super::reader::{Field, OrElse, Placed, Table, did_you_mean, one_of};
use super::{Known, MS};
use crate::scenario::{Family, FamilySpec, NemesisSpec};
use crate::units::show_time;

/// The most faults that a nemesis may be expected to draw.
const FAULTS_MAX: u128 = 1_000;
/// How long a random fault lasts if nothing else is said: about one detection, and a few.
const DURATION: Between = Between { from: 200 * MS, to: 1_500 * MS };

pub(super) fn nemesis(root: &Table<'_>, known: &Known) -> Option<NemesisSpec> {
    let table = root.table("nemesis")?;
    let from = table.get("from", |field| field.duration());
    let until = table.get("until", |field| field.duration());
    let swarm = table.get("swarm", |field| field.flag()).or_value(true);
    let allow_majority = table.get("allow_majority", |field| field.flag()).or_value(false);
    let families = table.required("families", "a table such as { crash = \"0.5/s\" }", families);
    table.finish();
    let starts = from.as_ref().map_or(0, |from| from.value);
    let until = window(&table, starts, from, until, known)?;
    let families = families?.value;
    for family in &families {
        let expected = u128::from(family.value.rate) * u128::from(until - starts) / 60_000_000_000_000;
        if FAULTS_MAX < expected {
            let problem = format!("{} faults are to be expected of this family", expected);
            let at_most = format!("at most {FAULTS_MAX}");
            table.errors.push(family.span.clone(), problem, at_most, "lower the rate");
        }
        never_fires(&table, family, known, allow_majority);
    }
    let families = families.into_iter().map(|placed| placed.value).collect();
    Some(NemesisSpec { from: starts, until, swarm, allow_majority, families })
}

/// Before when the last fault starts: `until`, or the end of the workload.
fn window(
    table: &Table<'_>,
    starts: u64,
    from: Option<Placed<u64>>,
    until: Option<Placed<u64>>,
    known: &Known,
) -> Option<u64> {
    if let (Some(until), Some(end)) = (&until, known.end)
        && end < until.value
    {
        let end = show_time(end);
        let problem =
            format!("[nemesis] goes on until {}, and operations end at {end}", show_time(until.value));
        table.errors.push(until.span.clone(), problem, format!("at most {end}"), "leave `until` out");
        return None;
    }
    let given = until.as_ref().map(|until| until.span.clone()).or(from.map(|from| from.span));
    let until = until.map(|until| until.value).or(known.end)?;
    if until <= starts {
        let (starts, until) = (show_time(starts), show_time(until));
        let problem = format!("[nemesis] ends at {until} and starts at {starts}");
        let span = given.unwrap_or(table.span.clone());
        table.errors.push(span, problem, format!("an end after {starts}"), "let it start earlier");
        return None;
    }
    Some(until)
}

/// A family that takes nodes down in a cluster of which none may be down.
fn never_fires(table: &Table<'_>, family: &Placed<FamilySpec>, known: &Known, allow_majority: bool) {
    if let Some(nodes @ 1..=2) = known.nodes
        && family.value.family.takes_down()
        && !allow_majority
    {
        let problem = format!(
            "`{}` takes a node down, and of {nodes} none may be: no minority is left to take",
            family.value.family.name()
        );
        let expected = "`allow_majority = true`, or 3 nodes";
        table.errors.push(family.span.clone(), problem, expected, "add `allow_majority = true`");
    }
}

fn families(field: &Field<'_>) -> Option<Vec<Placed<FamilySpec>>> {
    let table = field.table("`families`")?;
    let names = Family::ALL.map(Family::name);
    let mut read = Vec::new();
    for (name, span, field) in table.entries() {
        let Some(family) = Family::ALL.into_iter().find(|family| family.name() == name) else {
            let problem = format!("there is no family `{name}`");
            table.errors.push(span, problem, one_of(&names), did_you_mean(name, &names, "remove it"));
            continue;
        };
        if let Some(value) = family_spec(family, &field) {
            read.push(Placed { value, span: field.span() });
        }
    }
    table.finish_entries();
    if table.entries().is_empty() {
        return field.wrong("`families` is empty", one_of(&names), "name one, or leave [nemesis] out");
    }
    read.sort_by_key(|family: &Placed<FamilySpec>| family.value.family);
    Some(read)
}

/// `"0.5/s"`, or `{ rate = "0.5/s", for = ["200ms", "2s"] }`, or `{ every = "2s" }`.
fn family_spec(family: Family, field: &Field<'_>) -> Option<FamilySpec> {
    if field.is_text() {
        return Some(FamilySpec { family, rate: field.rate()?, duration: DURATION });
    }
    if !field.is_table() {
        return field
            .wrong_type("a rate such as \"0.5/s\", or { rate = \"0.5/s\", for = [\"200ms\", \"2s\"] }");
    }
    let table = field.table(&format!("`{}`", family.name()))?;
    let rate = table.get("rate", |field| field.rate());
    let every = table.get("every", |field| field.positive_duration());
    let duration = table.get("for", |field| field.range()).or_value(DURATION);
    let both = table.has("rate") == table.has("every");
    table.finish();
    if both {
        return field.wrong(format!("`{}` needs a rate", family.name()), "either `rate` or `every`", "");
    }
    // Thousandths of a fault a minute, rounded down but never to none.
    let rate = rate.or_value(every.map_or(1, |every| (60_000_000_000_000 / every.value).max(1)));
    Some(FamilySpec { family, rate, duration })
}
