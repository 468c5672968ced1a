//! From the runs of one or more scenarios to figures and sentences.
