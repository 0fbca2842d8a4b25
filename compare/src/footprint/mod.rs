//! What a channel costs besides time: allocations, CPU while nothing happens, bytes.

pub mod allocations;
pub mod idle;
pub mod sizes;
