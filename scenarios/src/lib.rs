//! Scenario files, plans, and the one list of protocols.
