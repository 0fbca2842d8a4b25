//! Every action of the sender by every action of the receiver, in both orders, and where the item ends.
//!
//! Both sides run the same three steps in turn: start, end, and settle. The tables at the end of this file say for each
//! cell what the contract makes of the one item:
//!
//! - `R`: received
//! - `E`: back with the sender, in an error
//! - `C`: back with the sender, through `reclaim`
//! - `K`: kept by the sender, who was never asked for it
//! - `D`: dropped with the last end that could have had it
//! - `L`: leaked, with the future or the guard that was forgotten

use crate::common::{elsewhere, watchdog, yield_once, Fate, Item, Ledger, Probe};
use futures_lite::future::poll_once;
use futures_lite::StreamExt;
use handoff::{channel, Offer, Receiver, SendError, Sender};
use std::fmt::Write;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

// The sender's actions.

/// What becomes of a future in the step "end".
#[derive(Clone, Copy, Debug)]
enum End {
    /// It is awaited.
    Await,
    Drop,
    Forget,
    /// It is dropped, and its end of the channel closed.
    Close,
    /// It is dropped, and its end of the channel too.
    Leave,
}

const ENDS: [End; 5] = [End::Await, End::Drop, End::Forget, End::Close, End::Leave];

#[derive(Clone, Copy, Debug)]
enum Sending {
    /// `send`, polled so many times.
    Send(usize, End),
    /// `send`, with no time to wait.
    Expired,
    /// `send`, with a limit that comes at the poll after so many.
    Until(usize),
    TrySend,
    /// `wanted`, polled once, awaited, and then `send` if it is.
    Wanted,
    /// `wanted`, polled once and dropped, and then `send`.
    WantedDropped,
    /// `start_send`, and then `poll_flush` until it is ready.
    #[cfg(feature = "sink")]
    Flush,
    /// `start_send`, and then `poll_close` until it is ready.
    #[cfg(feature = "sink")]
    SinkClose,
    /// `start_send`, and nothing more.
    #[cfg(feature = "sink")]
    Start,
    /// `start_send`, and then the sender is dropped.
    #[cfg(feature = "sink")]
    StartLeave,
}

fn sendings() -> Vec<Sending> {
    let polled = |polls| ENDS.map(|end| Sending::Send(polls, end));
    let mut all: Vec<_> = [0, 1, 2].into_iter().flat_map(polled).collect();
    all.extend([
        Sending::Expired,
        Sending::Until(0),
        Sending::Until(1),
        Sending::Until(3),
        Sending::TrySend,
        Sending::Wanted,
        Sending::WantedDropped,
    ]);
    #[cfg(feature = "sink")]
    all.extend([
        Sending::Flush,
        Sending::SinkClose,
        Sending::Start,
        Sending::StartLeave,
    ]);
    all
}

/// What the sender knows in the end.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// `Ok` of something that waits until the item was taken.
    Taken,
    /// The item is back.
    Back(Fate),
    /// `reclaim` had nothing.
    NotBack,
    /// The sender was dropped or the future forgotten, so nobody asked.
    Unknown,
}

fn back(item: Item, fate: Fate) -> Verdict {
    item.end(fate);
    Verdict::Back(fate)
}

#[cfg(feature = "sink")]
fn flushed(outcome: Result<(), handoff::SinkError<Item>>) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Taken,
        Err(error) => back(error.into_inner(), Fate::Refused),
    }
}

fn sent(outcome: Result<(), SendError<Item>>) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Taken,
        Err(error) => back(error.into_inner(), Fate::Refused),
    }
}

/// The step "settle" of a sender that has not been told.
fn reclaim(tx: &mut Sender<Item>) -> Verdict {
    match tx.reclaim() {
        Some(item) => back(item, Fate::Reclaimed),
        None => Verdict::NotBack,
    }
}

