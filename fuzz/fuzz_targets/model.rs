//! Programs on one thread against a plain model of the channel, as in `tests/model/random.rs`, but chosen by libFuzzer, which
//! looks for ways through the code that no program took before. `fuzz/run.sh` runs it.

#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

#[path = "../../tests/model/program/mod.rs"]
#[allow(dead_code)]
mod program;

libfuzzer_sys::fuzz_target!(|program: &[u8]| program::run(program));
