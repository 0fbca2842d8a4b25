//! The rendezvous itself: what is sent arrives, in order and complete, of whatever kind it is and on whatever runs it.

use crate::common::{watchdog, watchdog_for, Fate, Ledger, Probe};
use futures_lite::future::{self, zip};
use handoff::{channel, Receiver, SendError, Sender, TryRecvError};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

/// Sends `0..n` and then drops the sender.
async fn send_all(mut tx: Sender<u32>, n: u32) {
    for i in 0..n {
        tx.send(i).await.expect("the receiver is there");
    }
}

/// Receives `0..n`, in this order, and then the end.
async fn receive_all(mut rx: Receiver<u32>, n: u32) {
    for i in 0..n {
        assert_eq!(rx.recv().await, Some(i));
    }
    assert_eq!(rx.recv().await, None);
}

// The worked examples of the crate's brief.

#[test]
fn two_loops_joined_in_one_task() {
    watchdog(|| {
        let (mut sender, mut receiver) = channel();
        let send_task = async move {
            for i in 0..100 {
                sender.send(i).await.expect("channel disconnected");
            }
        };
        let recv_task = async move {
            for i in 0..100 {
                let value = receiver.recv().await.expect("channel disconnected");
                assert_eq!(value, i);
            }
        };
        future::block_on(zip(send_task, recv_task));
    });
}

#[test]
fn two_threads_that_block_on_each_operation() {
    watchdog(|| {
        let (mut sender, mut receiver) = channel();
        let sending = thread::spawn(move || {
            for i in 0..100 {
                future::block_on(sender.send(i)).expect("receiver disconnected");
            }
        });
        for i in 0..100 {
            let value = future::block_on(receiver.recv()).expect("sender disconnected");
            assert_eq!(value, i);
        }
        sending.join().unwrap();
    });
}

#[test]
fn the_receiver_learns_that_the_sender_is_gone() {
    watchdog(|| {
        let (mut sender, mut receiver) = channel();
        let send_task = async move {
            for i in 0..50 {
                sender.send(i).await.expect("channel disconnected");
            }
        };
        let recv_task = async move {
            for i in 0..50 {
                assert_eq!(receiver.recv().await, Some(i));
            }
            assert!(receiver.recv().await.is_none());
            assert!(receiver.recv().await.is_none(), "and it stays so");
        };
        future::block_on(zip(send_task, recv_task));
    });
}

#[test]
fn the_sender_learns_that_the_receiver_is_gone() {
    watchdog(|| {
        let (mut sender, mut receiver) = channel();
        let recv_task = async move {
            for i in 0..50 {
                assert_eq!(receiver.recv().await, Some(i));
            }
        };
        let send_task = async move {
            for i in 0..50 {
                assert_eq!(sender.send(i).await, Ok(()));
            }
            assert_eq!(sender.send(50).await, Err(SendError::Closed(50)));
            assert_eq!(
                sender.send(51).await,
                Err(SendError::Closed(51)),
                "and it stays so"
            );
        };
        future::block_on(zip(send_task, recv_task));
    });
}

// Step by step.

#[test]
fn a_send_does_nothing_until_it_is_polled() {
    let (mut tx, mut rx) = channel();
    let receiver = Probe::new();
    assert!(rx.poll_recv(&mut receiver.cx()).is_pending());

    let send = tx.send(1);
    assert_eq!(receiver.wakes(), 0);
    assert!(rx.poll_recv(&mut receiver.cx()).is_pending());
    drop(send);
    assert_eq!(receiver.wakes(), 0);
}

#[test]
fn a_send_waits_until_its_item_was_taken() {
    let (mut tx, mut rx) = channel();
    let sender = Probe::new();

    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending(), "nobody took it");
    assert!(sender.poll(&mut send).is_pending(), "asking does not help");
    assert_eq!(sender.wakes(), 0);

    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(sender.wakes(), 1);
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
}

#[test]
fn a_waiting_receive_is_no_delivery() {
    let (mut tx, mut rx) = channel();
    let (sender, receiver) = (Probe::new(), Probe::new());

    let mut recv = rx.recv();
    assert!(receiver.poll(&mut recv).is_pending());
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending(), "woken is not taken");
    assert_eq!(receiver.wakes(), 1);
    assert!(sender.poll(&mut send).is_pending());

    assert_eq!(receiver.poll(&mut recv), Poll::Ready(Some(1)));
    assert_eq!(sender.wakes(), 1);
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
}

#[test]
fn nothing_is_buffered() {
    let (mut tx, mut rx) = channel();
    let sender = Probe::new();

    for i in 0..3 {
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        let mut send = tx.send(i);
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert!(sender.poll(&mut send).is_pending());
        assert_eq!(rx.try_recv(), Ok(i));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    }
}

// Items of every kind.

#[test]
fn items_that_are_not_send() {
    watchdog(|| {
        let (mut tx, mut rx) = channel();
        let item = Rc::new(Cell::new(0));
        let theirs = Rc::clone(&item);
        let send_task = async move {
            tx.send(Rc::clone(&theirs)).await.unwrap();
            theirs.set(theirs.get() + 1);
        };
        let recv_task = async move {
            let item = rx.recv().await.unwrap();
            item.set(item.get() + 1);
        };
        future::block_on(zip(send_task, recv_task));
        assert_eq!(item.get(), 2);
        assert_eq!(Rc::strong_count(&item), 1, "nobody keeps a copy");
    });
}

