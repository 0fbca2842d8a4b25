//! What each end sees when the other one goes: no hang, and no item without an owner.
//!
//! ```text
//! cargo run --example disconnect
//! ```
//!
//! Each step asserts what it says, so the exit code is non-zero if it does not hold.

use futures_lite::future::{block_on, zip};
use handoff::{channel, SendError};
use std::fmt;
use std::io::{self, Write};
use std::process;
use std::thread;

fn main() {
    block_on(async {
        the_sender_goes().await;
        the_receiver_goes().await;
        told_without_an_item().await;
    });
    a_thread_is_blocked();
    closed_but_not_gone();
}

/// The sending task ends, and its sender is dropped with it.
async fn the_sender_goes() {
    let (mut sender, mut receiver) = channel();
    let send_task = async move {
        for item in 0..50 {
            sender.send(item).await.expect("the receiver is there");
        }
    };
    let recv_task = async move {
        let mut arrived = 0;
        while let Some(item) = receiver.recv().await {
            assert_eq!(item, arrived);
            arrived += 1;
        }
        // And it stays so.
        assert_eq!(receiver.recv().await, None);
        arrived
    };
    let ((), arrived) = zip(send_task, recv_task).await;
    assert_eq!(arrived, 50);
    say(format_args!(
        "the sender went:   {arrived} items came, and then None"
    ));
}

/// The receiver has seen enough. The send that it leaves pending gets its item back.
async fn the_receiver_goes() {
    let (mut sender, mut receiver) = channel();
    let send_task = async move {
        let mut sent = 0;
        loop {
            match sender.send(format!("letter {sent}")).await {
                Ok(()) => sent += 1,
                Err(error) => return (sent, error.into_inner()),
            }
        }
    };
    let recv_task = async move {
        for _ in 0..3 {
            assert!(receiver.recv().await.is_some());
        }
    };
    let ((sent, letter), ()) = zip(send_task, recv_task).await;
    assert_eq!((sent, letter.as_str()), (3, "letter 3"));
    say(format_args!(
        "the receiver went: {sent} letters were taken, and \"{letter}\" came back"
    ));
}

/// An end with nothing to send, and nothing to receive, can wait for the other one to go.
async fn told_without_an_item() {
    let (mut sender, receiver) = channel::<String>();
    let ((), ()) = zip(sender.closed(), async { drop(receiver) }).await;
    assert!(sender.is_closed());
    say(format_args!(
        "closed():          it ends when the other end is gone"
    ));
}

/// The same for a thread that is blocked on its end.
fn a_thread_is_blocked() {
    let (sender, mut receiver) = channel::<u32>();
    let blocked = thread::spawn(move || receiver.recv().wait());
    drop(sender);
    assert_eq!(blocked.join().expect("no panic"), None);

    let (mut sender, receiver) = channel();
    let blocked = thread::spawn(move || sender.send(7).wait());
    drop(receiver);
    assert_eq!(blocked.join().expect("no panic"), Err(SendError::Closed(7)));
    say(format_args!(
        "blocked threads:   both came back, the sender with its item"
    ));
}

/// An end that is closed refuses, and is still there to be asked.
fn closed_but_not_gone() {
    let (mut sender, mut receiver) = channel();
    assert!(receiver.close(), "it was open until now");
    assert!(!receiver.close(), "and is no longer");
    assert_eq!(sender.send(1).wait(), Err(SendError::Closed(1)));
    assert_eq!(receiver.recv().wait(), None);
    say(format_args!(
        "close():           sends are refused, receives are None"
    ));
}

/// Prints a line. If nobody reads it any more, as in `| head -1`, the program ends quietly.
fn say(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout(), "{line}").is_err() {
        process::exit(0);
    }
}
