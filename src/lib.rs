//! An unbuffered (rendezvous) channel with one sender and one receiver, for async tasks and for
//! threads. A send waits until the receiver has taken the item, so nothing is ever buffered.
//!
//! ```
//! use futures::{executor::block_on, future::join};
//!
//! let (mut sender, mut receiver) = handoff::channel();
//! let sending = async move {
//!     for i in 0..100 {
//!         sender.send(i).await.expect("channel disconnected");
//!     }
//! };
//! let receiving = async move {
//!     for i in 0..100 {
//!         assert_eq!(receiver.recv().await, Some(i));
//!     }
//! };
//! block_on(join(sending, receiving)); // a send waits for its receive, so both must run
//! ```
//!
//! # Operations
//!
//! | to | on the [`Sender`] | on the [`Receiver`] |
//! |----|-------------------|---------------------|
//! | hand over an item | [`send(item)`](Sender::send) | [`recv()`](Receiver::recv), as a `Stream`, or [`iter()`](Receiver::iter) |
//! | look at an item first | | [`next_offer()`](Receiver::next_offer), then [`Offer::accept`] or [`Offer::decline`] |
//! | do it now or not at all | [`try_send(item)`](Sender::try_send) | [`try_recv()`](Receiver::try_recv), [`try_next_offer()`](Receiver::try_next_offer) |
//! | make an item only when it is wanted | [`wanted()`](Sender::wanted) | |
//! | get back what was not delivered | [`reclaim()`](Sender::reclaim) | |
//! | wait until the other end goes | [`closed()`](Sender::closed) | [`closed()`](Receiver::closed) |
//! | refuse everything from now on | [`close()`](Sender::close) | [`close()`](Receiver::close) |
//! | ask without waiting | [`is_wanted()`](Sender::is_wanted), [`is_closed()`](Sender::is_closed) | [`is_offered()`](Receiver::is_offered), [`is_closed()`](Receiver::is_closed) |
//! | write a future by hand | [`poll_wanted`](Sender::poll_wanted), [`poll_closed`](Sender::poll_closed) | [`poll_recv`](Receiver::poll_recv), [`poll_closed`](Receiver::poll_closed) |
//!
//! The five that wait are `send`, `wanted`, `recv`, `next_offer` and `closed`. Each returns a future, and
//! a suffix says how to wait for it:
//!
//! | | in a task | in a thread |
//! |-|-----------|-------------|
//! | without a limit | `.await` | [`.wait()`](Send::wait) |
//! | with a limit | [`.until(limit).await`](Send::until): a timer, a token, any future | [`.wait_timeout(duration)`](Send::wait_timeout), [`.wait_deadline(instant)`](Send::wait_deadline) |
//!
//! With a limit the result says whether the limit came first: [`Until`] has the table. The error of a
//! send that gave up carries the item. For any other limit in a thread, use `block_on` of an executor:
//! `block_on(sender.send(item).until(token))`.
//!
//! The [cookbook](_cookbook) has whole programs: select loops, time-outs, shutdown, request and
//! response, workers, generators, TCP servers, test doubles, callbacks. [How we know](_how_we_know)
//! says what stands behind each promise of this page.
//!
//! # When not to use it
//!
//! * The sender should go on before the receiver is ready. Take a bounded channel.
//! * There are several senders, or several receivers. (Some tasks can share one end behind an async
//!   mutex: the [cookbook](_cookbook#one-end-for-several-callers) has a recipe.)
//! * The two ends do not run concurrently. If one task awaits a send and only then receives, it waits
//!   forever, and so does a thread that blocks while the other end needs the same thread.
//!
//! # A handover
//!
//! Whoever comes first waits. Between the ends is one slot, which holds an item only while a send
//! waits for it to be taken:
//!
#![doc = include_str!("../docs/handover.svg")]
//!
//! 1. [`recv`](Receiver::recv) finds nothing on offer, and waits.
//! 2. [`send`](Sender::send), when it is first polled, puts its item on offer and wakes the
//!    receiver. Then it waits, too.
//! 3. The receiver takes the item, in the poll that returns it, and wakes the sender.
//! 4. The send resolves to `Ok(())`. So `Ok` means taken: not queued, and not only promised.
//!
//! If the send comes first, its item is on offer until the receiver comes.
//!
//! Every operation that waits borrows its end mutably. So each end waits for one thing at a time,
//! and the compiler checks that.
//!
//! # Where an item is
//!
//! An item is always in one of five places, so none is lost and none is there twice:
//!
#![doc = include_str!("../docs/states.svg")]
//!
//! | from | to | by |
//! |------|----|----|
//! | with the sender | on offer | a poll of [`send`](Sender::send), once the slot is empty; [`try_send`](Sender::try_send); `start_send` of the `Sink` |
//! | on offer | with the receiver | [`recv`](Receiver::recv), the stream, [`try_recv`](Receiver::try_recv) |
//! | on offer | lent | [`next_offer`](Receiver::next_offer) |
//! | lent | with the receiver | [`accept`](Offer::accept); a leaked guard counts as accepted |
//! | lent | with the sender | [`decline`](Offer::decline), in the error of its send (if that is dropped unseen, by [`reclaim`](Sender::reclaim)) |
//! | lent | with the receiver | [`decline`](Offer::decline), if its send was dropped before, or was a [`try_send`](Sender::try_send) |
//! | lent | on offer | the [`Offer`] is dropped |
//! | lent | with the sender | the [`Offer`] is dropped, and the limit of its send has come |
//! | on offer | with the sender | an error: the receiver is closed, or the limit has come |
//! | on offer | with the sender | [`reclaim`](Sender::reclaim), if no [`Send`] waits for it |
//! | on offer | given back | the [`Send`] is dropped |
//! | with the sender | given back | the [`Send`] is dropped before its item was on offer: it was not polled, or an older item is there |
//! | given back | with the sender | [`reclaim`](Sender::reclaim) |
//!
//! An item that was given back and not reclaimed is dropped when [`send`](Sender::send),
//! [`try_send`](Sender::try_send) or `start_send` is next called, or with the [`Sender`]. An item
//! left on offer, by [`try_send`](Sender::try_send) or the `Sink`, can still be received after the
//! sender was dropped. It is dropped once nobody is left to receive or reclaim it.
//!
//! # Cancel safety
//!
//! To cancel an operation is to drop its future. Every one of them may be dropped at any time:
//!
//! | dropped | what becomes of the item |
//! |---------|--------------------------|
//! | [`Send`], polled or not | [`reclaim`](Sender::reclaim) returns it, unless it was taken |
//! | [`Recv`], [`NextOffer`], `StreamExt::next` | it stays on offer: they held nothing |
//! | [`Offer`] | it is on offer again |
//! | [`Wanted`], [`Closed`] | no item is involved |
//! | `SinkExt::send` | it stays on offer: a `Sink` does not see that the future was dropped |
//!
#![doc = include_str!("../docs/cancel.svg")]
//!
//! 1. A send was polled, and its item is on offer.
//! 2. A timer fires first, and the [`Send`] is dropped. That takes the item off the offer.
//! 3. [`reclaim`](Sender::reclaim) returns it.
//! 4. A receive that comes later finds nothing.
//!
//! Call `reclaim` directly after a send was dropped: the next send drops what was not reclaimed. Its
//! result says what became of the item. `Some(item)`: it was not delivered and never will be. `None`:
//! it was taken, or the receiver holds it in an [`Offer`] and decides.
//!
//! # Select loops
//!
//! In a `select!` loop the arms that lose are dropped in every round, so the sending side reclaims:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # use std::{collections::VecDeque, time::Duration};
//! # let (mut sender, receiver) = handoff::channel();
//! # let consumer = tokio::spawn(futures::StreamExt::collect::<Vec<_>>(receiver));
//! # let mut backlog: VecDeque<_> = (0..10).collect();
//! # let mut tick = tokio::time::interval(Duration::from_millis(1));
//! while let Some(item) = backlog.pop_front() {
//!     tokio::select! {
//!         sent = sender.send(item) => sent.expect("channel disconnected"),
//!         _ = tick.tick() => {
//!             // The send has lost, and was dropped.
//!             if let Some(item) = sender.reclaim() {
//!                 backlog.push_front(item);
//!             }
//!         }
//!     }
//! }
//! # drop(sender);
//! # assert!(consumer.await.unwrap().into_iter().eq(0..10));
//! # }
//! ```
//!
//! Make the send itself the arm. If the arm is a block `async { sender.send(item).await }` and is never
//! polled, the item is dropped with it. Receives do not have this problem.
//!
//! All futures of the crate are `Unpin` and `FusedFuture`, for every `T`. So `futures::select!` takes
//! them as they are, and a send can be kept across rounds as `&mut send`.
//!
//! # Closing
//!
//! Either end can be dropped or closed, and the other end learns of it: a pending send resolves to a
//! [`SendError`] with the item. `recv` first gives what is still on offer, and then `None`. Taken wins
//! over closed: if the receiver took the item and then went, the send is `Ok`.
//!
//! # Threads and runtimes
//!
//! The channel knows nothing of any runtime. You may move an end between threads and runtimes, and use
//! `.await` and `.wait()` in turn. Inside a task use `.await`: a `wait` there blocks the
//! executor's thread, and does so forever if the other end needs that thread.
//!
//! ```
//! use std::thread;
//!
//! let (mut sender, mut receiver) = handoff::channel();
//! // A thread without any executor,
//! let producer = thread::spawn(move || {
//!     sender.send(1).wait().unwrap();
//!     // which then runs a task on smol;
//!     smol::block_on(sender.send(2)).unwrap();
//! });
//! // and a task on tokio, whose receiver goes on to block.
//! let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! assert_eq!(runtime.block_on(receiver.recv()), Some(1));
//! assert_eq!(receiver.recv().wait(), Some(2));
//! producer.join().unwrap();
//! ```
//!
//! # Fairness
//!
//! On one thread the ends take turns: after each item an end waits until the other end was polled, so
//! every other task has its turn with every item.
//!
//! If the other end is on another core, it may be ready each time. A loop of receives or sends that
//! awaits nothing else may then run for long without a pause. Other tasks of its thread, and a time-out
//! around the loop, wait meanwhile. The crate does not yield by itself: a poll whose result is ready
//! returns it. Where that matters, let the loop yield now and then: the
//! [cookbook](_cookbook#a-loop-that-leaves-time-to-others) has a recipe.
//!
//! # Spinning
//!
//! A sleep costs 4 to 40 µs, and a peer that runs on another core answers in 0.1 µs. So a wait may look
//! at the slot again and again before it sleeps. It does so for 50 µs at most, only if the other end
//! was last seen on another thread, and only while that pays. A wait that lasts uses no CPU.
//!
//! In a poll other tasks want the thread. So a poll spins no longer than the thread was away before,
//! for other tasks or asleep. Measured, other tasks keep about half of the turns that they would have
//! without spins, or more, beside one channel whose peer answers after 0.2 µs or later, and about 95 %
//! or more if it takes 20 µs or longer. They keep fewer beside a thread in `wait()` that answers at
//! once, or beside many such channels. There a task often finds its next item ready, too: see
//! [Fairness](#fairness).
//!
//! A program that wants no spins at all is built with `RUSTFLAGS="--cfg handoff_no_spin"`.
//!
//! # Combinators
//!
//! `peekable`, `chunks` and `buffered` take items early, and `SinkExt::buffer` sends them late. If you
//! drop such a combinator, the items that it holds are lost. To look at an item without taking it, use
//! [`next_offer`](Receiver::next_offer).
//!
//! # Panics
//!
//! Only one operation panics by itself: a `wait` on a future that has already resolved. (Polled once
//! more, such a future stays pending.)
//!
//! Wakers, limits, and the drops of items are the caller's code, and run while no lock is held. They
//! may use the channel, drop either end, or panic. The panic of a waker comes out of the operation
//! that woke it. Every other wake is still done, nothing is poisoned, and the channel works as
//! before. But the item that this operation was about to return, in an `Ok`, a `Some` or an error, is
//! dropped by the unwinding, and its future counts as resolved. No other item is ever lost. One that was
//! about to be lent is put back.
//!
//! If a send drops an item that was given back, and that drop panics, the new item is given back.
//!
//! # Cost
//!
//! * A channel is one allocation. Operations allocate nothing, except when a thread blocks for the first
//!   time: once for each kind of wait (send, receive, closed) of a channel, and once for the thread.
//! * A handover takes one short lock to offer the item and one to take it. The sender needs none to see
//!   that it was taken. A receive that has to wait takes one more.
//! * A waker is cloned once a wait, and not again when the same task polls again.
//!
//! The package `compare` in the repository measures all that, beside other channels.
//!
//! # Features and targets
//!
//! * `sink` (off by default): `Sink` of `futures-sink` for [`Sender`].
//! * `loom`: for this crate's own models, and not part of the public interface. A program that sets
//!   `--cfg loom` for its own models passes it on to its dependencies. Enable this feature in that
//!   build, because `event-listener` does not build there without it.
//!
//! There is no `unsafe`. The dependencies are `event-listener`, `futures-core` and
//! `pin-project-lite`. The minimum supported Rust version is 1.71. On wasm, whose main thread must
//! not block, there are no `wait` forms and no iterators.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The text links to the blocking forms, which are not there.
#![cfg_attr(
    target_family = "wasm",
    allow(rustdoc::broken_intra_doc_links, rustdoc::private_intra_doc_links)
)]