#[test]
fn items_that_are_borrowed() {
    watchdog(|| {
        let text = String::from("one two three");
        let mut words = [0; 3];
        {
            let (mut tx, mut rx) = channel();
            let send_task = async {
                for pair in text.split(' ').zip(&mut words) {
                    tx.send(pair).await.unwrap();
                }
                drop(tx);
            };
            let recv_task = async {
                while let Some((word, length)) = rx.recv().await {
                    *length = word.len();
                }
            };
            future::block_on(zip(send_task, recv_task));
        }
        assert_eq!(words, [3, 3, 5]);
    });
}

#[test]
fn items_of_no_size() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);

    struct Nothing;

    impl Drop for Nothing {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::SeqCst);
        }
    }

    let (mut tx, mut rx) = channel();
    let sender = Probe::new();
    for taken in 0..10 {
        let mut send = tx.send(Nothing);
        assert!(sender.poll(&mut send).is_pending());
        assert_eq!(DROPPED.load(Ordering::SeqCst), taken);
        let item = rx.try_recv().expect("it is on offer");
        assert!(matches!(sender.poll(&mut send), Poll::Ready(Ok(()))));
        assert_eq!(DROPPED.load(Ordering::SeqCst), taken);
        drop(item);
        assert_eq!(DROPPED.load(Ordering::SeqCst), taken + 1);
        assert!(rx.try_recv().is_err(), "it is there once");
    }

    let mut send = tx.send(Nothing);
    assert!(sender.poll(&mut send).is_pending());
    drop(send);
    assert!(tx.reclaim().is_some());
    assert!(tx.reclaim().is_none());
    assert_eq!(DROPPED.load(Ordering::SeqCst), 11);
}

#[test]
// That they are large, and on the stack, is the point.
#[allow(clippy::large_stack_arrays)]
fn items_of_64_kib() {
    const SIZE: usize = 64 * 1024;

    watchdog(|| {
        let (mut tx, mut rx) = channel::<[u8; SIZE]>();
        let sending = thread::spawn(move || {
            for i in 0..50 {
                tx.send([i; SIZE]).wait().unwrap();
            }
            drop(tx.send([255; SIZE]));
            assert_eq!(tx.reclaim(), Some([255; SIZE]));
        });
        for i in 0..50 {
            let item = future::block_on(rx.recv()).unwrap();
            assert!(item.iter().all(|&byte| byte == i));
        }
        assert!(rx.recv().wait().is_none());
        sending.join().unwrap();
    });
}

#[test]
fn every_item_is_dropped_once_and_by_the_receiver() {
    watchdog(|| {
        let ledger = Ledger::new();
        let (mut tx, mut rx) = channel();
        let send_task = async {
            for _ in 0..100 {
                tx.send(ledger.item()).await.unwrap();
            }
            drop(tx);
        };
        let recv_task = async move {
            let mut expected = 0;
            while let Some(item) = rx.recv().await {
                assert_eq!(item.received(), expected);
                expected += 1;
            }
        };
        future::block_on(zip(send_task, recv_task));
        assert_eq!(ledger.fates(), [Fate::Received; 100]);
    });
}

#[test]
fn a_channel_can_carry_the_end_of_another() {
    watchdog(|| {
        let (mut outer_tx, mut outer_rx) = channel();
        let answering = thread::spawn(move || {
            for (request, mut answer) in &mut outer_rx {
                let answer: &mut Sender<u32> = &mut answer;
                answer.send(request * 2).wait().unwrap();
            }
        });
        for request in 0..100_u32 {
            let (tx, mut rx) = channel();
            outer_tx.send((request, tx)).wait().unwrap();
            assert_eq!(rx.recv().wait(), Some(request * 2));
            assert_eq!(rx.recv().wait(), None);
        }
        drop(outer_tx);
        answering.join().unwrap();
    });
}

// Many items, between real threads.

/// The full number where the code is optimized.
const MANY: u32 = if cfg!(miri) {
    50
} else if cfg!(debug_assertions) {
    50_000
} else {
    1_000_000
};

/// A machine that is busy with other things may need longer than with anything else.
const PATIENCE: Duration = Duration::from_secs(if cfg!(miri) { 900 } else { 60 });

#[test]
fn a_million_items_between_two_blocked_threads() {
    watchdog_for(PATIENCE, || {
        let (mut tx, rx) = channel();
        let sending = thread::spawn(move || {
            for i in 0..MANY {
                tx.send(i).wait().unwrap();
            }
        });
        assert!(rx.into_iter().eq(0..MANY));
        sending.join().unwrap();
    });
}

/// Not a million: where both executors put their threads to sleep for each item, on two cores, an item takes two
/// wakes across them, tens of microseconds.
#[test]
fn many_items_between_two_threads_that_block_on_tasks() {
    watchdog_for(PATIENCE, || {
        let (tx, rx) = channel();
        let sending = thread::spawn(move || future::block_on(send_all(tx, MANY / 5)));
        future::block_on(receive_all(rx, MANY / 5));
        sending.join().unwrap();
    });
}

#[test]
fn a_million_items_between_two_tokio_workers() {
    watchdog_for(PATIENCE, || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (tx, rx) = channel();
            let sending = tokio::spawn(send_all(tx, MANY));
            let receiving = tokio::spawn(receive_all(rx, MANY));
            sending.await.unwrap();
            receiving.await.unwrap();
        });
    });
}

#[test]
fn a_million_items_in_one_task() {
    watchdog_for(PATIENCE, || {
        let (tx, rx) = channel();
        future::block_on(zip(send_all(tx, MANY), receive_all(rx, MANY)));
    });
}
