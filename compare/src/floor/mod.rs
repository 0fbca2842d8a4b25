//! The floors: what the same rendezvous costs with everything left out that a channel needs to be
//! safe between threads.
//!
//! Nobody can be faster than these by being a better channel, so the distance to them is all there
//! is to win. [`parking`] is no such floor: it tells what two sleeps cost on this machine, and who
//! sleeps less often is faster.

pub mod local;
pub mod parking;
pub mod spinning;
