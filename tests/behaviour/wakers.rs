//! Wakers: which one is woken, how often it is cloned, and that none is kept.

use crate::common::{offer_and_forget, poll_once, race, until, watchdog, Counts, Probe};
use handoff::{channel, Offer, Receiver, Sender, TryRecvError};
use std::mem;
use std::task::Poll;
use std::thread;
use std::time::Duration;

/// Checks a wait through and through.
///
/// `poll` polls it once and says whether it was ready; `fire` does on the other end what ends it.
fn check(mut poll: impl FnMut(&Probe) -> bool, fire: impl FnOnce()) {
    let (a, b) = (Probe::new(), Probe::new());

    assert!(!poll(&a), "there is nothing to wait for");
    assert_eq!(a.held(), 1, "it has to be woken");
    assert!(!poll(&a));
    assert_eq!(a.clones(), 1, "it would wake the same task");
    let twin = a.waker().clone();
    assert!(!poll(&a));
    assert_eq!(a.clones(), 2, "only ours");
    drop(twin);

    assert!(!poll(&b));
    assert_eq!((a.held(), b.held()), (0, 1), "B takes the place of A");
    assert!(!poll(&a));
    assert!(!poll(&b), "and once more");
    assert_eq!((a.wakes(), b.wakes()), (0, 0), "no poll wakes a task");

    fire();
    assert_eq!((a.wakes(), b.wakes()), (0, 1), "the last one is woken");
    assert!(poll(&b));
    assert_eq!((a.wakes(), b.wakes()), (0, 1), "no poll wakes a task");
    assert_eq!((a.held(), b.held()), (0, 0), "none is kept");
}

mod the_waker_of_the_last_poll_is_woken {
    use super::*;

    #[test]
    fn recv_by_an_item() {
        let (mut tx, mut rx) = channel();
        let mut recv = rx.recv();
        check(
            |probe| probe.poll(&mut recv).is_ready(),
            || offer_and_forget(&mut tx, 1),
        );
    }

    #[test]
    fn recv_by_a_close() {
        let (tx, mut rx) = channel::<u32>();
        let mut recv = rx.recv();
        check(|probe| probe.poll(&mut recv).is_ready(), || drop(tx));
    }

    #[test]
    fn recv_by_try_send() {
        let (mut tx, mut rx) = channel();
        let mut recv = rx.recv();
        check(
            |probe| probe.poll(&mut recv).is_ready(),
            || tx.try_send(1).unwrap(),
        );
    }

    #[test]
    fn offer_by_an_item() {
        let (mut tx, mut rx) = channel();
        let mut offer = rx.next_offer();
        check(
            |probe| probe.poll(&mut offer).is_ready(),
            || offer_and_forget(&mut tx, 1),
        );
    }

    #[test]
    fn offer_by_a_close() {
        let (mut tx, mut rx) = channel::<u32>();
        let mut offer = rx.next_offer();
        check(
            |probe| probe.poll(&mut offer).is_ready(),
            || assert!(tx.close()),
        );
    }

    #[test]
    fn stream_by_an_item() {
        let (mut tx, mut rx) = channel();
        check(
            |probe| probe.poll_next(&mut rx).is_ready(),
            || offer_and_forget(&mut tx, 1),
        );
    }

    #[test]
    fn stream_by_a_close() {
        let (tx, mut rx) = channel::<u32>();
        check(|probe| probe.poll_next(&mut rx).is_ready(), || drop(tx));
    }

    #[test]
    fn poll_recv_by_an_item() {
        let (mut tx, mut rx) = channel();
        check(
            |probe| rx.poll_recv(&mut probe.cx()).is_ready(),
            || offer_and_forget(&mut tx, 1),
        );
    }

    #[test]
    fn closed_of_the_receiver() {
        let (tx, mut rx) = channel::<u32>();
        let mut closed = rx.closed();
        check(|probe| probe.poll(&mut closed).is_ready(), || drop(tx));
    }

    #[test]
    fn closed_of_the_sender() {
        let (mut tx, mut rx) = channel::<u32>();
        let mut closed = tx.closed();
        check(
            |probe| probe.poll(&mut closed).is_ready(),
            || assert!(rx.close()),
        );
    }

