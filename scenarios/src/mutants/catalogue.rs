//! Reads `mutants/catalogue.toml`, and refuses what it cannot mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use replica::{Knobs, Rules, Span};
use serde::Deserialize;

use super::{Mutant, Profile, profiles};
use crate::{Catalog, Protocol, Scenario, catalog};

const CATALOGUE: &str = include_str!("../../mutants/catalogue.toml");

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mutant: Vec<Entry>,
}

/// An entry as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    title: String,
    source: String,
    protocol: OneOrMore,
    #[serde(default)]
    without: Vec<String>,
    profile: String,
    #[serde(default)]
    settings: BTreeMap<String, toml::Value>,
    hard: Option<u64>,
    #[serde(default)]
    datagrams: bool,
    #[serde(default)]
    control: bool,
}

/// `"raft"`, or `["paxos", "raft"]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Every mutant and control, in the order of the file. `Err` says what is wrong with the catalogue.
pub fn mutants() -> Result<Vec<Mutant>, String> {
    read(CATALOGUE, &catalog())
}

fn read(text: &str, catalog: &Catalog) -> Result<Vec<Mutant>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut scenarios = BTreeMap::new();
    for Profile { name, text } in profiles() {
        let scenario = Scenario::parse(&format!("mutants/profiles/{name}.toml"), text)
            .map_err(|errors| errors.plain())?;
        scenarios.insert(*name, Arc::new(scenario));
    }
    let mutants: Result<Vec<Mutant>, String> =
        file.mutant.into_iter().map(|entry| checked(entry, &scenarios, catalog)).collect();
    let mutants = mutants?;
    let mut known = BTreeSet::new();
    for mutant in &mutants {
        for protocol in &mutant.protocols {
            if !known.insert((&mutant.id, protocol)) {
                return Err(format!("{}: it stands here twice for {}", mutant.id, protocol.name()));
            }
        }
    }
    let used: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.profile).collect();
    match scenarios.keys().find(|name| !used.contains(*name)) {
        None => Ok(mutants),
        Some(name) => Err(format!("nobody uses the profile {name}")),
    }
}

/// The mutant that an entry means.
fn checked(
    entry: Entry,
    scenarios: &BTreeMap<&'static str, Arc<Scenario>>,
    catalog: &Catalog,
) -> Result<Mutant, String> {
    let Entry { id, title, source, protocol, without, profile, settings, hard, datagrams, control } = entry;
    let wrong = |what: String| Err(format!("{id}: {what}"));
    let names = match protocol {
        OneOrMore::One(name) => vec![name],
        OneOrMore::More(names) => names,
    };
    let Some((&profile, scenario)) = scenarios.get_key_value(profile.as_str()) else {
        return wrong(format!("there is no profile {profile}"));
    };
    let settings: BTreeMap<String, String> =
        settings.into_iter().map(|(name, value)| (name, value.to_string().replace('"', ""))).collect();
    let mut protocols = Vec::new();
    for name in names {
        let Some(protocol) = Protocol::parse(&name) else {
            return wrong(format!("there is no protocol {name}"));
        };
        if !scenario.protocols.contains(&protocol) {
            return wrong(format!("its profile is not for {name}"));
        }
        let mut all = scenario.settings.get(&name).cloned().unwrap_or_default();
        all.extend(settings.clone());
        let knobs = Knobs { detection: Span(scenario.detection), rules: Rules::ALL, settings: all };
        if let Err(problem) = (catalog.of(protocol).check)(&knobs) {
            return wrong(problem);
        }
        protocols.push(protocol);
    }
    for rule in &without {
        let owner = rule.split('/').next().unwrap_or_default();
        let theirs = Protocol::parse(owner).is_none_or(|owner| protocols == [owner]);
        if !theirs || catalog.rules().all(|known| known.id != rule) {
            return wrong(format!("there is no rule {rule} to leave out"));
        }
    }
    if protocols.is_empty() || title.is_empty() || source.is_empty() || !scenario.without.is_empty() {
        return wrong("it needs a protocol, a title, a source, and a profile with every rule in".into());
    }
    if without.is_empty() && !control {
        return wrong("a mutant leaves out a rule".into());
    }
    let scenario = Arc::clone(scenario);
    Ok(Mutant {
        id,
        title,
        source,
        protocols,
        without,
        profile,
        settings,
        hard,
        datagrams,
        control,
        scenario,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = r#"
        [[mutant]]
        id = "R-01"
        title = "Figure 8"
        source = "paper 5.4.2"
        protocol = "raft"
        without = ["raft/5.4.2"]
        profile = "figure-8"
    "#;

    fn error(text: &str) -> String {
        read(text, &catalog()).expect_err("it is wrong")
    }

    #[test]
    fn the_catalogue_is_right() {
        if let Err(problem) = mutants() {
            panic!("{problem}");
        }
    }

    #[test]
    fn what_an_entry_cannot_mean_is_refused() {
        assert!(error(&ENTRY.repeat(2)).contains("twice"));
        assert!(error(&ENTRY.replace("raft/5.4.2", "raft/5.4.3")).contains("no rule"));
        assert!(error(&ENTRY.replace("\"raft\"", "[\"raft\", \"zab\"]")).contains("no rule"));
        assert!(error(&ENTRY.replace("\"raft\"", "\"viewstamped\"")).contains("no protocol"));
        assert!(error(&ENTRY.replace("figure-8", "figure-9")).contains("no profile"));
        assert!(error(&ENTRY.replace("without", "witout")).contains("unknown field"));
        assert!(error(&format!("{ENTRY}\nsettings = {{ append_max = 0 }}")).contains("append_max"));
        assert!(error(&ENTRY.replace("[\"raft/5.4.2\"]", "[]")).contains("leaves out a rule"));
    }
}