async fn send(mut tx: Sender<Item>, item: Item, polls: usize, end: End) -> Verdict {
    let mut future = tx.send(item);
    let mut outcome = None;
    for _ in 0..polls {
        if outcome.is_none() {
            outcome = poll_once(&mut future).await;
        }
    }
    yield_once().await;
    match end {
        End::Await => {
            let outcome = match outcome.take() {
                Some(outcome) => outcome,
                None => future.await,
            };
            return sent(outcome);
        }
        End::Forget => mem::forget(future),
        End::Drop => drop(future),
        End::Close => {
            drop(future);
            tx.close();
        }
        End::Leave => {
            drop(future);
            drop(tx);
            return outcome.map_or(Verdict::Unknown, sent);
        }
    }
    yield_once().await;
    outcome.map_or_else(|| reclaim(&mut tx), sent)
}

async fn run_sender(sending: Sending, mut tx: Sender<Item>, item: Item) -> Verdict {
    match sending {
        Sending::Send(polls, end) => send(tx, item, polls, end).await,
        Sending::Expired => match tx.send(item).wait_timeout(Duration::ZERO) {
            Ok(()) => Verdict::Taken,
            Err(error) => back(error.into_inner(), Fate::Refused),
        },
        Sending::Until(polls) => {
            let limit = async {
                for _ in 0..polls {
                    yield_once().await;
                }
            };
            match tx.send(item).until(limit).await {
                Ok(()) => Verdict::Taken,
                Err(error) => back(error.into_inner(), Fate::Refused),
            }
        }
        Sending::TrySend => match tx.try_send(item) {
            Ok(()) => {
                yield_once().await;
                yield_once().await;
                reclaim(&mut tx)
            }
            Err(error) => back(error.into_inner(), Fate::Refused),
        },
        Sending::Wanted => {
            let mut wanted = tx.wanted();
            let mut outcome = poll_once(&mut wanted).await;
            yield_once().await;
            if outcome.is_none() {
                outcome = Some((&mut wanted).await);
            }
            drop(wanted);
            if outcome == Some(true) {
                sent(tx.send(item).await)
            } else {
                back(item, Fate::Kept)
            }
        }
        Sending::WantedDropped => {
            poll_once(tx.wanted()).await;
            yield_once().await;
            sent(tx.send(item).await)
        }
        #[cfg(feature = "sink")]
        _ => run_sink(sending, tx, item).await,
    }
}

#[cfg(feature = "sink")]
async fn run_sink(sending: Sending, mut tx: Sender<Item>, item: Item) -> Verdict {
    use futures::SinkExt;

    if let Err(error) = tx.start_send_unpin(item) {
        let item = error.into_inner();
        return back(item, Fate::Refused);
    }
    yield_once().await;
    match sending {
        Sending::Flush => flushed(SinkExt::flush(&mut tx).await),
        Sending::SinkClose => flushed(SinkExt::close(&mut tx).await),
        Sending::Start => {
            yield_once().await;
            reclaim(&mut tx)
        }
        Sending::StartLeave => Verdict::Unknown,
        other => unreachable!("{other:?} is no sink's"),
    }
}

// The receiver's actions.

/// What becomes of a guard.
#[derive(Clone, Copy, Debug)]
enum Guard {
    Accept,
    Drop,
    Forget,
    Decline,
}

/// The step in which something is done.
#[derive(Clone, Copy, Debug)]
enum When {
    Start,
    End,
}

#[derive(Clone, Copy, Debug)]
enum Receiving {
    /// `recv`, polled so many times.
    Recv(usize, End),
    /// The stream, polled once, and then `next` awaited.
    Stream,
    /// The stream, polled once, and nothing more.
    StreamOnce,
    /// `poll_recv` in both steps.
    PollRecv,
    TryRecv(When),
    /// `recv` with no time to wait, at the end.
    Expired,
    /// `next_offer`, polled so many times, and then awaited.
    Offer(usize, Guard),
    /// `next_offer`, polled once, and then dropped.
    OfferDropped,
    /// `next_offer`, polled once, and then forgotten.
    OfferForgotten,
    Close(When),
    Drop(When),
    /// `closed`, polled once, and then dropped.
    Closed,
}

