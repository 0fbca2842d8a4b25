//! What the crate does, a module for each subject.
//!
//! They are one binary, because each binary links everything anew. Apart from it are only tests that need a process of
//! their own (`first`), an allocator (`alloc`), a `cfg` (`loom`), or that share a large program (`model`).

#[path = "../common/mod.rs"]
mod common;

mod accept;
mod blocking;
mod cancel;
mod close;
mod combinators;
mod conserve;
mod decline;
mod demand;
mod executors;
mod matrix;
mod nested;
mod offer;
mod on_tokio;
mod panics;
mod reentrancy;
mod registrations;
mod rendezvous;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]
mod sandbox;
#[cfg(feature = "sink")]
mod sink;
#[cfg(not(any(miri, target_family = "wasm")))]
mod stack;
mod stream;
mod traits;
mod until;
mod wakers;