    #[test]
    fn send_by_a_take() {
        let (mut tx, mut rx) = channel();
        let mut send = tx.send(1);
        check(
            |probe| probe.poll(&mut send).is_ready(),
            || assert_eq!(rx.try_recv(), Ok(1)),
        );
    }

    #[test]
    fn send_by_an_accept() {
        let (mut tx, mut rx) = channel();
        let mut send = tx.send(1);
        check(
            |probe| probe.poll(&mut send).is_ready(),
            || {
                let Poll::Ready(Some(guard)) = Probe::new().poll(&mut rx.next_offer()) else {
                    panic!("it is on offer");
                };
                assert_eq!(Offer::accept(guard), 1);
            },
        );
    }

    #[test]
    fn send_by_a_close() {
        let (mut tx, rx) = channel();
        let mut send = tx.send(1);
        check(|probe| probe.poll(&mut send).is_ready(), || drop(rx));
    }

    #[test]
    fn send_in_line_by_a_close() {
        let (mut tx, rx) = channel();
        offer_and_forget(&mut tx, 1);
        let mut send = tx.send(2);
        check(|probe| probe.poll(&mut send).is_ready(), || drop(rx));
    }

    #[test]
    fn send_in_line_by_an_empty_slot() {
        let (mut tx, mut rx) = channel();
        offer_and_forget(&mut tx, 1);
        let mut send = tx.send(2);
        let (a, b) = (Probe::new(), Probe::new());
        assert!(a.poll(&mut send).is_pending());
        assert!(a.poll(&mut send).is_pending());
        assert_eq!(a.clones(), 1);
        assert!(b.poll(&mut send).is_pending());
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!((a.wakes(), b.wakes()), (0, 1));
        assert_eq!(a.held(), 0);

        assert!(a.poll(&mut send).is_pending());
        assert_eq!(rx.try_recv(), Ok(2), "it was its turn");
        assert_eq!((a.wakes(), b.wakes()), (1, 1));
        assert_eq!(a.poll(&mut send), Poll::Ready(Ok(())));
        assert_eq!((a.held(), b.held()), (0, 0));
    }

    #[test]
    fn wanted_by_a_receive() {
        let (mut tx, mut rx) = channel::<u32>();
        let receiver = Probe::new();
        let mut wanted = tx.wanted();
        check(
            |probe| probe.poll(&mut wanted).is_ready(),
            || assert!(rx.poll_recv(&mut receiver.cx()).is_pending()),
        );
        assert_eq!(receiver.wakes(), 0);
    }

    #[test]
    fn wanted_by_a_close() {
        let (mut tx, rx) = channel::<u32>();
        let mut wanted = tx.wanted();
        check(|probe| probe.poll(&mut wanted).is_ready(), || drop(rx));
    }

    #[cfg(feature = "sink")]
    mod of_a_sink {
        use super::*;
        use futures_sink::Sink;
        use std::pin::Pin;

        #[test]
        fn poll_ready_by_a_take() {
            let (mut tx, mut rx) = channel();
            offer_and_forget(&mut tx, 1);
            check(
                |probe| Pin::new(&mut tx).poll_ready(&mut probe.cx()).is_ready(),
                || assert_eq!(rx.try_recv(), Ok(1)),
            );
        }

        #[test]
        fn poll_ready_by_a_close() {
            let (mut tx, rx) = channel();
            offer_and_forget(&mut tx, 1);
            check(
                |probe| Pin::new(&mut tx).poll_ready(&mut probe.cx()).is_ready(),
                || drop(rx),
            );
        }

        #[test]
        fn poll_flush_by_a_take() {
            let (mut tx, mut rx) = channel();
            Pin::new(&mut tx).start_send(1).unwrap();
            check(
                |probe| Pin::new(&mut tx).poll_flush(&mut probe.cx()).is_ready(),
                || assert_eq!(rx.try_recv(), Ok(1)),
            );
        }

        #[test]
        fn poll_flush_by_a_close() {
            let (mut tx, rx) = channel();
            Pin::new(&mut tx).start_send(1).unwrap();
            check(
                |probe| Pin::new(&mut tx).poll_flush(&mut probe.cx()).is_ready(),
                || drop(rx),
            );
        }

