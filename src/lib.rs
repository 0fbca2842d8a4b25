//! An unbuffered (rendezvous) channel with one sender and one receiver, async and blocking at
//! once.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod closed;
mod error;
#[cfg(not(target_family = "wasm"))]
mod iter;
mod offer;
mod panics;
mod receiver;
mod sender;
mod shared;
mod signal;
#[cfg(feature = "sink")]
mod sink;
mod slot;
mod sync;
mod watch;

pub use closed::Closed;
pub use error::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
#[cfg(not(target_family = "wasm"))]
pub use iter::{IntoIter, Iter};
pub use offer::Offer;
pub use receiver::{NextOffer, Receiver, Recv};
pub use sender::{Send, Sender, Wanted};

/// Makes a channel, and returns its two ends.
///
/// # Cost
///
/// One allocation, that the ends share. Operations allocate nothing, save that the first blocked
/// wait on an end sets up the event that its thread parks on.
///
/// ```
/// let (mut sender, mut receiver) = handoff::channel();
/// std::thread::spawn(move || sender.send("hello").wait());
/// assert_eq!(receiver.recv().wait(), Some("hello"));
/// ```
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = sync::Arc::new(shared::Shared::new());
    let sender = Sender {
        shared: sync::Arc::clone(&shared),
        watch: watch::Watch::default(),
    };
    let receiver = Receiver {
        shared,
        watch: watch::Watch::default(),
    };
    (sender, receiver)
}
