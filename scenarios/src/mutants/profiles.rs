//! The profiles: scenarios that make rules matter, embedded. Each tells its story at its top.

/// A profile of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name: that of its file, without the ending.
    pub name: &'static str,
    /// Its text, a scenario file.
    pub text: &'static str,
}

/// Every profile, in order of name.
pub const fn profiles() -> &'static [Profile] {
    PROFILES
}

macro_rules! profiles {
    ($($name:literal,)*) => {
        &[$(Profile { name: $name, text: include_str!(concat!("../../mutants/profiles/", $name, ".toml")) },)*]
    };
}

const PROFILES: &[Profile] = profiles![
    "acknowledged-early",
    "below-the-promise",
    "duels",
    "epoch-accepted-early",
    "failing-disks",
    "few-writes",
    "figure-8",
    "five",
    "hasty-servers",
    "hasty-servers-past",
    "holes",
    "late-answers",
    "late-messages",
    "learners",
    "lease-disturbed",
    "lease-disturbed-idle",
    "lease-drift",
    "lease-handed-over",
    "lease-restart",
    "lease-sessions",
    "lease-slow-answers",
    "local-reads",
    "moving-clients",
    "power",
    "promised-early",
    "reads-only",
    "restless",
    "retries",
    "rotten-records",
    "slow-disks",
    "snapshots",
    "synchronized-early",
    "torn-writes",
    "unasked-reads",
    "wiped",
    "zab-datagrams",
];