        #[test]
        fn poll_close_by_a_take() {
            let (mut tx, mut rx) = channel();
            Pin::new(&mut tx).start_send(1).unwrap();
            check(
                |probe| Pin::new(&mut tx).poll_close(&mut probe.cx()).is_ready(),
                || assert_eq!(rx.try_recv(), Ok(1)),
            );
        }
    }
}

// None is kept.

#[test]
fn a_dropped_future_keeps_no_waker() {
    let (mut tx, mut rx) = channel();
    let probe = Probe::new();

    macro_rules! dropped_half_way {
        ($($future:expr),* $(,)?) => {$({
            let mut future = $future;
            assert!(probe.poll(&mut future).is_pending());
            assert_eq!(probe.held(), 1, stringify!($future));
            drop(future);
            assert_eq!(probe.held(), 0, stringify!($future));
        })*};
    }
    dropped_half_way!(
        tx.send(1),
        tx.wanted(),
        tx.closed(),
        rx.recv(),
        rx.next_offer(),
        rx.closed(),
    );
    offer_and_forget(&mut tx, 2);
    dropped_half_way!(tx.send(3), tx.wanted(), tx.closed(), rx.closed());
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(probe.wakes(), 0);
}

#[test]
fn a_future_that_is_waited_for_keeps_no_waker_of_its_polls() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let probe = Probe::new();
        let now = Duration::ZERO;

        let mut send = tx.send(1);
        assert!(probe.poll(&mut send).is_pending());
        assert!(send.wait_timeout(now).is_err());
        assert_eq!(probe.held(), 0);

        let mut wanted = tx.wanted();
        assert!(probe.poll(&mut wanted).is_pending());
        assert_eq!(wanted.wait_timeout(now), None);
        assert_eq!(probe.held(), 0);

        let mut closed = tx.closed();
        assert!(probe.poll(&mut closed).is_pending());
        assert_eq!(closed.wait_timeout(now), None);
        assert_eq!(probe.held(), 0);

        let mut recv = rx.recv();
        assert!(probe.poll(&mut recv).is_pending());
        assert!(recv.wait_timeout(now).is_err());
        assert_eq!(probe.held(), 0);

        let mut offer = rx.next_offer();
        assert!(probe.poll(&mut offer).is_pending());
        assert!(offer.wait_timeout(now).is_err());
        assert_eq!(probe.held(), 0);
        assert_eq!(probe.wakes(), 0);
    });
}

#[test]
fn a_dropped_receiver_keeps_no_waker() {
    type Wait = fn(&mut Receiver<u32>, &Probe);

    let waits: [Wait; 5] = [
        |rx, probe| assert!(probe.poll_next(rx).is_pending()),
        |rx, probe| assert!(rx.poll_recv(&mut probe.cx()).is_pending()),
        |rx, probe| {
            let mut leaked = rx.recv();
            assert!(probe.poll(&mut leaked).is_pending());
            mem::forget(leaked);
        },
        |rx, probe| {
            let mut leaked = rx.next_offer();
            assert!(probe.poll(&mut leaked).is_pending());
            mem::forget(leaked);
        },
        |rx, probe| {
            let mut leaked = rx.closed();
            assert!(probe.poll(&mut leaked).is_pending());
            mem::forget(leaked);
        },
    ];
    for wait in waits {
        let (tx, mut rx) = channel();
        let probe = Probe::new();
        wait(&mut rx, &probe);
        assert_eq!(probe.held(), 1);
        drop(rx);
        assert_eq!(probe.held(), 0);
        assert_eq!(probe.wakes(), 0, "it is gone, so nobody needs to know");
        drop(tx);
    }
}

#[test]
fn a_dropped_sender_keeps_no_waker() {
    type Wait = fn(&mut Sender<u32>, &Probe);

    let waits: [Wait; 4] = [
        |tx, probe| {
            let mut leaked = tx.send(1);
            assert!(probe.poll(&mut leaked).is_pending());
            mem::forget(leaked);
        },
        |tx, probe| {
            offer_and_forget(tx, 1);
            let mut leaked = tx.send(2);
            assert!(probe.poll(&mut leaked).is_pending());
            mem::forget(leaked);
        },
        |tx, probe| {
            let mut leaked = tx.wanted();
            assert!(probe.poll(&mut leaked).is_pending());
            mem::forget(leaked);
        },
        |tx, probe| {
            let mut leaked = tx.closed();
            assert!(probe.poll(&mut leaked).is_pending());
            mem::forget(leaked);
        },
    ];
    for wait in waits {
        let (mut tx, rx) = channel();
        let probe = Probe::new();
        wait(&mut tx, &probe);
        assert_eq!(probe.held(), 1);
        drop(tx);
        assert_eq!(probe.held(), 0);
        assert_eq!(probe.wakes(), 0, "it is gone, so nobody needs to know");
        drop(rx);
    }
}

