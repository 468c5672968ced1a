//! Reports: what runs were like, in numbers, plots, pages and files for other tools.
//!
//! Reads outcomes, measures, traces and histories, and knows nothing of how they came about. Everything here is a pure
//! function of what it is given: the same runs give the same bytes, on any machine: logarithms and powers are `libm`'s, since
//! the platform's may differ in the last digit.
//!
//! Files in reading order: [`stats`], [`figure`] (what a figure is), [`plot`] (charts as SVG), [`compare`] (from many
//! runs to figures), [`page`] (one offline HTML page), [`export`] (runs for other tools).

#![deny(missing_docs)]

pub mod compare;
pub mod export;
pub mod figure;
pub mod page;
pub mod plot;
pub mod stats;
