//! A wait that any other future may cut short.

use crate::closed::Closed;
use crate::error::{RecvTimeoutError, SendTimeoutError};
use crate::offer::{NextOffer, Offer};
use crate::recv::{or_timeout, Recv};
use crate::send::Send;
use crate::wanted::Wanted;
use futures_core::future::FusedFuture;
use futures_core::ready;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// One of the crate's futures with a limit, made by `until` of that future.
    ///
    /// The limit is any future: a timer of any runtime, or a cancellation token. When it resolves, the
    /// operation gives up, whatever the output of the limit is. The result says how it ended:
    ///
    /// | future | output with a limit |
    /// |--------|---------------------|
    /// | [`Send`] | `Result<(), SendTimeoutError<T>>`, with the item in each error |
    /// | [`Recv`] | `Result<T, RecvTimeoutError>` |
    /// | [`NextOffer`] | `Result<Offer<'_, T>, RecvTimeoutError>` |
    /// | [`Wanted`] | `Option<bool>`: `Some(true)` a receive waits, `Some(false)` an end is closed, `None` the limit came first |
    /// | [`Closed`] | `Option<()>`: `None` if the limit came first |
    ///
    /// Each poll polls the operation first and the limit second, so delivery wins over the limit.
    /// Once the limit has resolved it is not polled again. With a limit that has already resolved, the
    /// operation still tries once: a receive takes what is on offer, and a send offers its item and
    /// withdraws it in the same poll.
    ///
    /// A limit has come when a poll has seen it resolve, and not earlier. So a task that is polled late
    /// gives up late.
    ///
    /// A limit cannot end a send whose item is lent in an [`Offer`]. The send then waits until the
    /// guard is accepted (`Ok`), declined (`Declined`) or dropped (`Timeout`). A drop of the `Until`
    /// ends the wait at once. The item then stays in the guard, and [`Offer::decline`] returns it to
    /// the receiver.
    ///
    /// With `until(&mut limit)` the limit can be used again. But a second `until` polls it even if it
    /// has resolved, and not every future allows that: [fuse] it.
    ///
    /// [fuse]: https://docs.rs/futures/latest/futures/future/trait.FutureExt.html#method.fuse
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops its future, and then its limit. So the item of a send comes back through
    /// [`reclaim`](crate::Sender::reclaim).
    ///
    /// # Panics
    ///
    /// It does not panic itself. A panic of the limit comes out of the poll. For the operation, the
    /// limit then counts as pending.
    ///
    /// ```
    /// use futures_lite::future::block_on;
    /// use handoff::{channel, SendTimeoutError};
    /// use std::{future::ready, time::Duration};
    ///
    /// let (mut sender, mut receiver) = channel();
    /// block_on(async {
    ///     // A timer of async-io, which the receiver does not beat.
    ///     let limit = async_io::Timer::after(Duration::from_millis(1));
    ///     let outcome = sender.send("parcel").until(limit).await;
    ///     assert_eq!(outcome, Err(SendTimeoutError::Timeout("parcel")));
    ///
    ///     // Any future will do.
    ///     assert!(receiver.recv().until(ready(())).await.unwrap_err().is_timeout());
    /// });
    /// ```
    #[must_use = "it does nothing unless it is awaited or polled"]
    pub struct Until<F, L> {
        // Dropped in this order, so that the drop of the limit finds the item given back.
        #[pin]
        future: F,
        #[pin]
        limit: L,
    }
}

impl<F, L: Future> Until<F, L> {
    #[inline]
    pub(crate) fn new(
        future: F,
        limit: impl IntoFuture<IntoFuture = L, Output = L::Output>,
    ) -> Self {
        Until {
            limit: limit.into_future(),
            future,
        }
    }
}

impl<T, L: Future> Future for Until<Send<'_, T>, L> {
    type Output = Result<(), SendTimeoutError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let send = this.future.get_mut();
        let outcome = ready!(send.wait.poll_until(this.limit, cx));
        Poll::Ready(send.or_timeout(outcome))
    }
}

/// The same for the others: only the output differs.
macro_rules! until {
    ($future:ident -> $output:ty $(, $finish:ident)?) => {
        impl<'a, T, L: Future> Future for Until<$future<'a, T>, L> {
            type Output = $output;

            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let this = self.project();
                let wait = &mut this.future.get_mut().wait;
                wait.poll_until(this.limit, cx)$(.map($finish))?
            }
        }
    };
}

until!(Recv -> Result<T, RecvTimeoutError>, or_timeout);
until!(NextOffer -> Result<Offer<'a, T>, RecvTimeoutError>, or_timeout);
until!(Wanted -> Option<bool>);
until!(Closed -> Option<()>);

impl<F: FusedFuture, L: Future> FusedFuture for Until<F, L>
where
    Self: Future,
{
    fn is_terminated(&self) -> bool {
        self.future.is_terminated()
    }
}

impl<F: fmt::Debug, L> fmt::Debug for Until<F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Until")
            .field("future", &self.future)
            .finish_non_exhaustive()
    }
}