#[cfg(feature = "sink")]
#[test]
fn a_dropped_sink_keeps_no_waker() {
    use futures_sink::Sink;
    use std::pin::Pin;

    let (mut tx, rx) = channel();
    let probe = Probe::new();
    Pin::new(&mut tx).start_send(1).unwrap();
    assert!(Pin::new(&mut tx).poll_flush(&mut probe.cx()).is_pending());
    assert_eq!(probe.held(), 1);
    drop(tx);
    assert_eq!(probe.held(), 0);
    drop(rx);
}

#[test]
fn a_leaked_future_is_replaced_by_the_next() {
    let (mut tx, mut rx) = channel();
    let (leaked, probe) = (Probe::new(), Probe::new());
    let mut recv = rx.recv();
    assert!(leaked.poll(&mut recv).is_pending());
    mem::forget(recv);
    let mut recv = rx.recv();
    assert!(probe.poll(&mut recv).is_pending());
    assert_eq!((leaked.held(), probe.held()), (0, 1));
    offer_and_forget(&mut tx, 1);
    assert_eq!((leaked.wakes(), probe.wakes()), (0, 1));
}

#[test]
fn a_future_removes_only_what_it_registered() {
    let (mut tx, mut rx) = channel();
    let (stream, other) = (Probe::new(), Probe::new());
    assert!(stream.poll_next(&mut rx).is_pending());
    drop(rx.recv());
    drop(rx.next_offer());
    assert!(other.poll(&mut rx.closed()).is_pending());
    assert_eq!(stream.held(), 1, "none of these took its place");
    assert!(tx.is_wanted(), "and it waits");
    offer_and_forget(&mut tx, 1);
    assert_eq!(stream.wakes(), 1);
    assert_eq!(stream.poll_next(&mut rx), Poll::Ready(Some(1)));

    assert!(stream.poll_next(&mut rx).is_pending());
    assert!(other.poll(&mut rx.recv()).is_pending());
    assert_eq!(
        (stream.held(), other.held()),
        (0, 0),
        "the last poll has the place, and its future is gone"
    );
}

// How often.

#[test]
fn each_handover_wakes_each_side_once() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    for i in 0..100 {
        let mut recv = rx.recv();
        assert!(receiver.poll(&mut recv).is_pending());
        let mut send = tx.send(i);
        assert!(sender.poll(&mut send).is_pending());
        assert_eq!(receiver.poll(&mut recv), Poll::Ready(Some(i)));
        assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    }
    let once_each = Counts {
        clones: 100,
        wakes: 100,
        gone: 100,
    };
    assert_eq!(sender.counts(), once_each);
    assert_eq!(receiver.counts(), once_each);
}

#[test]
fn an_offer_that_finds_nobody_wakes_nobody() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    assert!(receiver.poll(&mut rx.recv()).is_pending());
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending());
    assert_eq!(receiver.poll(&mut rx.recv()), Poll::Ready(Some(1)));
    assert_eq!(receiver.counts().wakes, 0);
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    assert_eq!(receiver.counts().wakes, 0);
}

#[test]
fn a_receive_that_is_ready_at_once_clones_no_waker() {
    let (mut tx, mut rx) = channel();
    let receiver = Probe::new();
    offer_and_forget(&mut tx, 1);
    assert!(receiver.poll(&mut rx.recv()).is_ready());
    drop(tx);
    assert!(receiver.poll(&mut rx.recv()).is_ready());
    assert!(receiver.poll(&mut rx.closed()).is_ready());
    assert_eq!(receiver.counts(), Counts::default());
}

#[test]
fn a_lent_and_returned_item_does_not_wake_its_send() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending());
    for _ in 0..3 {
        drop(receiver.poll(&mut rx.next_offer()));
    }
    assert_eq!(sender.wakes(), 0, "nothing has become of it");
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(sender.wakes(), 1);
}

