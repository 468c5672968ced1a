//! `quorate compare`: the protocols under the same plans, as figures, numbers and one offline page.
//!
//! Files in reading order: `work` (runs, folded in order of seeds), `knobs` (runs against loss, load, size and
//! connectivity), `told` (the verdict and what the seed drew, in words), `files` (what is written, and how).

mod files;
mod knobs;
mod told;
mod work;

use std::path::PathBuf;

use clap::Args;
use reports::compare::{Comparison, connectivity, sweeps, verdicts};
use reports::figure::Figure;
use reports::page;
use sim::trace::{TRACE_VERSION, TraceHeader};

use crate::engine::{self, Protocol, RunOptions};
use crate::exit::{self, Exit, Failure};
use crate::render::{Rerun, units};
use crate::seeds::Seeds;
use crate::terminal::Terminal;
use crate::{bug, select};

use work::{Subject, Work};

/// The most jobs: beyond it, threads only wait for each other.
const JOBS_MAX: u64 = 1_024;

/// Compares the protocols under the same plans: plots, numbers and one offline page
///
/// Example: quorate compare scenarios/leader-crash.toml --seeds 0..200 --out report
#[derive(Args)]
#[command(after_help = exit::CODES)]
pub(crate) struct Arguments {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The seeds: A..B without B, or A..=B with it
    #[arg(long, value_name = "A..B")]
    seeds: Seeds,
    /// The folder that the report is written to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write into a folder that holds something else than a report
    #[arg(long)]
    force: bool,
    /// How many runs at once; by default one a core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=JOBS_MAX))]
    jobs: Option<u64>,
    /// Only these of the files' protocols
    #[arg(long, value_name = "P", value_delimiter = ',', value_parser = engine::protocol)]
    protocol: Vec<Protocol>,
    /// Leave out this rule: see `quorate rules`
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    without: Vec<String>,
    /// Set a key of every file, lists by number: network.loss=0.1, fault.0.at=3s
    #[arg(long, value_name = "KEY=VALUE", value_parser = select::key_and_value)]
    set: Vec<(String, String)>,
}

/// Compares.
pub(crate) fn execute(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    select::known_rules(&arguments.without)?;
    files::check(&arguments.out, arguments.force)?;
    let work = Work::new(arguments, terminal)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.jobs.unwrap_or(0) as usize)
        .build()
        .map_err(|error| Failure::usage(format!("the jobs cannot be started: {error}")))?;
    let report = pool.install(|| report(&work, terminal))?;
    files::write(&arguments.out, &report)?;
    terminal.emit(&report.said(&arguments.out))?;
    Ok(report.exit)
}

/// Everything that is written.
struct Report {
    exit: Exit,
    verdict: String,
    /// Sentences, a scenario after another.
    summary: Vec<String>,
    /// The same as data.
    document: serde_json::Value,
    figures: Vec<Figure>,
    page: String,
}

impl Report {
    /// What stdout is told.
    fn said(&self, out: &std::path::Path) -> String {
        let page = out.join(files::PAGE);
        format!(
            "{}\nThe report is {}; {} figures are beside it.\n",
            self.text(),
            page.display(),
            self.figures.len()
        )
    }

    /// The verdict and the summary.
    fn text(&self) -> String {
        let lines = self.summary.iter().map(|line| format!("  {line}\n"));
        format!("{}\n\n{}", self.verdict, lines.collect::<String>())
    }
}

