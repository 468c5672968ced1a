//! The rules that a run may leave out, for people.

use replica::RuleText;

use super::table;

/// A table of rules.
pub(crate) fn human<'a>(rules: impl IntoIterator<Item = &'a RuleText>) -> String {
    let row = |rule: &RuleText| [rule.id, rule.sentence, rule.source].map(str::to_string).to_vec();
    table::listing(&["rule", "what must hold", "source"], rules.into_iter().map(row).collect())
}
