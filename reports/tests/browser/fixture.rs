//! Pages of runs that are made on the spot: the tests need no command and no files but scenarios.

use std::fmt::Write;

use reports::figure::Figure;
use reports::page::{Page, Story, page};
use scenarios::{Scenario, catalog, run};
use sim::run::RunOptions;
use sim::trace::{TRACE_VERSION, TraceHeader};

/// What a page is made from.
pub(crate) struct Source {
    /// How the scenario's file is called.
    pub(crate) file: String,
    /// Its text.
    pub(crate) text: String,
    /// The seed.
    pub(crate) seed: u64,
    /// Rules left out.
    pub(crate) without: Vec<String>,
}

impl Source {
    /// Runs the scenario under each of its protocols.
    pub(crate) fn stories(&self) -> Vec<Story> {
        let scenario = Scenario::parse(&self.file, &self.text).expect("it is a scenario");
        let mut plan = scenario.plan(self.seed);
        plan.without = self.without.clone();
        let options = RunOptions { tracing: true, measuring: true, ..RunOptions::default() };
        let story = |&protocol: &scenarios::Protocol| {
            let run = run(protocol, &plan, &options).expect("every protocol can run it");
            let header = TraceHeader {
                quorate_trace: TRACE_VERSION,
                title: scenario.title.clone(),
                protocol: protocol.name().to_owned(),
                nodes: plan.nodes,
                seed: self.seed,
                without: run.outcome.without.clone(),
            };
            let (outcome, measures, history) = (run.outcome, run.measures, run.history);
            let reproduce =
                format!("quorate run {} --protocol {} --seed {}", self.file, protocol.name(), self.seed);
            Story { header, events: run.trace, outcome, measures, history, reproduce }
        };
        scenario.protocols.iter().map(story).collect()
    }

    /// The page of these runs.
    pub(crate) fn page(&self, stories: &[Story], figures: &[Figure]) -> String {
        let scenario = Scenario::parse(&self.file, &self.text).expect("it is a scenario");
        let mut verdict = String::new();
        for story in stories {
            if let Some(judge) = story.outcome.first_violation() {
                let _ = write!(verdict, "{}: {}. ", story.header.protocol, judge.detail);
            }
        }
        let state = if verdict.is_empty() { "ok" } else { "violated" };
        if verdict.is_empty() {
            verdict = "Every judge was content with every protocol.".to_owned();
        }
        let text = |text: &str| text.to_owned();
        let rules: Vec<_> =
            catalog().rules().map(|rule| (text(rule.id), text(rule.sentence), text(rule.source))).collect();
        let clocks = scenario.plan(self.seed).clocks;
        let drawn: Vec<_> = clocks
            .iter()
            .enumerate()
            .map(|(node, clock)| (format!("clock of n{node}"), format!("{clock:?}")))
            .collect();
        page(&Page {
            title: &scenario.title,
            teaches: &scenario.teaches,
            verdict: verdict.trim(),
            state,
            reproduce: &format!("quorate compare {} --seeds {}", self.file, self.seed),
            summary: &[],
            figures,
            stories,
            rules: &rules,
            scenario: &self.text,
            drawn: &drawn,
        })
    }
}