// The wake for wanted: when a receive starts to wait, and at nothing else.

#[test]
fn wanted_is_woken_when_a_receive_starts_to_wait() {
    type Start = fn(&mut Receiver<u32>, &Probe);

    let starts: [Start; 4] = [
        |rx, probe| {
            let mut recv = rx.recv();
            assert!(probe.poll(&mut recv).is_pending());
            mem::forget(recv);
        },
        |rx, probe| {
            let mut offer = rx.next_offer();
            assert!(probe.poll(&mut offer).is_pending());
            mem::forget(offer);
        },
        |rx, probe| assert!(probe.poll_next(rx).is_pending()),
        |rx, probe| assert!(rx.poll_recv(&mut probe.cx()).is_pending()),
    ];
    for start in starts {
        let (mut tx, mut rx) = channel::<u32>();
        let (sender, receiver) = (Probe::new(), Probe::new());
        let mut wanted = tx.wanted();
        assert!(sender.poll(&mut wanted).is_pending());
        start(&mut rx, &receiver);
        assert_eq!(sender.wakes(), 1);
        assert_eq!(sender.poll(&mut wanted), Poll::Ready(true));
        assert_eq!(receiver.wakes(), 0, "nothing was offered");
    }
}

#[test]
fn wanted_is_woken_when_a_thread_starts_to_wait() {
    watchdog(|| {
        let (mut tx, mut rx) = channel::<u32>();
        let sender = Probe::new();
        thread::scope(|scope| {
            let mut wanted = tx.wanted();
            assert!(sender.poll(&mut wanted).is_pending());
            let receiving = scope.spawn(|| rx.recv().wait());
            until(|| sender.wakes() == 1);
            assert_eq!(sender.poll(&mut wanted), Poll::Ready(true));
            drop(wanted);
            tx.try_send(1).unwrap();
            assert_eq!(receiving.join().unwrap(), Some(1));
        });
    });
}

#[test]
fn wanted_is_woken_by_nothing_else() {
    watchdog(|| {
        let (mut tx, mut rx) = channel::<u32>();
        let (sender, receiver) = (Probe::new(), Probe::new());

        offer_and_forget(&mut tx, 1);
        let mut wanted = tx.wanted();
        assert!(sender.poll(&mut wanted).is_pending(), "occupied");
        // Everything the receiver can do short of waiting.
        drop(rx.recv());
        drop(rx.next_offer());
        assert!(receiver.poll(&mut rx.closed()).is_pending());
        assert!(!rx.is_closed());
        let Poll::Ready(Some(guard)) = receiver.poll(&mut rx.next_offer()) else {
            panic!("it is on offer");
        };
        drop(guard);
        let Poll::Ready(Some(guard)) = receiver.poll(&mut rx.next_offer()) else {
            panic!("it was put back");
        };
        assert_eq!(Offer::accept(guard), 1);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert!(rx.next_offer().wait_timeout(Duration::ZERO).is_err());
        assert!(rx.recv().wait_timeout(Duration::ZERO).is_err());
        assert_eq!(sender.take_wakes(), 0, "no receive waits");
        assert!(sender.poll(&mut wanted).is_pending());

        assert!(receiver.poll(&mut rx.recv()).is_pending());
        assert_eq!(sender.take_wakes(), 1, "one waited");
        assert!(
            sender.poll(&mut wanted).is_pending(),
            "though it was cancelled"
        );
        assert_eq!(sender.take_wakes(), 0);

        let mut recv = rx.recv();
        assert!(receiver.poll(&mut recv).is_pending());
        assert_eq!(sender.take_wakes(), 1, "and here is another");
        assert!(receiver.poll(&mut recv).is_pending());
        assert_eq!(sender.take_wakes(), 0, "it waits already");
        assert_eq!(sender.poll(&mut wanted), Poll::Ready(true));
    });
}

