//! The catalogue of mutants: protocols with a rule left out, each under a scenario that makes the rule matter; and the
//! controls, runs that look wrong and are legal.
//!
//! `mutants/catalogue.toml` lists them, `mutants/profiles/` holds their scenarios, and [`hunt`] runs one over seeds. All
//! of it is embedded, for use outside of a clone.

mod catalogue;
mod hunt;
mod profiles;

use std::collections::BTreeMap;
use std::sync::Arc;

use sim::plan::{LinkKind, Plan};

use crate::{Protocol, Scenario};

pub use catalogue::mutants;
pub use hunt::{Budget, Hunted, JudgeTally, Seen, Sighting, Until, hunt};
pub use profiles::{Profile, profiles};

/// A mutant, or a control.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its name: a letter for whom it breaks and a number. Mutants of several protocols may share one.
    pub id: String,
    /// What is wrong with it, in a sentence; of a control, what looks wrong.
    pub title: String,
    /// Where the bug was seen, or the rule is written.
    pub source: String,
    /// The protocols that it is run under. Never empty.
    pub protocols: Vec<Protocol>,
    /// Ids of the rules left out. Of a mutant never empty.
    pub without: Vec<String>,
    /// The name of its profile.
    pub profile: &'static str,
    /// Settings that it makes beside those of its profile, for each of its protocols.
    pub settings: BTreeMap<String, String>,
    /// For one that is hard to find: how many seeds it takes.
    pub hard: Option<u64>,
    /// Whether it runs over datagrams instead of sessions: that is what its rule is about.
    pub datagrams: bool,
    /// Whether judges must keep silent.
    pub control: bool,
    /// What its profile says.
    scenario: Arc<Scenario>,
}

impl Mutant {
    /// The plan of a seed, with every rule in; of a control, without what it leaves out.
    pub fn legal(&self, protocol: Protocol, seed: u64) -> Plan {
        let mut plan = self.scenario.plan(seed);
        let settings = plan.settings.entry(protocol.name().to_owned()).or_default();
        settings.extend(self.settings.clone());
        if self.control {
            plan.without = self.without.clone();
        }
        plan
    }

    /// The same plan with its rules left out.
    pub fn broken(&self, legal: &Plan) -> Plan {
        let links = if self.datagrams { LinkKind::Datagram } else { legal.links };
        Plan { without: self.without.clone(), links, ..legal.clone() }
    }
}
