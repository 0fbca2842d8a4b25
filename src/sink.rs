//! `Sink` for [`Sender`], behind the feature `sink`.

use crate::error::SinkError;
use crate::sender::Sender;
use crate::slot::{Flags, Offerer, Seat, Slot, Wake};
use crate::wait::{Operation, Wait};
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
    type Error = SinkError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SinkError<T>>> {
        let this = self.get_mut();
        Wait::new(&this.channel, Some(&mut this.spin), Vacate).poll_and_stay(cx)
    }

    fn start_send(self: Pin<&mut Self>, mut item: T) -> Result<(), SinkError<T>> {
        let this = self.get_mut();
        loop {
            let flags = this.channel.flags();
            if flags.is_given_back() && !flags.is_back_in_sink() {
                item = this.discard_given_back(item);
            }
            let mut slot = this.channel.lock();
            let flags = slot.flags();
            if flags.is_closed() {
                return Err(SinkError::Closed(item));
            }
            if flags.is_occupied() || flags.is_back_in_sink() {
                return Err(SinkError::Busy(item));
            }
            if flags.is_given_back() {
                // The receiver declined the item of a leaked `Send` just now.
                continue;
            }
            let wake = slot.offer(item, Offerer::Sink);
            drop(slot);
            this.channel.wake(wake);
            return Ok(());
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SinkError<T>>> {
        let this = self.get_mut();
        Wait::new(&this.channel, Some(&mut this.spin), Flush).poll_and_stay(cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SinkError<T>>> {
        let flushed = self.as_mut().poll_flush(cx);
        if flushed.is_ready() {
            let parting = self.channel.lock().close_in_poll();
            self.channel.part(parting);
        }
        flushed
    }
}

/// How `poll_ready` waits: until an item can be started, or none ever can.
struct Vacate;

impl<T> Operation<T> for Vacate {
    type Output = Result<(), SinkError<T>>;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Sender
    }

    #[inline]
    fn reasons(&self) -> Flags {
        Flags::for_vacancy()
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        !flags.is_occupied() || flags.is_closed()
    }

    #[inline]
    fn answer(&mut self, _slot: &mut Slot<T>, _wake: &mut Wake) -> Self::Output {
        Ok(())
    }
}

/// How `poll_flush` waits: until nothing is on offer or lent, or the receiver is closed.
struct Flush;

impl<T> Operation<T> for Flush {
    type Output = Result<(), SinkError<T>>;

    #[inline]
    fn seat(&self) -> Seat {
        Seat::Sender
    }

    #[inline]
    fn reasons(&self) -> Flags {
        Flags::for_vacancy()
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        !flags.is_occupied() || flags.is_receiver_closed()
    }

    #[inline]
    fn answer(&mut self, slot: &mut Slot<T>, _wake: &mut Wake) -> Self::Output {
        let flags = slot.flags();
        let (item, error): (_, fn(T) -> _) = if flags.is_back_in_sink() {
            (slot.take_given_back(), SinkError::Declined)
        } else if flags.is_from_sink() && flags.is_offered() && flags.is_receiver_closed() {
            (slot.withdraw(), SinkError::Closed)
        } else {
            return Ok(());
        };
        item.map_or(Ok(()), |item| Err(error(item)))
    }
}
