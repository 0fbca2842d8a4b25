//! `Sink` for [`Sender`], behind the feature `sink`.

use crate::error::SendError;
use crate::sender::Sender;
use crate::signal::{Operation, Wait};
use crate::slot::{Flags, Interest, Seat, Slot, Waiter};
use futures_sink::Sink;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Items go in one by one: an item that was started is on offer until the receiver takes it, and
/// nothing is buffered.
///
/// * `poll_ready` waits until nothing is on offer;
/// * `start_send` puts the item on offer;
/// * `poll_flush` waits until it was taken;
/// * `poll_close` flushes, then [closes](Sender::close) the sender, also if the flush failed.
///
/// # Errors
///
/// `poll_ready`, `poll_flush` and `poll_close` fail only with an item that this `Sink` started and
/// that the receiver did not take before it closed. `start_send` gives its item back if either end
/// is closed, and also if something is on offer, because `poll_ready` was not asked first.
///
/// # Cancel safety
///
/// The `Sink` has no future that could withdraw an item. One that was started stays on offer, also
/// when a `SinkExt::send` is dropped half-way, and can be received or
/// [reclaimed](Sender::reclaim).
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures::{future, SinkExt, StreamExt};
///
/// let (mut sender, receiver) = handoff::channel();
/// let mut items = futures::stream::iter([Ok(1), Ok(2), Ok(3)]);
/// let send = async move {
///     sender.send_all(&mut items).await.unwrap();
///     SinkExt::close(&mut sender).await.unwrap();
/// };
/// let (_, received) = future::join(send, receiver.collect::<Vec<_>>()).await;
/// assert_eq!(received, [1, 2, 3]);
/// # });
/// ```
impl<T> Sink<T> for Sender<T> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.get_mut().poll_vacant(true, cx)
    }

    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), SendError<T>> {
        let this = self.get_mut();
        this.discard_given_back();
        let mut slot = this.shared.lock();
        if slot.flags().is_closed() || slot.flags().is_occupied() {
            return Err(SendError(item));
        }
        let wake = slot.offer(item);
        slot.mark_from_sink();
        drop(slot);
        this.shared.wake(Seat::Receiver, wake);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.get_mut().poll_vacant(false, cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<T>>> {
        let flushed = self.as_mut().poll_flush(cx);
        if flushed.is_ready() {
            let parting = self.shared.lock().close_sink();
            self.shared.part(parting);
        }
        flushed
    }
}

/// How the `Sink` waits: until the slot is vacant.
struct Vacate {
    /// It waits to start a send, which a closed sender cannot, so there is nothing to wait for.
    to_send: bool,
}

impl<T> Operation<T> for Vacate {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Sender
    }

    #[inline]
    fn has_answer(&self, flags: Flags) -> bool {
        !flags.is_occupied()
            || flags.is_receiver_closed()
            || (self.to_send && flags.is_sender_closed())
    }

    #[inline]
    fn answer(&mut self, slot: &mut Slot<T>, _wake: &mut Waiter) -> Self::Output {
        match slot.withdraw_from_sink() {
            Some(item) => Err(SendError(item)),
            None => Ok(()),
        }
    }

    #[inline]
    fn commit(&mut self, slot: &mut Slot<T>, _wake: &mut Waiter) {
        slot.set_interest(Interest::Vacancy);
    }
}

impl<T> Sender<T> {
    fn poll_vacant(
        &mut self,
        to_send: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError<T>>> {
        Wait::new(Vacate { to_send }).poll(&self.shared, Some(&mut self.watch), cx)
    }
}
