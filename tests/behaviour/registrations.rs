//! What a future removes when it ends without an answer: what it added itself, and nothing that a poll without a future
//! left behind.
//!
//! A registration has three parts: the waker, the reasons for which it is woken, and the mark that a receive waits.

use crate::common::{offer_and_forget, watchdog, Probe};
#[cfg(feature = "sink")]
use futures_sink::Sink;
use handoff::{channel, Receiver, Sender, TryRecvError, TrySendError};
use std::mem;
use std::task::Poll;
use std::time::{Duration, Instant};

// The receiver's side.

/// A poll without a future, which leaves its task waiting for an item. A leaked future is the same.
type Leave<E> = fn(&mut E, &Probe);

static RECEIVES: &[(&str, Leave<Receiver<u32>>)] = &[
    ("poll_recv", |rx, task| {
        assert!(rx.poll_recv(&mut task.cx()).is_pending());
    }),
    ("poll_next", |rx, task| {
        assert!(task.poll_next(rx).is_pending());
    }),
    ("leaked recv", |rx, task| {
        let mut recv = rx.recv();
        assert!(task.poll(&mut recv).is_pending());
        mem::forget(recv);
    }),
    ("leaked next_offer", |rx, task| {
        let mut next = rx.next_offer();
        assert!(task.poll(&mut next).is_pending());
        mem::forget(next);
    }),
];

/// What comes and goes afterwards, of a task.
static PASSING_RECEIVES: &[(&str, Leave<Receiver<u32>>)] = &[
    ("recv", |rx, task| {
        assert!(task.poll(&mut rx.recv()).is_pending());
    }),
    ("recv, polled twice", |rx, task| {
        let mut recv = rx.recv();
        assert!(task.poll(&mut recv).is_pending());
        assert!(task.poll(&mut recv).is_pending());
    }),
    ("next_offer", |rx, task| {
        assert!(task.poll(&mut rx.next_offer()).is_pending());
    }),
    ("recv with a limit", |rx, task| {
        let mut until = rx.recv().until(std::future::ready(()));
        assert!(matches!(task.poll(&mut until), Poll::Ready(Err(_))));
    }),
];

/// What only looks, or waits elsewhere.
static LOOKS_OF_THE_RECEIVER: &[(&str, Leave<Receiver<u32>>)] = &[
    ("try_recv", |rx, _| {
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    }),
    ("try_next_offer", |rx, _| {
        assert!(rx.try_next_offer().is_err());
    }),
    ("is_offered", |rx, _| assert!(!rx.is_offered())),
    ("closed", |rx, task| {
        assert!(task.poll(&mut rx.closed()).is_pending());
    }),
    ("recv, not polled", |rx, _| drop(rx.recv())),
    ("recv that never parks", |rx, _| {
        assert!(rx.recv().wait_timeout(Duration::ZERO).is_err());
        assert!(rx.next_offer().wait_deadline(Instant::now()).is_err());
    }),
];

#[test]
fn a_receive_of_the_same_task_that_comes_and_goes_changes_nothing() {
    watchdog(|| {
        for (left, leave) in RECEIVES {
            for (passing, pass) in PASSING_RECEIVES.iter().chain(LOOKS_OF_THE_RECEIVER) {
                let name = format!("{left}, then {passing}");
                let (mut tx, mut rx) = channel();
                let task = Probe::new();
                leave(&mut rx, &task);
                pass(&mut rx, &task);
                assert_eq!(task.held(), 1, "{name}: the waker stays");
                assert!(tx.is_wanted(), "{name}: a receive waits");
                assert_eq!(tx.try_send(1), Ok(()), "{name}");
                assert_eq!(task.wakes(), 1, "{name}");
                assert_eq!(rx.try_recv(), Ok(1), "{name}");
            }
        }
    });
}

#[test]
fn a_look_of_another_task_changes_nothing() {
    for (left, leave) in RECEIVES {
        for (look, pass) in LOOKS_OF_THE_RECEIVER {
            let (mut tx, mut rx) = channel();
            let task = Probe::new();
            leave(&mut rx, &task);
            pass(&mut rx, &Probe::new());
            assert_eq!(tx.try_send(1), Ok(()), "{left}, then {look}");
            assert_eq!(task.wakes(), 1, "{left}, then {look}");
        }
    }
}

