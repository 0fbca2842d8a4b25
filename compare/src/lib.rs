//! handoff, measured.
//!
//! - [`ends`], [`peers`], [`floor`]: who is measured, and the traits that make them comparable.
//! - [`drive`]: the loops that all of them run; [`probe`]: whether their `Ok` means taken.
//! - [`scenarios`]: what is timed; [`bench`] runs it and [`stats`] condenses it. [`footprint`]:
//!   what else a channel costs.
//! - [`results`], [`goals`], [`report`], [`chart`]: what is kept, and what a person reads.
//! - [`custody`]: not how fast, but whose hands an item is in.

#![deny(unsafe_code)]

pub mod alloc;
pub mod bench;
pub mod chart;
pub mod custody;
pub mod drive;
pub mod ends;
pub mod floor;
pub mod footprint;
pub mod goals;
pub mod load;
pub mod machine;
pub mod peers;
pub mod probe;
pub mod report;
pub mod results;
pub mod scenarios;
pub mod soak;
pub mod stats;
pub mod watchdog;
