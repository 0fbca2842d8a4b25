//! Time-outs on both ends, and no item is lost: the smol way.
//!
//! ```text
//! cargo run --example select_timeout
//! ```
//!
//! Each end has little patience and is away now and then, so each of them gives up many times.
//!
//! * The sender limits each send with a timer: `send(item).until(timer)`. If the timer comes first,
//!   the error has the item, which is sent again.
//! * The receiver races each receive against a timer, in a `select!`. A receive that is dropped
//!   half-way held nothing.
//!
//! At the end a ledger shows for each item where it has been. The exit code is non-zero if it does
//! not balance.

use async_io::Timer;
use futures::{select, FutureExt};
use futures_lite::future::block_on;
use handoff::{channel, Receiver, SendTimeoutError, Sender};
use std::fmt;
use std::io::{self, Write};
use std::process::{self, ExitCode};
use std::thread;
use std::time::Duration;

const ITEMS: u32 = 12;
/// How long an end waits for the other.
const PATIENCE: Duration = Duration::from_millis(5);
/// How long an end is away.
const ABSENCE: Duration = Duration::from_millis(40);

/// What became of one item, as its sender sees it.
#[derive(Default)]
struct Entry {
    offered: u32,
    returned: u32,
    delivered: u32,
}

fn main() -> ExitCode {
    let (sender, receiver) = channel();
    let sending = thread::spawn(|| block_on(send_all(sender)));
    let (arrived, timed_out) = block_on(receive_all(receiver));
    let ledger = sending.join().expect("the sender does not panic");

    say(format_args!("item  offered  returned  delivered  received"));
    let mut balanced = true;
    for (item, entry) in (1..).zip(&ledger) {
        let Entry {
            offered,
            returned,
            delivered,
        } = *entry;
        let times = arrived.iter().filter(|&&other| other == item).count();
        say(format_args!(
            "{item:4}  {offered:7}  {returned:9}  {delivered:9}  {times:8}"
        ));
        balanced &= offered == returned + delivered && delivered == 1 && times == 1;
    }
    let returned: u32 = ledger.iter().map(|entry| entry.returned).sum();
    say(format_args!(
        "{returned} sends timed out, and {timed_out} receives"
    ));

    let in_order = arrived.into_iter().eq(1..=ITEMS);
    if balanced && in_order && returned > 0 && timed_out > 0 {
        say(format_args!(
            "nothing was lost, nothing came twice, and all came in order"
        ));
        ExitCode::SUCCESS
    } else {
        let _ = writeln!(io::stderr(), "the ledger does not balance");
        ExitCode::FAILURE
    }
}

async fn send_all(mut sender: Sender<u32>) -> Vec<Entry> {
    let mut ledger = Vec::new();
    for item in 1..=ITEMS {
        if item % 4 == 0 {
            Timer::after(ABSENCE).await;
        }
        let mut entry = Entry::default();
        let mut in_hand = Some(item);
        while let Some(item) = in_hand {
            entry.offered += 1;
            match sender.send(item).until(Timer::after(PATIENCE)).await {
                Ok(()) => {
                    entry.delivered += 1;
                    in_hand = None;
                }
                Err(SendTimeoutError::Timeout(item)) => {
                    entry.returned += 1;
                    in_hand = Some(item);
                }
                Err(error) => panic!("{error}: item {}", error.into_inner()),
            }
        }
        ledger.push(entry);
    }
    ledger
}

/// Receives until the sender is gone. Returns the items, and how many receives timed out.
async fn receive_all(mut receiver: Receiver<u32>) -> (Vec<u32>, u32) {
    let mut arrived = Vec::new();
    let mut timed_out = 0;
    loop {
        let mut too_late = Timer::after(PATIENCE).fuse();
        select! {
            item = receiver.recv() => match item {
                Some(item) => {
                    arrived.push(item);
                    if item % 4 == 2 {
                        Timer::after(ABSENCE).await;
                    }
                }
                None => return (arrived, timed_out),
            },
            _ = too_late => timed_out += 1,
        }
    }
}

/// Prints a line. If nobody reads it any more, as in `| head -1`, the program ends quietly.
fn say(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout(), "{line}").is_err() {
        process::exit(0);
    }
}