#[test]
fn wanted_is_not_woken_by_the_take_of_an_item_that_occupied_the_slot() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());
    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    tx.try_send(1).unwrap();

    let mut wanted = tx.wanted();
    assert!(
        sender.poll(&mut wanted).is_pending(),
        "a receive waits, but for what is in the slot"
    );
    assert_eq!(receiver.poll(&mut recv), Poll::Ready(Some(1)));
    assert_eq!(sender.wakes(), 0, "the slot is empty, but nobody waits");
    drop(recv);
    assert!(receiver.poll_next(&mut rx).is_pending());
    assert_eq!(sender.wakes(), 1);
    assert_eq!(sender.poll(&mut wanted), Poll::Ready(true));
}

// Races of the wake, on real threads.

const ROUNDS: u32 = if cfg!(miri) { 20 } else { 2_000 };

#[test]
fn a_wake_that_races_the_replacement_of_the_receivers_waker_is_not_lost() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        for i in 0..ROUNDS {
            let (a, b, sender) = (Probe::new(), Probe::new(), Probe::new());
            let mut recv = rx.recv();
            assert!(a.poll(&mut recv).is_pending());
            let mut send = tx.send(i);
            let (item, ()) = race(
                || {
                    if let Poll::Ready(item) = b.poll(&mut recv) {
                        return item;
                    }
                    until(|| b.wakes() == 1);
                    match b.poll(&mut recv) {
                        Poll::Ready(item) => item,
                        Poll::Pending => panic!("it was woken for nothing"),
                    }
                },
                || assert!(!matches!(sender.poll(&mut send), Poll::Ready(Err(_)))),
            );
            assert_eq!(item, Some(i));
        }
    });
}

#[test]
fn a_wake_that_races_the_replacement_of_the_senders_waker_is_not_lost() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        for i in 0..ROUNDS {
            let (a, b) = (Probe::new(), Probe::new());
            let mut send = tx.send(i);
            assert!(a.poll(&mut send).is_pending());
            let (outcome, item) = race(
                || {
                    if let Poll::Ready(outcome) = b.poll(&mut send) {
                        return outcome;
                    }
                    until(|| b.wakes() == 1);
                    match b.poll(&mut send) {
                        Poll::Ready(outcome) => outcome,
                        Poll::Pending => panic!("it was woken for nothing"),
                    }
                },
                || rx.try_recv(),
            );
            assert_eq!((outcome, item), (Ok(()), Ok(i)));
        }
    });
}

#[test]
fn a_wake_for_wanted_that_races_its_first_poll_is_not_lost() {
    watchdog(|| {
        for _ in 0..ROUNDS {
            let (mut tx, mut rx) = channel::<u32>();
            let (sender, receiver) = (Probe::new(), Probe::new());
            race(
                || {
                    let mut wanted = tx.wanted();
                    if sender.poll(&mut wanted).is_pending() {
                        until(|| sender.wakes() == 1);
                        assert_eq!(sender.poll(&mut wanted), Poll::Ready(true));
                    }
                },
                || assert!(rx.poll_recv(&mut receiver.cx()).is_pending()),
            );
        }
    });
}

#[test]
fn a_close_that_races_a_first_poll_is_not_lost() {
    watchdog(|| {
        for _ in 0..ROUNDS {
            let (tx, mut rx) = channel::<u32>();
            let probe = Probe::new();
            race(
                || {
                    let mut recv = rx.recv();
                    if probe.poll(&mut recv).is_pending() {
                        until(|| probe.wakes() == 1);
                        assert_eq!(probe.poll(&mut recv), Poll::Ready(None));
                    }
                },
                move || drop(tx),
            );

            let (mut tx, rx) = channel::<u32>();
            let probe = Probe::new();
            race(
                || {
                    let mut closed = tx.closed();
                    if probe.poll(&mut closed).is_pending() {
                        until(|| probe.wakes() == 1);
                        assert!(probe.poll(&mut closed).is_ready());
                    }
                },
                move || drop(rx),
            );
        }
    });
}

#[test]
fn polling_with_a_clone_of_the_same_waker_clones_it_not_again() {
    let (mut tx, mut rx) = channel();
    let probe = Probe::new();
    let twin = probe.waker().clone();
    let mut recv = rx.recv();
    assert!(probe.poll(&mut recv).is_pending());
    assert_eq!(poll_once(&mut recv, &twin), Poll::Pending);
    assert_eq!(probe.clones(), 2, "the twin, and the channel's");
    offer_and_forget(&mut tx, 1);
    assert_eq!(poll_once(&mut recv, &twin), Poll::Ready(Some(1)));
}