#[test]
fn a_receive_of_another_task_takes_the_seat_and_the_mark_along() {
    for (left, leave) in RECEIVES {
        for (passing, pass) in PASSING_RECEIVES {
            let name = format!("{left}, then {passing}");
            let (mut tx, mut rx) = channel();
            let (task, other) = (Probe::new(), Probe::new());
            leave(&mut rx, &task);
            pass(&mut rx, &other);
            assert_eq!(
                (task.held(), other.held()),
                (0, 0),
                "{name}: the last poll wins"
            );
            assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)), "{name}");
            assert_eq!((task.wakes(), other.wakes()), (0, 0), "{name}");
        }
    }
}

#[test]
fn a_thread_that_parks_counts_as_another_task() {
    for (left, leave) in RECEIVES {
        let (tx, mut rx) = channel();
        let task = Probe::new();
        leave(&mut rx, &task);
        // Long enough to park, also on a machine that is slow.
        let time = Duration::from_millis(100);
        assert!(rx.recv().wait_timeout(time).is_err());
        assert_eq!(task.held(), 0, "{left}");
        assert!(!tx.is_wanted(), "{left}");
    }
}

#[test]
fn a_mark_whose_waker_was_used_up_survives_a_future_that_finds_it() {
    let (mut tx, mut rx) = channel();
    let task = Probe::new();
    assert!(task.poll_next(&mut rx).is_pending());
    assert!(Probe::new().poll(&mut tx.send(1)).is_pending());
    assert_eq!(
        task.take_wakes(),
        1,
        "it was woken for an item since withdrawn"
    );
    assert!(task.poll(&mut rx.recv()).is_pending());
    assert_eq!(task.held(), 0, "this waker was the future's own");
    assert!(tx.is_wanted(), "and the mark was not");
}

#[test]
fn a_future_that_moved_to_another_task_removes_what_it_took() {
    let (tx, mut rx) = channel::<u32>();
    let (task, other) = (Probe::new(), Probe::new());
    assert!(task.poll_next(&mut rx).is_pending());
    let mut recv = rx.recv();
    assert!(task.poll(&mut recv).is_pending());
    assert!(other.poll(&mut recv).is_pending());
    drop(recv);
    assert_eq!((task.held(), other.held()), (0, 0));
    assert!(!tx.is_wanted());
}

#[test]
fn a_producer_that_waits_for_demand_is_woken_by_a_receive_that_only_begins() {
    let (mut tx, mut rx) = channel::<u32>();
    let (producer, task) = (Probe::new(), Probe::new());
    assert!(tx.poll_wanted(&mut producer.cx()).is_pending());
    assert!(task.poll_next(&mut rx).is_pending());
    assert_eq!(producer.take_wakes(), 1);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert!(task.poll(&mut rx.recv()).is_pending());
    assert_eq!(
        tx.poll_wanted(&mut producer.cx()),
        Poll::Ready(true),
        "it still waits"
    );
}

// The sender's side, with an item on offer that somebody else put there.

/// A poll without a future, and whether an item that is taken is what it waits for.
static SENDER_POLLS: &[(&str, Leave<Sender<u32>>, bool)] = &[
    #[cfg(feature = "sink")]
    (
        "poll_ready",
        |tx, task| assert!(sink(tx).poll_ready(&mut task.cx()).is_pending()),
        true,
    ),
    #[cfg(feature = "sink")]
    (
        "poll_flush",
        |tx, task| assert!(sink(tx).poll_flush(&mut task.cx()).is_pending()),
        true,
    ),
    #[cfg(feature = "sink")]
    (
        "poll_close",
        |tx, task| assert!(sink(tx).poll_close(&mut task.cx()).is_pending()),
        true,
    ),
    (
        "poll_wanted",
        |tx, task| assert!(tx.poll_wanted(&mut task.cx()).is_pending()),
        false,
    ),
    (
        "leaked wanted",
        |tx, task| {
            let mut wanted = tx.wanted();
            assert!(task.poll(&mut wanted).is_pending());
            mem::forget(wanted);
        },
        false,
    ),
];

#[cfg(feature = "sink")]
fn sink(tx: &mut Sender<u32>) -> std::pin::Pin<&mut impl Sink<u32>> {
    std::pin::Pin::new(tx)
}

