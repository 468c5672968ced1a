//! What the log replicates, and the server logic above a replica.
