//! The contract between a replica and its driver.
