//! The list of scenarios, for people.

use super::table;

/// A scenario in the list.
pub(crate) struct Entry {
    /// Its file.
    pub(crate) path: String,
    /// Its title.
    pub(crate) title: String,
    /// What it teaches, in a sentence.
    pub(crate) teaches: String,
    /// How many nodes.
    pub(crate) nodes: u64,
    /// Its protocols' names.
    pub(crate) protocols: Vec<String>,
}

/// A table of scenarios.
pub(crate) fn human(entries: Vec<Entry>) -> String {
    let row = |entry: Entry| {
        vec![entry.path, entry.title, entry.teaches, entry.nodes.to_string(), entry.protocols.join(" ")]
    };
    table::listing(
        &["path", "title", "teaches", "nodes", "protocols"],
        entries.into_iter().map(row).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_title_wraps_and_the_table_stays_readable() {
        let text = human(vec![Entry {
            path: "scenarios/leader-crash.toml".into(),
            title: "The leader loses power in the middle of the work, and the next one is cut off".into(),
            teaches: "What was acknowledged survives the power; what was not may or may not.".into(),
            nodes: 5,
            protocols: vec!["paxos".into(), "zab".into(), "raft".into()],
        }]);
        assert!(text.lines().all(|line| line.len() <= 120), "{text}");
        insta::with_settings!({snapshot_path => "../../tests/snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!("scenarios_list", text);
        });
    }
}
