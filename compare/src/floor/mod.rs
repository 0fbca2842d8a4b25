//! The floors: what the same rendezvous costs with everything left out that a channel needs to be
//! safe between threads.
//!
//! Nobody can be faster than these by being a better channel, so the distance to them is all there
//! is to win.

pub mod local;
pub mod parking;
pub mod spinning;