fn receivings() -> Vec<Receiving> {
    let polled = |polls| ENDS.map(|end| Receiving::Recv(polls, end));
    let guards = [Guard::Accept, Guard::Drop, Guard::Forget, Guard::Decline];
    let offered = |polls| guards.map(|guard| Receiving::Offer(polls, guard));
    let mut all: Vec<_> = [0, 1, 2].into_iter().flat_map(polled).collect();
    all.extend([
        Receiving::Stream,
        Receiving::StreamOnce,
        Receiving::PollRecv,
    ]);
    all.extend([When::Start, When::End].map(Receiving::TryRecv));
    all.push(Receiving::Expired);
    all.extend([0, 1].into_iter().flat_map(offered));
    all.extend([Receiving::OfferDropped, Receiving::OfferForgotten]);
    all.extend([When::Start, When::End].map(Receiving::Close));
    all.extend([When::Start, When::End].map(Receiving::Drop));
    all.push(Receiving::Closed);
    all
}

fn receive(item: Option<Item>) {
    if let Some(item) = item {
        item.received();
    }
}

fn end_guard(guard: Option<Offer<'_, Item>>, how: Guard) {
    match how {
        Guard::Accept => receive(guard.map(Offer::accept)),
        Guard::Drop => drop(guard),
        Guard::Forget => mem::forget(guard),
        // It is ours if nobody waits for it.
        Guard::Decline => receive(guard.and_then(Offer::decline)),
    }
}

async fn recv(mut rx: Receiver<Item>, polls: usize, end: End) {
    let mut future = rx.recv();
    let mut done = false;
    for _ in 0..polls {
        if !done {
            if let Some(item) = poll_once(&mut future).await {
                done = true;
                receive(item);
            }
        }
    }
    yield_once().await;
    match end {
        End::Await if done => {}
        End::Await => receive(future.await),
        End::Drop => drop(future),
        End::Forget => mem::forget(future),
        End::Close => {
            drop(future);
            rx.close();
        }
        End::Leave => {
            drop(future);
            drop(rx);
            return;
        }
    }
    yield_once().await;
}

async fn run_receiver(receiving: Receiving, mut rx: Receiver<Item>) {
    match receiving {
        Receiving::Recv(polls, end) => return recv(rx, polls, end).await,
        Receiving::Stream => {
            let mut item = poll_once(rx.next()).await.flatten();
            yield_once().await;
            if item.is_none() {
                item = rx.next().await;
            }
            receive(item);
        }
        Receiving::StreamOnce => {
            receive(poll_once(rx.next()).await.flatten());
            yield_once().await;
        }
        Receiving::PollRecv => {
            for _ in 0..2 {
                let item = std::future::poll_fn(|cx| Poll::Ready(rx.poll_recv(cx))).await;
                if let Poll::Ready(item) = item {
                    receive(item);
                }
                yield_once().await;
            }
            return;
        }
        Receiving::TryRecv(When::Start) => {
            receive(rx.try_recv().ok());
            yield_once().await;
        }
        Receiving::TryRecv(When::End) => {
            yield_once().await;
            receive(rx.try_recv().ok());
        }
        Receiving::Expired => {
            yield_once().await;
            receive(rx.recv().wait_timeout(Duration::ZERO).ok());
        }
        Receiving::Offer(polls, guard) => {
            let mut future = rx.next_offer();
            let mut lent = None;
            for _ in 0..polls {
                lent = poll_once(&mut future).await;
            }
            yield_once().await;
            if lent.is_none() {
                lent = Some(future.await);
            }
            end_guard(lent.flatten(), guard);
        }
        Receiving::OfferDropped => {
            let mut future = rx.next_offer();
            let lent = poll_once(&mut future).await;
            yield_once().await;
            drop(lent);
            drop(future);
        }
        Receiving::OfferForgotten => {
            let mut future = rx.next_offer();
            let lent = poll_once(&mut future).await;
            yield_once().await;
            drop(lent);
            mem::forget(future);
        }
        Receiving::Close(When::Start) => {
            rx.close();
            yield_once().await;
        }
        Receiving::Close(When::End) => {
            yield_once().await;
            rx.close();
        }
        Receiving::Drop(When::Start) => return,
        Receiving::Drop(When::End) => {
            yield_once().await;
            return;
        }
        Receiving::Closed => {
            poll_once(rx.closed()).await;
            yield_once().await;
        }
    }
    yield_once().await;
}

