//! Every operation of the sender against every operation of the receiver, from every state the channel may be in.
//!
//! Each pair is a model of its own. Two threads do one operation each; what cannot go on is left half-way, as a future
//! that was polled once. Then, with both threads at rest, one of them tidies up and checks that
//!
//! * whoever has an answer now was woken for it, and whoever has none can still be served: nobody sleeps for ever;
//! * each item is in exactly one place, and that is where the answers said it was, the verdict of `reclaim` above all;
//! * nobody touched an item before its last owner was done with it: it carries a cell that loom watches.

use crate::common::{Fate, Item, Ledger, Probe};
use crate::model;
use handoff::{channel, Closed, Offer, Receiver, Sender, TrySendError};
use loom::cell::UnsafeCell;
use loom::future::block_on;
use loom::thread;
use std::future::{poll_fn, ready, Future};
use std::mem;
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

/// The state of the channel before the two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Idle,
    /// An item is on offer: its send was forgotten.
    OnOffer,
    /// An item is lent for good: its send and its guard were forgotten.
    Lent,
    /// A receive is waiting: the stream was polled.
    Receiving,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SenderDoes {
    PollSend,
    DropSend,
    Reclaim,
    TrySend,
    Wanted,
    Closed,
    Close,
    DropSender,
    Wait,
    ExpiredWait,
    /// A send whose limit comes at once.
    Until,
    PollWanted,
    PollClosed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReceiverDoes {
    PollRecv,
    DropRecv,
    TryRecv,
    OfferAndAccept,
    OfferAndDrop,
    OfferAndDecline,
    TryOffer,
    PollClosed,
    Closed,
    Close,
    DropReceiver,
    Wait,
    ExpiredWait,
}

macro_rules! pairs {
    ($($start:ident: $from:ident,)*) => {$(
        mod $start {
            pairs! { @sender Start::$from =>
                poll_send: PollSend,
                drop_send: DropSend,
                reclaim: Reclaim,
                try_send: TrySend,
                wanted: Wanted,
                closed: Closed,
                close: Close,
                drop_sender: DropSender,
                wait: Wait,
                expired_wait: ExpiredWait,
                until: Until,
                poll_wanted: PollWanted,
                poll_closed: PollClosed,
            }
        }
    )*};
    (@sender $from:expr => $($name:ident: $sender:ident,)*) => {$(
        mod $name {
            pairs! { @receiver $from, SenderDoes::$sender =>
                poll_recv: PollRecv,
                drop_recv: DropRecv,
                try_recv: TryRecv,
                offer_and_accept: OfferAndAccept,
                offer_and_drop: OfferAndDrop,
                offer_and_decline: OfferAndDecline,
                try_offer: TryOffer,
                poll_closed: PollClosed,
                closed: Closed,
                close: Close,
                drop_receiver: DropReceiver,
                wait: Wait,
                expired_wait: ExpiredWait,
            }
        }
    )*};
    (@receiver $from:expr, $sender:expr => $($name:ident: $receiver:ident,)*) => {$(
        #[test]
        fn $name() {
            #[allow(unused_imports)]
            use super::super::{check, ReceiverDoes, SenderDoes, Start};
            check($from, $sender, ReceiverDoes::$receiver);
        }
    )*};
}

pairs! {
    idle: Idle,
    on_offer: OnOffer,
    lent: Lent,
    receiving: Receiving,
}

/// Explores one pair.
fn check(start: Start, sender: SenderDoes, receiver: ReceiverDoes) {
    // If one side sleeps in its thread, the other has to see to it that it is released, and cannot be left half-way.
    let release = sender == SenderDoes::Wait || receiver == ReceiverDoes::Wait;
    model(move || {
        let ledger = Ledger::new();
        let (tx, rx) = channel_at(start, &ledger);
        let item = Parcel::new(&ledger);
        let receiving = thread::spawn(move || Half::start(receive(receiver, rx, release), release));
        let sending = Half::start(send(sender, tx, item, release), release);
        let receiving = receiving.join().unwrap();
        Epilogue {
            ledger,
            start,
            sender,
            receiver,
            release,
        }
        .run(sending, receiving);
    });
}

// ---- The items ------------------------------------------------------------------------------

/// The item that `Start` leaves in the channel.
const LEFT_OVER: usize = 0;

/// An item with a cell in which loom sees whether two threads had it in hand at once.
struct Parcel {
    item: Item,
    cell: UnsafeCell<u32>,
}

impl Parcel {
    fn new(ledger: &Ledger) -> Self {
        let parcel = Self {
            item: ledger.item(),
            cell: UnsafeCell::new(0),
        };
        parcel.touch();
        parcel
    }

    fn touch(&self) {
        self.cell.with_mut(|_| ());
    }

    /// Ends it in the hands of whoever says so.
    fn end(self, fate: Fate) -> usize {
        self.touch();
        let number = self.item.number();
        self.item.end(fate);
        number
    }
}

fn channel_at(start: Start, ledger: &Ledger) -> (Sender<Parcel>, Receiver<Parcel>) {
    let (mut tx, mut rx) = channel();
    let task = Probe::new();
    match start {
        Start::Idle => {}
        Start::OnOffer | Start::Lent => {
            let mut send = tx.send(Parcel::new(ledger));
            assert!(task.poll(&mut send).is_pending());
            mem::forget(send);
        }
        Start::Receiving => assert!(task.poll_next(&mut rx).is_pending()),
    }
    if start == Start::Lent {
        mem::forget(rx.next_offer().wait());
    }
    (tx, rx)
}

// ---- The operations -------------------------------------------------------------------------

/// What the sender has been told.
struct Sent {
    /// Unless it was dropped.
    tx: Option<Sender<Parcel>>,
    /// The item that a send said was taken.
    taken: Option<usize>,
    /// The item of a dropped send that `reclaim` did not return, which means that it was taken or lent.
    not_reclaimed: Option<usize>,
    /// `try_send` said that nobody was waiting.
    full: bool,
    /// What `wanted` said.
    wanted: Option<bool>,
}

impl Sent {
    fn nothing() -> Self {
        Self {
            tx: None,
            taken: None,
            not_reclaimed: None,
            full: false,
            wanted: None,
        }
    }
}

/// The sender's operation. The future owns the end, so that it can be handed on when it was polled half-way.
async fn send(does: SenderDoes, mut tx: Sender<Parcel>, item: Parcel, release: bool) -> Sent {
    let number = item.item.number();
    let (mut taken, mut not_reclaimed, mut full, mut wanted) = (false, false, false, None);
    match does {
        SenderDoes::PollSend => match tx.send(item).await {
            Ok(()) => taken = true,
            Err(error) => refuse(error.into_inner()),
        },
        SenderDoes::DropSend => {
            let mut send = tx.send(item);
            match poll_fn(|cx| Poll::Ready(Pin::new(&mut send).poll(cx))).await {
                Poll::Ready(Ok(())) => taken = true,
                Poll::Ready(Err(error)) => refuse(error.into_inner()),
                Poll::Pending => {
                    drop(send);
                    not_reclaimed = !reclaim_all(&mut tx).contains(&number);
                }
            }
        }
        SenderDoes::Reclaim => {
            keep(item);
            reclaim_all(&mut tx);
        }
        SenderDoes::TrySend => match tx.try_send(item) {
            Ok(()) => {}
            Err(TrySendError::Full(item)) => {
                full = true;
                refuse(item);
            }
            Err(TrySendError::Closed(item)) => {
                assert!(tx.is_closed());
                refuse(item);
            }
        },
        SenderDoes::Wanted => {
            keep(item);
            wanted = Some(tx.wanted().await);
        }
        SenderDoes::Closed => {
            keep(item);
            wait_for_close(tx.closed(), release).await;
        }
        SenderDoes::Until => match tx.send(item).until(ready(())).await {
            Ok(()) => taken = true,
            Err(error) => refuse(error.into_inner()),
        },
        SenderDoes::PollWanted => {
            keep(item);
            wanted = Some(poll_fn(|cx| tx.poll_wanted(cx)).await);
        }
        SenderDoes::PollClosed => {
            keep(item);
            poll_fn(|cx| unless(release, tx.poll_closed(cx))).await;
        }
        SenderDoes::Close => {
            keep(item);
            tx.close();
        }
        SenderDoes::DropSender => {
            keep(item);
            return Sent::nothing();
        }
        SenderDoes::Wait => match tx.send(item).wait() {
            Ok(()) => taken = true,
            Err(error) => refuse(error.into_inner()),
        },
        SenderDoes::ExpiredWait => match tx.send(item).wait_deadline(Instant::now()) {
            Ok(()) => taken = true,
            Err(error) => refuse(error.into_inner()),
        },
    }
    if release {
        tx.close();
    }
    Sent {
        tx: Some(tx),
        taken: taken.then_some(number),
        not_reclaimed: not_reclaimed.then_some(number),
        full,
        wanted,
    }
}

fn refuse(parcel: Parcel) {
    parcel.end(Fate::Refused);
}

fn keep(parcel: Parcel) {
    parcel.end(Fate::Kept);
}

/// Waits until the other end goes, or only begins to if that would wait for this end to go.
async fn wait_for_close(mut closed: Closed<'_, Parcel>, release: bool) {
    poll_fn(|cx| unless(release, Pin::new(&mut closed).poll(cx))).await;
}

/// Pending, unless it has to `release` the other side.
fn unless(release: bool, poll: Poll<()>) -> Poll<()> {
    if release {
        Poll::Ready(())
    } else {
        poll
    }
}

/// Reclaims until there is nothing left. There cannot be more than two.
fn reclaim_all(tx: &mut Sender<Parcel>) -> Vec<usize> {
    let mut next = || tx.reclaim().map(|parcel| parcel.end(Fate::Reclaimed));
    [next(), next()].into_iter().flatten().collect()
}

/// What the receiver has left, and the items that it has got.
struct Received {
    rx: Option<Receiver<Parcel>>,
    got: Vec<usize>,
}

impl Received {
    fn nothing() -> Self {
        Self {
            rx: None,
            got: Vec::new(),
        }
    }
}

/// The receiver's operation.
async fn receive(does: ReceiverDoes, mut rx: Receiver<Parcel>, release: bool) -> Received {
    let got = match does {
        ReceiverDoes::PollRecv => rx.recv().await,
        ReceiverDoes::DropRecv => {
            let mut recv = rx.recv();
            match poll_fn(|cx| Poll::Ready(Pin::new(&mut recv).poll(cx))).await {
                Poll::Ready(item) => item,
                Poll::Pending => None,
            }
        }
        ReceiverDoes::TryRecv => rx.try_recv().ok(),
        ReceiverDoes::OfferAndAccept => match rx.next_offer().await {
            Some(offer) => {
                offer.touch();
                Some(Offer::accept(offer))
            }
            None => None,
        },
        ReceiverDoes::OfferAndDrop => {
            if let Some(offer) = rx.next_offer().await {
                offer.touch();
            }
            None
        }
        ReceiverDoes::OfferAndDecline => match rx.next_offer().await {
            Some(offer) => {
                offer.touch();
                // It is here if nobody waits for it.
                Offer::decline(offer)
            }
            None => None,
        },
        ReceiverDoes::TryOffer => {
            if let Ok(offer) = rx.try_next_offer() {
                offer.touch();
            }
            None
        }
        ReceiverDoes::PollClosed => {
            poll_fn(|cx| unless(release, rx.poll_closed(cx))).await;
            None
        }
        ReceiverDoes::Closed => {
            wait_for_close(rx.closed(), release).await;
            None
        }
        ReceiverDoes::Close => {
            rx.close();
            None
        }
        ReceiverDoes::DropReceiver => {
            return Received::nothing();
        }
        ReceiverDoes::Wait => rx.recv().wait(),
        ReceiverDoes::ExpiredWait => rx.recv().wait_deadline(Instant::now()).ok(),
    };
    let got = got.map(|parcel| parcel.end(Fate::Received));
    if release {
        rx.close();
    }
    Received {
        rx: Some(rx),
        got: got.into_iter().collect(),
    }
}

// ---- Half-way -------------------------------------------------------------------------------

/// One side's operation: done, or polled once and pending.
enum Half<D> {
    Done(D),
    Pending {
        operation: Pin<Box<dyn Future<Output = D>>>,
        task: Probe,
    },
}

impl<D> Half<D> {
    /// Begins an operation, or does all of it if that is needed to `release` the other side.
    fn start(operation: impl Future<Output = D> + 'static, release: bool) -> Self {
        if release {
            return Half::Done(block_on(operation));
        }
        Half::Pending {
            operation: Box::pin(operation),
            task: Probe::new(),
        }
        .polled()
    }

    fn polled(self) -> Self {
        let Half::Pending {
            mut operation,
            task,
        } = self
        else {
            return self;
        };
        match task.poll(&mut operation) {
            Poll::Ready(done) => Half::Done(done),
            Poll::Pending => Half::Pending { operation, task },
        }
    }

    fn is_pending(&self) -> bool {
        matches!(self, Half::Pending { .. })
    }

    fn is_woken(&self) -> bool {
        matches!(self, Half::Pending { task, .. } if task.take_wakes() > 0)
    }

    fn done(self) -> D {
        match self {
            Half::Done(done) => done,
            Half::Pending { .. } => panic!("it sleeps for ever"),
        }
    }
}

// ---- The end --------------------------------------------------------------------------------

/// What happens when both threads are at rest.
struct Epilogue {
    ledger: Ledger,
    start: Start,
    sender: SenderDoes,
    receiver: ReceiverDoes,
    /// Both sides closed their end when they had done their operation.
    release: bool,
}

impl Epilogue {
    fn run(self, sending: Half<Sent>, receiving: Half<Received>) {
        let (sending, receiving) = settle(sending, receiving);
        let (sent, mut received) = self.serve(sending, receiving);
        self.check_answers(&sent, &received);

        // Nobody waits any more. What is still on offer can be had by either end.
        if let Some(rx) = &mut received.rx {
            receive_all(rx, &mut received.got);
        }
        drop(received.rx);
        if let Some(mut tx) = sent.tx {
            reclaim_all(&mut tx);
        }

        let got = received.got;
        assert!(got.windows(2).all(|pair| pair[0] < pair[1]), "out of order");
        for (number, fate) in self.ledger.fates().into_iter().enumerate() {
            assert_eq!(fate == Fate::Received, got.contains(&number));
            match fate {
                Fate::Received | Fate::Refused | Fate::Reclaimed | Fate::Kept => {}
                Fate::Alive => assert!(number == LEFT_OVER && self.start == Start::Lent),
                Fate::Dropped => {
                    let discarded = self.both_ends_were_dropped() || self.may_be_discarded();
                    assert!(number == LEFT_OVER && discarded);
                }
            }
        }
        if let Some(number) = sent.taken {
            assert!(got.contains(&number), "Ok means taken");
        }
        if let Some(number) = sent.not_reclaimed {
            assert!(got.contains(&number), "it was not given back");
        }
    }

    /// What can be said of the answers without the ledger.
    fn check_answers(&self, sent: &Sent, received: &Received) {
        let receives = matches!(
            self.receiver,
            ReceiverDoes::PollRecv
                | ReceiverDoes::DropRecv
                | ReceiverDoes::TryRecv
                | ReceiverDoes::OfferAndAccept
                | ReceiverDoes::Wait
                | ReceiverDoes::ExpiredWait
        );
        let withdraws = matches!(self.sender, SenderDoes::Reclaim | SenderDoes::DropSend);
        if self.start == Start::OnOffer && receives && !withdraws {
            assert_eq!(received.got.first(), Some(&LEFT_OVER), "it was on offer");
        }
        let keeps_waiting = matches!(
            self.receiver,
            ReceiverDoes::PollRecv | ReceiverDoes::OfferAndAccept | ReceiverDoes::Wait
        );
        if self.start == Start::Receiving && keeps_waiting {
            assert!(!sent.full, "a receive was waiting all the time");
            assert_ne!(sent.wanted, Some(false), "nobody closed anything");
        }
        if sent.wanted == Some(false) {
            let went = self.receiver_is_closed() || self.receiver_waits_for_the_end();
            assert!(went, "nobody closed anything");
        }
    }

    /// Sees to it that both get an answer. What they wait for has not happened yet, so it happens now.
    fn serve(&self, sending: Half<Sent>, receiving: Half<Received>) -> (Sent, Received) {
        match (sending, receiving) {
            (Half::Done(sent), Half::Done(received)) => (sent, received),
            (sending, Half::Done(received)) => self.serve_sender(sending, received),
            (Half::Done(sent), receiving) => self.serve_receiver(sent, receiving),
            // They do not wait for each other, so one of them waits for the other to go.
            (sending, receiving) if self.receiver_waits_for_the_end() => {
                drop(receiving);
                assert!(sending.is_woken(), "the receiver went");
                (sending.polled().done(), Received::nothing())
            }
            (sending, receiving) => {
                assert!(self.sender_waits_for_the_end(), "they sleep for ever");
                drop(sending);
                assert!(receiving.is_woken(), "the sender went");
                (Sent::nothing(), receiving.polled().done())
            }
        }
    }

    fn serve_sender(&self, mut sending: Half<Sent>, mut received: Received) -> (Sent, Received) {
        let rx = received.rx.as_mut().expect("its drop wakes a sender");
        // A send may be in line for the slot, and then wait for its item to be taken.
        while sending.is_pending() {
            receive_all(rx, &mut received.got);
            match self.sender {
                SenderDoes::Wanted | SenderDoes::PollWanted => {
                    let mut recv = rx.recv();
                    assert!(Probe::new().poll(&mut recv).is_pending());
                    mem::forget(recv);
                }
                SenderDoes::Closed | SenderDoes::PollClosed => {
                    assert!(rx.close(), "it was closed before");
                }
                _ => {}
            }
            assert!(sending.is_woken(), "it has an answer and sleeps for ever");
            sending = sending.polled();
        }
        (sending.done(), received)
    }

    fn serve_receiver(&self, mut sent: Sent, receiving: Half<Received>) -> (Sent, Received) {
        let tx = sent.tx.as_mut().expect("its drop wakes a receiver");
        if self.receiver_waits_for_the_end() {
            assert!(tx.close(), "it was closed before");
        } else {
            let item = Parcel::new(&self.ledger);
            assert!(tx.try_send(item).is_ok(), "it is not seen to wait");
        }
        assert!(receiving.is_woken(), "it has an answer and sleeps for ever");
        (sent, receiving.polled().done())
    }

    fn sender_waits_for_the_end(&self) -> bool {
        matches!(self.sender, SenderDoes::Closed | SenderDoes::PollClosed)
    }

    fn receiver_waits_for_the_end(&self) -> bool {
        matches!(
            self.receiver,
            ReceiverDoes::Closed | ReceiverDoes::PollClosed
        )
    }

    fn receiver_is_closed(&self) -> bool {
        self.release
            || matches!(
                self.receiver,
                ReceiverDoes::Close | ReceiverDoes::DropReceiver
            )
    }

    /// An item of a forgotten send that was declined goes back to the sender, whose next send discards it.
    fn may_be_discarded(&self) -> bool {
        self.start == Start::OnOffer && self.receiver == ReceiverDoes::OfferAndDecline
    }

    /// Then an item that was left over cannot be reached by anybody.
    fn both_ends_were_dropped(&self) -> bool {
        self.sender == SenderDoes::DropSender && self.receiver_is_closed()
    }
}

/// Runs both as an executor would, which polls nobody who was not woken.
fn settle(mut sending: Half<Sent>, mut receiving: Half<Received>) -> (Half<Sent>, Half<Received>) {
    // A send in line is woken twice: for the slot to become empty, and for its item to be taken.
    for _ in 0..4 {
        if sending.is_woken() {
            sending = sending.polled();
        }
        if receiving.is_woken() {
            receiving = receiving.polled();
        }
    }
    (sending, receiving)
}

fn receive_all(rx: &mut Receiver<Parcel>, got: &mut Vec<usize>) {
    while let Ok(parcel) = rx.try_recv() {
        got.push(parcel.end(Fate::Received));
    }
}
