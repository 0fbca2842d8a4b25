//! Items that tell when they are destroyed, wakers that count, and a loop that polls only what was
//! woken.

use crate::ends::{AsyncEnds, Received, RecvEnd, SendEnd, Sent, Verdict};
use std::{
    cell::RefCell,
    future::Future,
    ops::Range,
    pin::{pin, Pin},
    sync::{
        atomic::{AtomicU64, AtomicUsize, Ordering},
        Arc,
    },
    task::{Context, Poll, Wake, Waker},
};

/// Writes down which parcels were destroyed.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<AtomicU64>);

impl Ledger {
    /// A new parcel.
    #[must_use]
    pub fn parcel(&self, number: u32) -> Parcel {
        Parcel {
            number,
            ledger: self.clone(),
        }
    }

    /// Whether the parcel is gone.
    #[must_use]
    pub fn destroyed(&self, number: u32) -> bool {
        self.0.load(Ordering::SeqCst) & (1 << number) != 0
    }
}

/// An item whose end is noted.
#[derive(Debug)]
pub struct Parcel {
    /// Which one, below 64.
    pub number: u32,
    ledger: Ledger,
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.ledger.0.fetch_or(1 << self.number, Ordering::SeqCst);
    }
}

/// A waker that counts.
#[derive(Debug, Default)]
pub struct Bell(AtomicUsize);

impl Bell {
    /// A new one, and a waker for it.
    #[must_use]
    pub fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self::default());
        (Arc::clone(&bell), Waker::from(bell))
    }

    /// How often it was rung.
    #[must_use]
    pub fn rung(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls once.
pub fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Polls a send once.
pub fn poll_send<F: Future<Output: Verdict<Parcel>>>(future: Pin<&mut F>) -> Poll<Sent<Parcel>> {
    poll(future, Waker::noop()).map(Verdict::sent)
}

/// Polls a receive once.
pub fn poll_recv<F: Future<Output: Received<Parcel>>>(future: Pin<&mut F>) -> Poll<Option<Parcel>> {
    poll(future, Waker::noop()).map(Received::received)
}

/// How many sends say `Ok` with nobody receiving.
#[must_use]
pub fn capacity<E: AsyncEnds>() -> u32 {
    let ledger = Ledger::default();
    let (mut tx, _rx) = E::channel::<Parcel>();
    let at_once = |number| {
        matches!(
            poll_send(pin!(tx.send(ledger.parcel(number)))),
            Poll::Ready(Sent::Ok)
        )
    };
    let full = (0..8).map(at_once).position(|accepted| !accepted);
    full.map_or(8, |number| u32::try_from(number).expect("below 8"))
}

/// Fills a buffered channel up, so that the next send has to wait.
pub fn fill<X: SendEnd<Parcel>>(tx: &mut X, ledger: &Ledger, capacity: u32) {
    for number in 0..capacity {
        let sent = poll_send(pin!(tx.send(ledger.parcel(number))));
        assert!(matches!(sent, Poll::Ready(Sent::Ok)), "as measured before");
    }
}

/// What came of an [`exchange`].
#[derive(Debug, Default)]
pub struct Exchange {
    /// What arrived.
    pub received: Vec<u32>,
    /// Whether the sender got all its sends done.
    pub sent_all: bool,
}

/// Sends these parcels and receives what comes until nobody is woken any more, as an executor
/// would: a task is polled only when it was woken.
pub fn exchange<X, Y>(tx: &mut X, rx: &mut Y, ledger: &Ledger, numbers: Range<u32>) -> Exchange
where
    X: SendEnd<Parcel>,
    Y: RecvEnd<Parcel>,
{
    let received = RefCell::new(Vec::new());
    let mut sending = pin!(async {
        for number in numbers {
            let sent = tx.send(ledger.parcel(number)).await.sent();
            assert!(matches!(sent, Sent::Ok), "refused on an open channel");
        }
    });
    let mut receiving = pin!(async {
        while let Some(parcel) = rx.recv().await.received() {
            received.borrow_mut().push(parcel.number);
        }
    });
    let (sender_bell, sender_waker) = Bell::new();
    let (receiver_bell, receiver_waker) = Bell::new();
    let (mut sender_seen, mut receiver_seen) = (usize::MAX, usize::MAX);
    let mut sent_all = false;
    for _ in 0..1000 {
        let (sender_rung, receiver_rung) = (sender_bell.rung(), receiver_bell.rung());
        if sender_rung != sender_seen && !sent_all {
            sender_seen = sender_rung;
            sent_all = poll(sending.as_mut(), &sender_waker).is_ready();
        } else if receiver_rung != receiver_seen {
            receiver_seen = receiver_rung;
            if poll(receiving.as_mut(), &receiver_waker).is_ready() {
                break;
            }
        } else {
            break;
        }
    }
    let received = received.borrow().clone();
    Exchange { received, sent_all }
}