// A cell.

#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    Sender,
    Receiver,
}

/// On how many threads a cell runs, still one step at a time. An end whose other end was last seen on another thread
/// watches for it before it waits.
#[derive(Clone, Copy, Debug)]
enum Threads {
    One,
    /// Each step is on a thread of its own.
    Many,
}

/// One side of a cell, which is polled only when it was woken: a wake that is lost is seen.
struct Side<O> {
    script: Option<Pin<Box<dyn Future<Output = O> + Send>>>,
    probe: Probe,
    outcome: Option<O>,
    threads: Threads,
}

impl<O: Send> Side<O> {
    fn new(script: impl Future<Output = O> + Send + 'static, threads: Threads) -> Self {
        Self {
            script: Some(Box::pin(script)),
            probe: Probe::new(),
            outcome: None,
            threads,
        }
    }

    /// Takes the next step if there is one to take.
    fn step(&mut self) -> bool {
        let Some(script) = &mut self.script else {
            return false;
        };
        let mut step = || self.probe.poll(script);
        let outcome = match self.threads {
            Threads::One => step(),
            Threads::Many => elsewhere(step),
        };
        if let Poll::Ready(outcome) = outcome {
            self.outcome = Some(outcome);
            self.script = None;
        }
        true
    }

    fn step_if_woken(&mut self) -> bool {
        self.probe.take_wakes() > 0 && self.step()
    }
}

/// Runs one cell, checks what holds in all of them, and gives the letter for the item.
fn cell(sending: Sending, receiving: Receiving, first: First, threads: Threads) -> char {
    let name = format!("{sending:?} by {receiving:?}, {first:?} first");
    let ledger = Ledger::new();
    let item = ledger.item();
    let (tx, rx) = channel();
    let mut sender = Side::new(run_sender(sending, tx, item), threads);
    let mut receiver = Side::new(run_receiver(receiving, rx), threads);

    if first == First::Sender {
        sender.step();
    }
    receiver.step();
    if first == First::Receiver {
        sender.step();
    }
    loop {
        let went = if first == First::Sender {
            [sender.step_if_woken(), receiver.step_if_woken()]
        } else {
            let receiver_went = receiver.step_if_woken();
            [sender.step_if_woken(), receiver_went]
        };
        if went == [false, false] {
            break;
        }
    }
    assert!(sender.script.is_none(), "{name}: nobody wakes the sender");
    assert!(receiver.script.is_none(), "{name}: nor the receiver");
    assert_eq!(sender.probe.held(), 0, "{name}: its waker is kept");
    assert_eq!(receiver.probe.held(), 0, "{name}: its waker is kept");

    let verdict = sender.outcome.expect("it is done");
    let guard_forgotten = matches!(receiving, Receiving::Offer(_, Guard::Forget));
    let send_forgotten = matches!(sending, Sending::Send(_, End::Forget));
    match (verdict, ledger.fate(0)) {
        (Verdict::Taken | Verdict::NotBack | Verdict::Unknown, Fate::Received) => 'R',
        (Verdict::Back(Fate::Refused), Fate::Refused) => 'E',
        (Verdict::Back(Fate::Reclaimed), Fate::Reclaimed) => 'C',
        (Verdict::Back(Fate::Kept), Fate::Kept) => 'K',
        (Verdict::Unknown, Fate::Dropped) => 'D',
        (Verdict::Taken | Verdict::NotBack | Verdict::Unknown, Fate::Alive) if guard_forgotten => {
            'L'
        }
        (Verdict::NotBack, Fate::Alive) if send_forgotten => 'L',
        (verdict, fate) => panic!("{name}: the sender says {verdict:?}, and the item {fate:?}"),
    }
}