static PASSING_SENDS: &[(&str, Leave<Sender<u32>>)] = &[
    ("send", |tx, task| {
        assert!(task.poll(&mut tx.send(9)).is_pending());
    }),
    ("send with a limit", |tx, task| {
        let mut until = tx.send(9).until(std::future::ready(()));
        assert!(matches!(task.poll(&mut until), Poll::Ready(Err(_))));
    }),
    ("wanted", |tx, task| {
        assert!(task.poll(&mut tx.wanted()).is_pending());
    }),
    ("wanted, polled twice", |tx, task| {
        let mut wanted = tx.wanted();
        assert!(task.poll(&mut wanted).is_pending());
        assert!(task.poll(&mut wanted).is_pending());
    }),
    ("send and wanted", |tx, task| {
        assert!(task.poll(&mut tx.send(9)).is_pending());
        assert!(task.poll(&mut tx.wanted()).is_pending());
    }),
];

static LOOKS_OF_THE_SENDER: &[(&str, Leave<Sender<u32>>)] = &[
    ("try_send", |tx, _| {
        assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
    }),
    ("is_wanted", |tx, _| assert!(!tx.is_wanted())),
    ("closed", |tx, task| {
        assert!(task.poll(&mut tx.closed()).is_pending());
    }),
    ("futures, not polled", |tx, _| {
        drop(tx.send(9));
        drop(tx.wanted());
    }),
    ("waits that never park", |tx, _| {
        assert!(tx.send(9).wait_timeout(Duration::ZERO).is_err());
        assert_eq!(tx.wanted().wait_deadline(Instant::now()), None);
    }),
];

#[test]
fn a_send_of_the_same_task_that_comes_and_goes_changes_nothing() {
    watchdog(|| {
        for (left, leave, for_vacancy) in SENDER_POLLS {
            for (passing, pass) in PASSING_SENDS.iter().chain(LOOKS_OF_THE_SENDER) {
                let name = format!("{left}, then {passing}");
                let (mut tx, mut rx) = channel();
                let (task, receiver) = (Probe::new(), Probe::new());
                offer_and_forget(&mut tx, 1);
                leave(&mut tx, &task);
                pass(&mut tx, &task);
                assert_eq!(task.held(), 1, "{name}: the waker stays");
                assert_eq!(rx.try_recv(), Ok(1));
                assert_eq!(
                    task.take_wakes(),
                    usize::from(*for_vacancy),
                    "{name}: taken"
                );
                assert!(receiver.poll_next(&mut rx).is_pending());
                assert_eq!(
                    task.take_wakes(),
                    usize::from(!for_vacancy),
                    "{name}: wanted"
                );
                assert_eq!(task.held(), 0, "{name}");
            }
        }
    });
}

#[test]
fn a_send_of_another_task_takes_the_seat_along() {
    for (left, leave, _) in SENDER_POLLS {
        for (passing, pass) in PASSING_SENDS {
            let name = format!("{left}, then {passing}");
            let (mut tx, mut rx) = channel();
            let (task, other) = (Probe::new(), Probe::new());
            offer_and_forget(&mut tx, 1);
            leave(&mut tx, &task);
            pass(&mut tx, &other);
            assert_eq!(
                (task.held(), other.held()),
                (0, 0),
                "{name}: the last poll wins"
            );
            assert_eq!(rx.try_recv(), Ok(1));
            assert!(Probe::new().poll_next(&mut rx).is_pending());
            assert_eq!((task.wakes(), other.wakes()), (0, 0), "{name}");
        }
    }
}