mod channel;
mod closed;
mod error;
#[cfg(not(target_family = "wasm"))]
mod iter;
mod offer;
mod panics;
mod receiver;
mod recv;
mod send;
mod sender;
#[cfg(feature = "sink")]
mod sink;
mod slot;
mod spin;
mod sync;
mod until;
mod wait;
mod wanted;

pub use closed::Closed;
#[cfg(feature = "sink")]
pub use error::SinkError;
pub use error::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
#[cfg(not(target_family = "wasm"))]
pub use iter::{IntoIter, Iter};
pub use offer::{NextOffer, Offer};
pub use receiver::Receiver;
pub use recv::Recv;
pub use send::Send;
pub use sender::Sender;
pub use until::Until;
pub use wanted::Wanted;

/// Makes a channel, and returns its two ends.
///
/// # Cost
///
/// One allocation, which the ends share: see [Cost](crate#cost).
///
/// An item that is on offer lies in that allocation, and every handover moves it there and out
/// again. If an item is larger than some kilobytes, better send it in a `Box`. For a moment there are
/// several copies on the stack, the caller's among them. Measured with items of 64 KiB: 4 to 5 for a
/// send or a receive in a release build, and 8 with `until` or an [`Offer`]; in a debug build 9 to 13
/// for a send or a receive, 16 to make a channel, and 17 with `until`.
///
/// ```
/// let (mut sender, mut receiver) = handoff::channel();
/// std::thread::spawn(move || sender.send("hello").wait());
/// assert_eq!(receiver.recv().wait(), Some("hello"));
/// ```
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let channel = sync::Arc::<channel::Channel<T>>::default();
    let sender = Sender {
        channel: sync::Arc::clone(&channel),
        spin: spin::Spin::default(),
    };
    let receiver = Receiver {
        channel,
        spin: spin::Spin::default(),
    };
    (sender, receiver)
}

// Pages of the documentation, and nothing to compile. The underscore says so.

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/cookbook.md")]
pub mod _cookbook {}

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/how-we-know.md")]
pub mod _how_we_know {}

// The examples of the README run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