/// Runs a whole table, and says of every cell that is not as expected what it is.
fn check(first: First, threads: Threads, expected: &str) {
    let mut wrong = String::new();
    for sending in sendings() {
        let name = format!("{sending:?}");
        let row = expected
            .lines()
            .find_map(|line| line.trim().strip_prefix(&name)?.strip_prefix("  "))
            .unwrap_or_else(|| panic!("there is no row {name}"));
        let mut letters = row.chars().filter(|letter| !letter.is_whitespace());
        for receiving in receivings() {
            let expected = letters.next().expect("a letter for each column");
            let actual = cell(sending, receiving, first, threads);
            if actual != expected {
                writeln!(wrong, "{name} by {receiving:?}: {actual}, not {expected}").unwrap();
            }
        }
        assert_eq!(letters.next(), None, "row {name} is too long");
    }
    assert!(wrong.is_empty(), "{first:?} first, {threads:?}:\n{wrong}");
}

// The columns are, in groups:
//
// - `recv`, not polled at first: awaited, dropped, forgotten, closed, end dropped
// - `recv`, polled once: the same
// - `recv`, polled twice: the same
// - stream, stream polled once only, `poll_recv`
// - `try_recv` at the start, at the end; `recv` without time at the end
// - `next_offer`, not polled at first: accepted, dropped, forgotten, declined; polled once: the same
// - `next_offer`, polled once and dropped, or forgotten
// - `close` at the start, at the end; `drop` at the start, at the end; `closed`

/// The sender takes each step before the receiver does.
const SENDER_FIRST: &str = "
    Send(0, Await)    REEEE REEEE REEEE RER ERR RELERELE EE EEEEE
    Send(0, Drop)     CCCCC CCCCC CCCCC CCC CCC CCCCCCCC CC CCCCC
    Send(0, Forget)   LLLLL LLLLL LLLLL LLL LLL LLLLLLLL LL LLLLL
    Send(0, Close)    CCCCC CCCCC CCCCC CCC CCC CCCCCCCC CC CCCCC
    Send(0, Leave)    DDDDD DDDDD DDDDD DDD DDD DDDDDDDD DD DDDDD
    Send(1, Await)    REEEE RRRRR RRRRR RRR RRR RELERELE EE EEEEE
    Send(1, Drop)     CCCCC RRRRR RRRRR RRR RCC CCCCRCLR CC CCCCC
    Send(1, Forget)   RCCCC RRRRR RRRRR RRR RRR RCLCRCLC CC CCCCC
    Send(1, Close)    CCCCC RRRRR RRRRR RRR RCC CCCCRCLR CC CCCCC
    Send(1, Leave)    DDDDD RRRRR RRRRR RRR RDD DDDDRDLR DD DDDDD
    Send(2, Await)    REEEE RRRRR RRRRR RRR RRR RELERELE EE EEEEE
    Send(2, Drop)     CCCCC RRRRR RRRRR RRR RCC CCCCRCLR CC CCCCC
    Send(2, Forget)   RCCCC RRRRR RRRRR RRR RRR RCLCRCLC CC CCCCC
    Send(2, Close)    CCCCC RRRRR RRRRR RRR RCC CCCCRCLR CC CCCCC
    Send(2, Leave)    DDDDD RRRRR RRRRR RRR RDD DDDDRDLR DD DDDDD
    Expired           EEEEE EEEEE EEEEE EEE EEE EEEEEEEE EE EEEEE
    Until(0)          EEEEE EEEEE EEEEE EEE EEE EEEEEEEE EE EEEEE
    Until(1)          EEEEE RRRRR RRRRR RRR REE EEEERELE EE EEEEE
    Until(3)          REEEE RRRRR RRRRR RRR RRR RELERELE EE EEEEE
    TrySend           EEEEE EEEEE EEEEE EEE EEE EEEEEEEE EE EEEEE
    Wanted            RKKKK REEEE REEEE RER KKK RELERELE EE KKKKK
    WantedDropped     REEEE REEEE REEEE RER ERR RELERELE EE EEEEE
    Flush             REEEE RRRRR RRRRR RRR RRR RELERELE EE EEEEE
    SinkClose         REEEE RRRRR RRRRR RRR RRR RELERELE EE EEEEE
    Start             RCCCC RRRRR RRRRR RRR RRR RCLCRCLC CC CCCCC
    StartLeave        RDDDD RRRRR RRRRR RRR RRR RDLRRDLR DD DDDDD