/// Runs everything and draws it.
fn report(work: &Work, terminal: &Terminal) -> Result<Report, Failure> {
    let files = units::of(work.subjects.len() as u64, "scenario", "scenarios");
    terminal.note(&format!("{files}, {}", units::of(work.seeds.count, "seed", "seeds")));
    let mut comparisons = Vec::new();
    for subject in &work.subjects {
        comparisons.push(work.compare(subject)?);
    }
    let mut figures: Vec<Figure> = comparisons.iter().flat_map(Comparison::figures).collect();
    figures.push(verdicts::heat_map(&comparisons, |place, protocol, seed| {
        work.subjects[place].rerun.line(protocol, seed)
    }));
    terminal.note("loss, load, cluster size, partial connectivity");
    let first = &work.subjects[0];
    let knobs = knobs::Knobs::new(work, first);
    figures.push(sweeps::goodput_against_loss(&knobs.loss()?));
    figures.push(sweeps::latency_against_load(&knobs.load()?));
    figures.push(sweeps::throughput_against_size(&knobs.size()?));
    let (tried, nothing) = knobs.connectivity()?;
    figures.push(connectivity::matrix(&tried, &knobs.connectivity_differs(), &nothing));
    let mut verdict = told::verdict(&comparisons);
    for (subject, comparison) in work.subjects.iter().zip(&comparisons) {
        for (protocol, fault) in comparison.untouched() {
            let file = &subject.scenario.file;
            terminal.error(&format!("{file}: {protocol}: the fault '{fault}' touched nothing in any run"));
            verdict.exit = verdict.exit.worse(Exit::Usage);
        }
    }
    let mut summary = Vec::new();
    let mut scenarios = Vec::new();
    for (subject, comparison) in work.subjects.iter().zip(&comparisons) {
        let findings = comparison.findings();
        let prefix =
            if work.subjects.len() == 1 { String::new() } else { format!("{}: ", subject.scenario.file) };
        let headline = comparison.headline(&findings);
        summary.extend(comparison.left_out().iter().map(|sentence| format!("{prefix}{sentence}.")));
        summary.extend(headline.iter().map(|headline| format!("{prefix}{headline}.")));
        summary.extend(findings.iter().map(|finding| format!("{prefix}{}.", finding.sentence)));
        scenarios.push(serde_json::json!({
            "file": subject.scenario.file,
            "title": subject.scenario.title(),
            "headline": headline,
            "findings": findings,
        }));
    }
    let (subject, seed) = told::story(work, &comparisons);
    let stories = stories(subject, seed, work)?;
    let plan = subject.scenario.plan(seed, &work.without);
    let rules = engine::rules();
    let rules = rules.iter().flat_map(|(_, rules)| rules.iter());
    let rules: Vec<(String, String, String)> =
        rules.map(|rule| (rule.id.into(), rule.sentence.into(), rule.source.into())).collect();
    let page = page::page(&page::Page {
        title: subject.scenario.title(),
        teaches: subject.scenario.teaches(),
        verdict: &verdict.sentence,
        state: verdict.state,
        reproduce: &work.line(),
        summary: &summary,
        figures: &figures,
        stories: &stories,
        rules: &rules,
        scenario: &std::fs::read_to_string(&subject.path).unwrap_or_default(),
        drawn: &told::drawn(&plan),
    });
    let document = serde_json::json!({
        "verdict": verdict.sentence,
        "state": verdict.state,
        "seeds": { "from": work.seeds.from, "count": work.seeds.count },
        "reproduce": work.line(),
        "scenarios": scenarios,
        "figures": figures.iter().map(|figure| figure.id.as_str()).collect::<Vec<_>>(),
    });
    Ok(Report { exit: verdict.exit, verdict: verdict.sentence, summary, document, figures, page })
}

/// The runs to walk through: one plan under every protocol, with everything recorded.
fn stories(subject: &Subject, seed: u64, work: &Work) -> Result<Vec<page::Story>, Failure> {
    let plan = subject.scenario.plan(seed, &work.without);
    let options = RunOptions { tracing: true, measuring: true, ..RunOptions::default() };
    let story = |protocol: &Protocol| {
        let reproduce = subject.rerun.line(protocol.name(), seed);
        let run = work::run(*protocol, &plan, &options, &subject.rerun)?;
        let header = TraceHeader {
            quorate_trace: TRACE_VERSION,
            title: plan.title.clone(),
            protocol: protocol.name().to_owned(),
            nodes: plan.nodes,
            seed,
            without: plan.without.clone(),
        };
        Ok(page::Story {
            header,
            events: run.trace,
            outcome: run.outcome,
            measures: run.measures,
            history: run.history,
            reproduce,
        })
    };
    subject.protocols.iter().map(story).collect()
}

/// A failure that is Quorate's own.
fn bug(said: &str, rerun: &Rerun, protocol: Protocol, seed: u64) -> Failure {
    Failure { exit: Exit::Bug, message: bug::report(said, &rerun.line(protocol.name(), seed)) }
}
