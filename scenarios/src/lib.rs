//! Scenario files, plans, and the one list of protocols.
//!
//! ```text
//!  file.toml ──parse──► Scenario ──plan(seed)──► sim::plan::Plan ──run(protocol)──► outcome
//!      │
//!      └─ everything that is wrong with it at once: ScenarioErrors
//! ```
//!
//! `FORMAT.md` beside this crate's manifest lists every key of a file; [`library`] holds the files that come with
//! Quorate.

#![deny(clippy::float_arithmetic)]

mod scenario;

mod error;
mod file;
mod library;
pub mod mutants;
mod nemesis;
mod plan;
mod protocols;
mod stream;
mod units;

use std::path::Path;

pub use error::{ScenarioError, ScenarioErrors};
pub use library::{LibraryFile, figures, library};
pub use protocols::{Catalog, Described, Protocol, ProtocolInfo, Visit, catalog, run, visit};
pub use scenario::{
    ClockSpec, Family, FamilySpec, FaultSpec, Mix, NemesisSpec, NetworkSpec, Pace, Scenario, WorkloadSpec,
};
pub use stream::Stream;

impl Scenario {
    /// Reads a scenario file. Errors call it by `path` as it is given.
    pub fn read(path: &Path) -> Result<Scenario, ScenarioErrors> {
        file::read(path, &[], &catalog())
    }

    /// Reads a scenario file with keys set to other values; see [`Scenario::with`].
    pub fn read_with(path: &Path, overrides: &[(String, String)]) -> Result<Scenario, ScenarioErrors> {
        file::read(path, overrides, &catalog())
    }

    /// Parses the text of a scenario file. Errors call it `file`.
    pub fn parse(file: &str, text: &str) -> Result<Scenario, ScenarioErrors> {
        file::parse(file, text, &[], &catalog())
    }

    /// Parses the text of a scenario file with keys set to other values: `("network.loss", "0.1")`, `("fault.0.at",
    /// "3s")`. A value is TOML, or a string where it is none. Errors name the key.
    pub fn with(file: &str, text: &str, overrides: &[(String, String)]) -> Result<Scenario, ScenarioErrors> {
        file::parse(file, text, overrides, &catalog())
    }

    /// Parses the bytes of a scenario file and holds it against a catalog of one's own.
    pub fn parse_with(file: &str, bytes: &[u8], catalog: &Catalog) -> Result<Scenario, ScenarioErrors> {
        file::parse_bytes(file, bytes, &[], catalog)
    }
}
