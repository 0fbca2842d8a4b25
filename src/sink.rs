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
/// * `poll_ready` waits until nothing is on offer or lent. It never fails.
/// * `start_send` puts the item on offer.
/// * `poll_flush` waits until nothing is on offer or lent, whoever put it there.
/// * `poll_close` flushes, then [closes](Sender::close) the sender, also if the flush failed.
///
/// # Errors
///
/// An error of `start_send` always carries the item of that call: `Closed` if either end is closed,
/// and [`Busy`](SinkError::Busy) if an earlier item is in the way.
///
/// An error of `poll_flush` or `poll_close` carries the item that this `Sink` started and that came
/// back: `Closed` if the receiver closed, `Declined` if it [declined](crate::Offer::decline). What
/// came back of a dropped [`Send`](crate::Send) they leave to [`reclaim`](Sender::reclaim).
///
/// An item that the `Sink` has on offer when the receiver closes stays there until a flush, a close
/// or [`reclaim`](Sender::reclaim) fetches it. A declined item waits for the same, but
/// [`send`](Sender::send) and [`try_send`](Sender::try_send) discard it.
///
/// # Cancel safety
///
/// The `Sink` has no future that could withdraw an item. One that was started stays on offer, also
/// when a `SinkExt::send` is dropped half-way, and can be received or
/// [reclaimed](Sender::reclaim).
///
/// # What a combinator can destroy
///
/// `feed`, `send`, `send_all`, and `forward` into `&mut sender` destroy nothing when they fail: the
/// error has the item that was not started, and the one before it waits for a flush. But if you drop
/// a combinator that waits to start an item, it drops that item. So does one that stores items:
/// `buffer`, `with` and `with_flat_map`. A `fanout` holds two items, and its error can carry only
/// one. A `forward` that owns the sender drops it at its end, with what came back to it.
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
        Wait::new(&this.channel, &mut this.spin, Vacate).poll_and_stay(cx)
    }

    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), SinkError<T>> {
        let this = self.get_mut();
        loop {
            let flags = this.channel.flags();
            if flags.has(Flags::GIVEN_BACK) && !flags.has(Flags::BACK_IN_SINK) {
                if let Some(panic) = this.discard(|slot| slot.take_given_back()) {
                    this.give_back_and_resume(item, panic);
                }
            }
            let mut slot = this.channel.lock();
            let flags = slot.flags();
            if flags.is_closed() {
                return Err(SinkError::Closed(item));
            }
            if flags.is_occupied() || flags.has(Flags::BACK_IN_SINK) {
                return Err(SinkError::Busy(item));
            }
            if flags.has(Flags::GIVEN_BACK) {
                // Since the look above, the receiver declined the item of a leaked `Send`.
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
        Wait::new(&this.channel, &mut this.spin, Flush).poll_and_stay(cx)
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
        Flags::FOR_VACANCY
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        !flags.is_occupied() || flags.is_closed()
    }

    #[inline]
    fn answer(&mut self, _slot: &mut Slot<'_, T>, _wake: &mut Wake) -> Self::Output {
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
        Flags::FOR_VACANCY
    }

    #[inline]
    fn is_ready(&self, flags: Flags) -> bool {
        !flags.is_occupied() || flags.has(Flags::RECEIVER_CLOSED)
    }

    #[inline]
    fn answer(&mut self, slot: &mut Slot<'_, T>, _wake: &mut Wake) -> Self::Output {
        let flags = slot.flags();
        let error = if flags.has(Flags::BACK_IN_SINK) {
            slot.take_given_back().map(SinkError::Declined)
        } else if flags.has(Flags::FROM_SINK)
            && flags.has(Flags::OFFERED)
            && flags.has(Flags::RECEIVER_CLOSED)
        {
            slot.withdraw().map(SinkError::Closed)
        } else {
            None
        };
        error.map_or(Ok(()), Err)
    }
}
