//! Fuzzes the loader of EDN.

#![no_main]

use checker::import::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| quorate_checker_fuzz::every_object(data, Format::Edn));