#[cfg(feature = "sink")]
#[test]
fn a_wake_uses_a_registration_up_and_nothing_is_restored() {
    let (mut tx, mut rx) = channel();
    let task = Probe::new();
    offer_and_forget(&mut tx, 1);
    assert!(sink(&mut tx).poll_flush(&mut task.cx()).is_pending());
    let mut wanted = tx.wanted();
    assert!(task.poll(&mut wanted).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(task.take_wakes(), 1);
    drop(wanted);
    assert_eq!(task.held(), 0);
    assert!(Probe::new().poll_next(&mut rx).is_pending());
    assert_eq!(task.wakes(), 0);
    assert!(
        sink(&mut tx).poll_flush(&mut task.cx()).is_ready(),
        "it has its answer"
    );
}

#[test]
fn reclaim_wakes_a_demand_that_it_makes_possible_again() {
    type Ask = fn(&mut Sender<u32>, &Probe);

    let asks: [Ask; 2] = [
        |tx, task| assert!(tx.poll_wanted(&mut task.cx()).is_pending()),
        |tx, task| {
            let mut wanted = tx.wanted();
            assert!(task.poll(&mut wanted).is_pending());
            mem::forget(wanted);
        },
    ];
    for ask in asks {
        let (mut tx, mut rx) = channel();
        let (task, receiver) = (Probe::new(), Probe::new());
        assert!(receiver.poll_next(&mut rx).is_pending());
        tx.try_send(1).unwrap();
        ask(&mut tx, &task);
        assert_eq!(tx.reclaim(), Some(1));
        assert_eq!(task.wakes(), 1);
        assert_eq!(tx.poll_wanted(&mut task.cx()), Poll::Ready(true));
    }
}

// Waiting for the other end to close.

#[test]
fn a_closed_of_the_same_task_leaves_poll_closed_its_waker() {
    let (mut tx, mut rx) = channel::<u32>();
    let (task, other) = (Probe::new(), Probe::new());
    assert!(tx.poll_closed(&mut task.cx()).is_pending());
    assert!(task.poll(&mut tx.closed()).is_pending());
    assert!(task.poll(&mut tx.send(1)).is_pending());
    assert_eq!(tx.closed().wait_timeout(Duration::ZERO), None);
    assert_eq!(task.held(), 1);
    assert!(rx.poll_closed(&mut other.cx()).is_pending());
    assert!(other.poll(&mut rx.closed()).is_pending());
    assert_eq!(other.held(), 1);
    rx.close();
    assert_eq!(task.wakes(), 1);
    assert_eq!(tx.poll_closed(&mut task.cx()), Poll::Ready(()));
    drop(tx);
    assert_eq!(other.wakes(), 1);
    assert_eq!(rx.poll_closed(&mut other.cx()), Poll::Ready(()));
}

#[test]
fn a_closed_of_another_task_takes_the_place_of_poll_closed() {
    let (mut tx, mut rx) = channel::<u32>();
    let (task, other) = (Probe::new(), Probe::new());
    assert!(tx.poll_closed(&mut task.cx()).is_pending());
    assert!(other.poll(&mut tx.closed()).is_pending());
    assert!(rx.poll_closed(&mut task.cx()).is_pending());
    assert!(other.poll(&mut rx.closed()).is_pending());
    assert_eq!((task.held(), other.held()), (0, 0));
}

#[test]
fn an_end_that_closes_wakes_its_own_poll_for_an_item_or_for_demand() {
    let (mut tx, mut rx) = channel::<u32>();
    let (sender, receiver) = (Probe::new(), Probe::new());
    assert!(tx.poll_wanted(&mut sender.cx()).is_pending());
    tx.close();
    assert_eq!(sender.wakes(), 1);
    assert_eq!(tx.poll_wanted(&mut sender.cx()), Poll::Ready(false));

    let (_tx, mut other) = channel::<u32>();
    mem::swap(&mut rx, &mut other);
    assert!(rx.poll_recv(&mut receiver.cx()).is_pending());
    rx.close();
    assert_eq!(receiver.wakes(), 1);
    assert_eq!(rx.poll_recv(&mut receiver.cx()), Poll::Ready(None));
}

/// A stream's poll that still counts. Its waker was used up by an offer, which was withdrawn.
fn used_up(tx: &mut Sender<u32>, rx: &mut Receiver<u32>, task: &Probe) {
    assert!(task.poll_next(rx).is_pending());
    assert!(Probe::new().poll(&mut tx.send(1)).is_pending());
    assert_eq!(tx.reclaim(), Some(1));
    assert_eq!((task.take_wakes(), task.held()), (1, 0));
    assert!(tx.is_wanted());
}

#[test]
fn a_receive_of_another_task_on_an_empty_seat_leaves_the_mark() {
    let (mut tx, mut rx) = channel();
    used_up(&mut tx, &mut rx, &Probe::new());
    assert!(Probe::new().poll(&mut rx.recv()).is_pending());
    assert!(tx.is_wanted());
}

#[test]
fn a_receive_that_moves_between_tasks_on_an_empty_seat_leaves_the_mark() {
    let (mut tx, mut rx) = channel();
    used_up(&mut tx, &mut rx, &Probe::new());
    let mut recv = rx.recv();
    assert!(Probe::new().poll(&mut recv).is_pending());
    assert!(Probe::new().poll(&mut recv).is_pending());
    drop(recv);
    assert!(tx.is_wanted());
}

#[test]
fn a_thread_that_parks_on_an_empty_seat_leaves_the_mark() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        used_up(&mut tx, &mut rx, &Probe::new());
        let outcome = rx.recv().wait_timeout(Duration::from_millis(1));
        assert!(outcome.is_err());
        assert!(tx.is_wanted());
    });
}
