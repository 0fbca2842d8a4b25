//! An unbuffered (rendezvous) channel with one sender and one receiver, async and blocking at
//! once.
//!
//! A [`send`](Sender::send) waits until the receiver has taken the item. Nothing is ever buffered,
//! so back-pressure is exact, and every item is at any moment in exactly one pair of hands. The
//! channel works on every executor, between executors, and without one.
//!
//! ```
//! use futures::{executor::block_on, future::join};
//! use handoff::channel;
//!
//! let (mut sender, mut receiver) = channel();
//! let send_task = async move {
//!     for i in 0..100 {
//!         sender.send(i).await.expect("channel disconnected");
//!     }
//! };
//! let recv_task = async move {
//!     for i in 0..100 {
//!         let value = receiver.recv().await.expect("channel disconnected");
//!         assert_eq!(value, i);
//!     }
//! };
//! block_on(join(send_task, recv_task)); // sends block, so both must run
//! ```
//!
//! # What it promises
//!
//! 1. **Ok means taken.** A send resolves to `Ok(())` if and only if the receiver took the item:
//!    not queued, and not promised to a receiver that may still change its mind. (Only
//!    [`try_send`](Sender::try_send), which cannot wait for that, promises less.)
//! 2. **Nothing is lost.** An item is with the caller, on offer in the slot, lent to the receiver,
//!    with the receiver, or given back. A future that is dropped at any point neither loses nor
//!    duplicates one.
//! 3. **No foreign code under a lock.** Wakers, drops of items and closures of the caller run while
//!    no lock is held, neither ours nor that of `event-listener`. A waker may re-enter the channel,
//!    drop either end, or panic; an item may own the channel's other end.
//! 4. **No `unsafe`**, and fast all the same: see [Cost](#cost).
//!
//! What stands behind each of them is listed in [How we know](_how_we_know).
//!
//! # When to use it
//!
//! * Two parts of a program are to run in step: one must not run ahead of the other.
//! * A sender must know that its item has arrived, or get it back.
//! * Either end is used in a `select!` loop, or is cancelled in other ways.
//! * One end is in a thread and the other in a task, or they are on different runtimes.
//!
//! When not:
//!
//! * The sender is to work ahead of the receiver. That is what a buffer is for: take a bounded
//!   channel.
//! * There are several senders, or several receivers.
//! * The two ends do not run concurrently. A send that is awaited before its receive begins waits
//!   forever, and so does a blocking wait for an end that lives on the same thread.
//!
//! The [cookbook](_cookbook) has whole programs for the rest: select loops, time-outs, shutdown,
//! request and response, workers, generators, TCP servers, test doubles, callbacks.
//!
//! # Rendezvous
//!
//! Whoever comes first waits. Between the ends is one slot, which holds an item only while a send
//! waits for it to be taken:
//!
#![doc = include_str!("../docs/handover.svg")]
//!
//! 1. [`recv`](Receiver::recv) finds nothing on offer, and waits.
//! 2. [`send`](Sender::send), when it is first polled, puts its item on offer and wakes the
//!    receiver. It waits in turn.
//! 3. The receiver takes the item, in the poll that returns it, and wakes the sender.
//! 4. The send resolves to `Ok(())`.
//!
//! If the send comes first, its item is on offer until the receiver comes.
//!
//! Every operation that waits borrows its end mutably. So each end waits for one thing at a time,
//! which the compiler checks, and there is no queue of waiters anywhere.
//!
//! # Custody
//!
//! An item is always in one of five places:
//!
#![doc = include_str!("../docs/states.svg")]
//!
//! | from | to | by |
//! |------|----|----|
//! | with the sender | on offer | the first poll of [`send`](Sender::send) that finds the slot empty; [`try_send`](Sender::try_send); `start_send` of the `Sink` |
//! | on offer | with the receiver | [`recv`](Receiver::recv), the stream, [`try_recv`](Receiver::try_recv) |
//! | on offer | lent | [`next_offer`](Receiver::next_offer) |
//! | lent | with the receiver | [`accept`](Offer::accept); a leaked guard counts as accepted |
//! | lent | with the sender | [`decline`](Offer::decline), in an error; if nobody waits for it, the receiver keeps it |
//! | lent | on offer | the [`Offer`] is dropped; if the limit of its send has come, it goes back to that at once |
//! | on offer | with the sender | an error: the receiver is closed, or the time is up; or [`reclaim`](Sender::reclaim), of an item that no living [`Send`] waits for |
//! | on offer | given back | the [`Send`] is dropped |
//! | with the sender | given back | the [`Send`] is dropped before its item was on offer: it was not polled, or an older item is there |
//! | given back | with the sender | [`reclaim`](Sender::reclaim) |
//!
//! An item that was given back and not reclaimed is dropped when [`send`](Sender::send) or
//! [`try_send`](Sender::try_send) is next called (`start_send` does it, too), or with the [`Sender`].
//! An item that is on offer outlives its sender, and is dropped once nobody is left to receive or
//! reclaim it.
//!
//! # Cancel safety
//!
//! To cancel an operation is to drop its future. Every one of them may be dropped at any time:
//!
//! | dropped | what becomes of the item |
//! |---------|--------------------------|
//! | [`Send`], polled or not | [`reclaim`](Sender::reclaim) returns it, unless it was taken |
//! | [`Recv`], [`NextOffer`] | it stays on offer: they held nothing |
//! | [`Offer`] | it is on offer again |
//! | `StreamExt::next` | it stays on offer |
//! | [`Wanted`], [`Closed`] | no item is involved |
//! | `SinkExt::send` | it stays on offer: a `Sink` cannot tell a dropped future from a patient one |
//!
#![doc = include_str!("../docs/cancel.svg")]
//!
//! 1. A send was polled, and its item is on offer.
//! 2. A timer fires first, and the [`Send`] is dropped. That takes the item off the offer.
//! 3. [`reclaim`](Sender::reclaim) returns it.
//! 4. A receive that comes later finds nothing.
//!
//! [`reclaim`](Sender::reclaim), directly after a [`Send`] was dropped, is the verdict on its item:
//! `Some(item)`, it was not delivered and never will be; `None`, it was taken, at the last moment.
//!
//! ```
//! use futures_lite::future::{block_on, poll_once};
//!
//! let (mut sender, mut receiver) = handoff::channel();
//!
//! // Offer an item, and give up.
//! assert!(block_on(poll_once(sender.send("parcel"))).is_none());
//! // It was not delivered,
//! assert_eq!(sender.reclaim(), Some("parcel"));
//! // and it will not be.
//! assert!(receiver.try_recv().is_err());
//! ```
//!
//! If the receiver uses [`next_offer`](Receiver::next_offer), `None` can also mean that the item is
//! lent, and its receiver decides.
//!
//! A send with a limit needs no `reclaim`: [`send(item).until(limit)`](Send::until) in a task and
//! [`wait_timeout`](Send::wait_timeout) in a thread say in their result whether the item was taken,
//! and each error carries it.
//!
//! # Select loops
//!
//! In a `select!` loop the arms that lose are dropped in every round. The receiving side needs
//! nothing. The sending side reclaims. Make the send itself the arm: an arm
//! `async { sender.send(item).await }` that is dropped before its first poll takes its item along.
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
//! All futures of the crate are `Unpin` and `FusedFuture`, for every `T`. So `futures::select!` takes
//! them as they are, and a send can be kept across rounds as `&mut send`.
//!
//! # Disconnection
//!
//! Either end can be dropped or [closed](Sender::close), and the other end learns of it: a pending
//! send resolves to a [`SendError`] with the item, and `recv` to `None`, once nothing is on offer
//! any more.
//!
//! ```
//! use futures::{executor::block_on, future::join};
//! use handoff::channel;
//!
//! let (mut sender, mut receiver) = channel();
//! let send_task = async move {
//!     for i in 0..50 {
//!         sender.send(i).await.expect("channel disconnected");
//!     }
//!     // The sender is dropped here.
//! };
//! let recv_task = async move {
//!     for i in 0..50 {
//!         let value = receiver.recv().await.expect("channel disconnected");
//!         assert_eq!(value, i);
//!     }
//!     assert!(receiver.recv().await.is_none());
//! };
//! block_on(join(send_task, recv_task));
//! ```
//!
//! Taken wins over closed: if the receiver took the item and then went, the send is `Ok`.
//! [`closed`](Sender::closed) waits for the other end to go, without sending or receiving.
//!
//! # Blocking use
//!
//! How an operation waits is a suffix, the same for all five futures:
//!
//! | | in a task | in a thread |
//! |-|-----------|-------------|
//! | without a limit | `.await` | [`.wait()`](Send::wait) |
//! | with a limit | [`.until(limit).await`](Send::until): any future | [`.wait_timeout(duration)`](Send::wait_timeout), [`.wait_deadline(instant)`](Send::wait_deadline) |
//!
//! ```
//! use std::{thread, time::Duration};
//!
//! let (mut sender, mut receiver) = handoff::channel();
//! let worker = thread::spawn(move || {
//!     // Blocks for each item.
//!     receiver.iter().sum::<i32>()
//! });
//! for i in 0..10 {
//!     sender.send(i).wait().expect("receiver disconnected");
//! }
//! let outcome = sender.send(10).wait_timeout(Duration::from_secs(60));
//! assert_eq!(outcome, Ok(()));
//! drop(sender);
//! assert_eq!(worker.join().unwrap(), 55);
//! ```
//!
//! The `block_on` of any executor does as well:
//!
//! ```
//! use futures::executor::block_on;
//! use std::thread;
//!
//! let (mut sender, mut receiver) = handoff::channel();
//! let sending = thread::spawn(move || {
//!     for i in 0..100 {
//!         block_on(sender.send(i)).expect("receiver disconnected");
//!     }
//! });
//! for i in 0..100 {
//!     assert_eq!(block_on(receiver.recv()).expect("sender disconnected"), i);
//! }
//! sending.join().unwrap();
//! ```
//!
//! Delivery wins over the limit. An expired receive still takes what is on offer. A send that gives
//! up returns its item, which then was not delivered.
//!
//! Inside a task use `.await`. A `wait` there blocks the executor's thread, and if the other end
//! needs that thread, forever.
//!
//! # Mixing runtimes
//!
//! The channel knows nothing of any runtime. Each end is used from wherever it is at the time, and
//! the same end in different ways one after the other:
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
//! On one thread the ends take turns: a poll hands over one item and then waits for the other end's
//! poll, so every other task has its turn with every item.
//!
//! If the other end is on another core it may have the next item ready each time, and a loop of
//! receives or sends that awaits nothing else may go on for long without a pause, while other tasks
//! of its thread, and a time-out around the loop, wait. An answer that is there is given at once,
//! however often: polls are exact. The channel belongs to no runtime and so has no part in its budget.
//! Where that matters, let the loop yield now and then. On tokio (where `coop::cooperative` around a
//! future does the same):
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let (mut sender, mut receiver) = handoff::channel();
//! # let thread = std::thread::spawn(move || for i in 0..1_000 { sender.send(i).wait().unwrap() });
//! # let mut sum = 0;
//! while let Some(item) = receiver.recv().await {
//!     sum += item;
//!     tokio::task::consume_budget().await; // goes on at once, or yields if it is time
//! }
//! # assert_eq!(sum, 999 * 500);
//! # thread.join().unwrap();
//! # }
//! ```
//!
//! # Demand
//!
//! [`wanted`](Sender::wanted) waits until a receive is really waiting. So a producer can make its
//! value at the last moment, and none that nobody asked for:
//!
//! ```
//! use futures_lite::future::{block_on, zip};
//!
//! # fn sample() -> u32 { 20 }
//! let (mut sender, mut receiver) = handoff::channel();
//! let sensor = async move {
//!     let mut samples = 0;
//!     while sender.wanted().await {
//!         samples += 1;
//!         if sender.send(sample()).await.is_err() {
//!             break;
//!         }
//!     }
//!     samples
//! };
//! let display = async move {
//!     for _ in 0..3 {
//!         assert_eq!(receiver.recv().await, Some(20));
//!     }
//! };
//! assert_eq!(block_on(zip(sensor, display)).0, 3);
//! ```
//!
//! It is a hint: the receive may be cancelled next. [`try_send`](Sender::try_send) puts an item on
//! offer only for a receive that is waiting, and otherwise returns it at once. Its `Ok` is no receipt:
//! should that receive be cancelled, the item is there for the next one, or for
//! [`reclaim`](Sender::reclaim).
//!
//! # Two-phase receive
//!
//! [`next_offer`](Receiver::next_offer) lends the item and leaves the send pending. [`Offer::accept`] takes it
//! and completes the send; dropping the guard puts it back, and
//! [`Offer::decline`] gives it to the sender again. A worker that panics or is cancelled
//! half-way has dropped its guard, so the next worker gets the item: processing at least once,
//! without a queue.
//!
//! ```
//! use std::thread;
//!
//! let (mut sender, mut receiver) = handoff::channel();
//! let boss = thread::spawn(move || sender.send("job").wait());
//!
//! let first_worker = thread::scope(|scope| {
//!     let worker = scope.spawn(|| {
//!         let job = receiver.next_offer().wait().expect("there is a job");
//!         panic!("half-way through the {}", *job);
//!     });
//!     worker.join()
//! });
//! assert!(first_worker.is_err());
//!
//! // The job is on offer again.
//! let job = receiver.next_offer().wait().expect("there is a job");
//! assert_eq!(*job, "job");
//! handoff::Offer::accept(job);
//! assert_eq!(boss.join().unwrap(), Ok(())); // and only now the send is done
//! ```
//!
//! The item can be changed through the guard, which puts back what is in it then.
//!
//! # Streams, sinks and iterators
//!
//! [`Receiver`] is a `Stream` and a `FusedStream`. In threads it is an iterator, with
//! [`iter`](Receiver::iter) and `for item in receiver`. [`Sender`] is a `Sink` with the feature
//! `sink`.
//!
//! A combinator is a receiver, or a sender, of its own: what `peekable`, `chunks` or `buffered` hold
//! was taken from the channel, and what `SinkExt::buffer` holds has not reached it. Such items go
//! with the combinator when that is dropped. To look at an item without taking it, use
//! [`next_offer`](Receiver::next_offer).
//!
//! # Panics
//!
//! No operation panics on its own account, except that a `wait` on a future that has resolved
//! already does. (Polled once more, such a future stays pending.)
//!
//! A waker is foreign code, and may panic. Its panic comes out of the operation that woke it. Every
//! other wake is still done, nothing is poisoned, and the channel works as before. One item can be
//! lost by that, and in no other way: the one that the operation that unwinds was about to return,
//! in an `Ok`, a `Some` or an error. It is dropped by the unwinding. An item that was about to be
//! lent is put back.
//!
//! The drop of an item may panic, too. If [`send`](Sender::send), [`try_send`](Sender::try_send) or
//! the `Sink` discards an item in that way, the new one is given back in turn.
//!
//! # Cost
//!
//! * A channel is one allocation. Operations allocate nothing, but a wait that blocks for the
//!   first time sets up what its thread parks on: once for each of a channel's three events, and once
//!   for each thread.
//! * A handover takes one short lock to offer the item and one to take it. To learn that it was
//!   taken needs none. A receive that has to wait takes one more.
//! * A waker is cloned once a wait, and not again when the same task polls again.
//! * Between two threads, a wait may look at the slot again and again before it sleeps, because a sleep
//!   costs 4 to 40 µs and a peer that is running answers in a tenth of one. See [Spinning](#spinning).
//!
//! The package `compare` in the repository measures all that, beside other channels.
//!
//! # Spinning
//!
//! A wait spins only if the other end was last seen on another thread, and only while that pays. A
//! blocked thread spins for at most 50 µs. In a poll, where other tasks want the thread, spins
//! never take more of it than these had before: in `block_on` a thread is in step with its peer for
//! half of the time, and an executor's other tasks keep at least half of theirs. A wait that lasts uses
//! no CPU.
//!
//! A program that wants no spins at all is built with `RUSTFLAGS="--cfg handoff_no_spin"`.
//!
//! # Features and targets
//!
//! * `sink` (off by default): `Sink` of `futures-sink` for [`Sender`].
//!
//! The dependencies are `event-listener`, `futures-core` and `pin-project-lite`. The minimum
//! supported Rust version is 1.71. On wasm, whose main thread must not block, there are no `wait`
//! forms and no iterators.
//!
//! A program that sets `--cfg loom` for its own models passes it on to its dependencies, and
//! `event-listener` does not build with it alone. Enable the feature `loom` of this crate in that
//! build: both then use loom's primitives. It is there for this crate's own models, and not part of
//! the public interface.

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
/// One allocation, which the ends share. Operations allocate nothing but what threads need that
/// block for the first time: see [Cost](crate#cost).
///
/// An item that is on offer lies in that allocation, and every handover moves it there and out
/// again. Of items that are larger than some kilobytes better send a `Box`. For a moment there are
/// several copies on the stack, the caller's among them. Measured with items of 64 KiB: 6 to 7 for a
/// send or a receive in a release build, 11 for `send(..).wait()`, 13 for `until`; in a debug build
/// 16 to make a channel, 20 for a send or a receive, and 26 for `until`.
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