";

/// The receiver takes each step before the sender does.
const RECEIVER_FIRST: &str = "
    Send(0, Await)    REEEE REEEE REEEE REE EEE RELERELE EE EEEEE
    Send(0, Drop)     CCCCC CCCCC CCCCC CCC CCC CCCCCCCC CC CCCCC
    Send(0, Forget)   LLLLL LLLLL LLLLL LLL LLL LLLLLLLL LL LLLLL
    Send(0, Close)    CCCCC CCCCC CCCCC CCC CCC CCCCCCCC CC CCCCC
    Send(0, Leave)    DDDDD DDDDD DDDDD DDD DDD DDDDDDDD DD DDDDD
    Send(1, Await)    REEEE REEEE REEEE RER ERR RELERELE EE EEEEE
    Send(1, Drop)     RCCCC RCCCC RCCCC RCR CRR RCLCRCLC CC ECECC
    Send(1, Forget)   RCCCC RCCCC RCCCC RCR CRR RCLCRCLC CC ECECC
    Send(1, Close)    RCCCC RCCCC RCCCC RCR CRR RCLCRCLC CC ECECC
    Send(1, Leave)    RDDDD RDDDD RDDDD RDR DRR RDLDRDLD DD EDEDD
    Send(2, Await)    REEEE REEEE REEEE RER ERR RELERELE EE EEEEE
    Send(2, Drop)     RCCCC RCCCC RCCCC RCR CRR RCLCRCLC CC ECECC
    Send(2, Forget)   RCCCC RCCCC RCCCC RCR CRR RCLCRCLC CC ECECC
    Send(2, Close)    RCCCC RCCCC RCCCC RCR CRR RCLCRCLC CC ECECC
    Send(2, Leave)    RDDDD RDDDD RDDDD RDR DRR RDLDRDLD DD EDEDD
    Expired           EEEEE EEEEE EEEEE EEE EEE EEEEEEEE EE EEEEE
    Until(0)          EEEEE EEEEE EEEEE EEE EEE EEEEEEEE EE EEEEE
    Until(1)          REEEE REEEE REEEE RER ERR RELERELE EE EEEEE
    Until(3)          REEEE REEEE REEEE RER ERR RELERELE EE EEEEE
    TrySend           EEEEE RCCCC RCCCC RCR EEE EEEERCLR CC EEEEE
    Wanted            RKKKK REEEE REEEE REE KKK RELERELE EE KKKKK
    WantedDropped     REEEE REEEE REEEE REE EEE RELERELE EE EEEEE
    Flush             REEEE REEEE REEEE RER ERR RELERELE EE EEEEE
    SinkClose         REEEE REEEE REEEE RER ERR RELERELE EE EEEEE
    Start             RCCCC RCCCC RCCCC RCR CRR RCLCRCLC CC ECECC
    StartLeave        RDDDD RDDDD RDDDD RDR DRR RDLDRDLD DD EDEDD
";

#[test]
fn the_sender_first() {
    watchdog(|| check(First::Sender, Threads::One, SENDER_FIRST));
}

#[test]
fn the_receiver_first() {
    watchdog(|| check(First::Receiver, Threads::One, RECEIVER_FIRST));
}

#[test]
fn the_sender_first_on_many_threads() {
    watchdog(|| check(First::Sender, Threads::Many, SENDER_FIRST));
}

#[test]
fn the_receiver_first_on_many_threads() {
    watchdog(|| check(First::Receiver, Threads::Many, RECEIVER_FIRST));
}
