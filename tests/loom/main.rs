//! Every interleaving of small programs, through the public API alone.
//!
//!     RUSTFLAGS="--cfg loom" cargo nextest run --release --features loom,sink --test loom
//!
//! explores all of them with at most two preemptions each; `LOOM_MAX_PREEMPTIONS=3` in front makes it three, which is
//! the full run. Each model prints how many interleavings it had.
//!
//! loom itself reports a deadlock, and a model that does not come to an end: no other watchdog is needed. Whoever may
//! sleep runs on loom's `block_on`; whoever is polled by hand has a [`common::Probe`] for a waker, which is made of std
//! parts, since each loom part in a waker would multiply the interleavings and find nothing.

#![cfg(loom)]

#[path = "../common/mod.rs"]
mod common;

mod blocking;
mod cancel;
mod memory;
mod offer;
mod pairs;
mod rendezvous;
#[cfg(feature = "sink")]
mod sink;
mod wakers;
mod wanted;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Instant;

/// Enough for most defects, and little enough for all models to be run all the time.
const PREEMPTIONS: usize = 2;

/// Runs `body` in every interleaving of its threads.
fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let start = Instant::now();
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        body();
    });
    let count = count.load(Ordering::Relaxed);
    println!("{count} interleavings in {:.1?}", start.elapsed());
}
