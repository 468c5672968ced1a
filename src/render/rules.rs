//! The rules that a run may leave out and the settings that a scenario may make, for people.

use replica::{RuleText, Setting};

use super::table;

/// A table of rules.
pub(crate) fn human<'a>(rules: impl IntoIterator<Item = &'a RuleText>) -> String {
    let row = |rule: &RuleText| [rule.id, rule.sentence, rule.source].map(str::to_string).to_vec();
    table::listing(&["rule", "what must hold", "source"], rules.into_iter().map(row).collect())
}

/// A table of settings, by protocol.
pub(crate) fn settings(settings: &[(&str, &[Setting])]) -> String {
    let row = |protocol: &str, setting: &Setting| {
        vec![format!("{protocol} {}", setting.name), setting.default.to_string(), setting.help.to_string()]
    };
    let of = |(protocol, settings): &(&str, &[Setting])| -> Vec<Vec<String>> {
        settings.iter().map(|setting| row(protocol, setting)).collect()
    };
    table::listing(&["setting", "default", "what it does"], settings.iter().flat_map(of).collect())
}
