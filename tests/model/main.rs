//! Programs on one thread against a plain model of the channel: random ones, and those that the fuzzer kept.

#[path = "../common/mod.rs"]
mod common;
mod program;

mod corpus;
mod random;
mod search;
