//! Three stages in a row, on two kinds of feet: two tasks on smol's executor, made of streams and
//! `forward`, and a plain thread at the end.
//!
//! ```text
//! cargo run --example pipeline --features sink
//! ```
//!
//! The numbers go in at one end, the first stage hands on the primes, the second one their squares,
//! and the thread adds them up. There is no buffer between them, so the slowest sets the pace.
//!
//! The end travels both ways: when the numbers run out, each stage ends after the one before it;
//! when the thread has enough, what was on its way to it comes back, stage by stage. An item that was
//! on offer can be followed by one that `forward` wants to send next. Then the error has the second
//! one, and `reclaim` the first. For that the stage lends its sender to `forward`.
//!
//! The exit code is non-zero if it ends otherwise.

use futures::{stream, Stream, StreamExt};
use handoff::{channel, Sender, SinkError};
use std::fmt;
use std::io::{self, Write};
use std::process;
use std::thread;

/// How a run ended.
struct Outcome {
    /// What came back to the first stage and to the second, in order.
    primes: Vec<u64>,
    squares: Vec<u64>,
    /// What the thread received, and the sum of it.
    received: usize,
    sum: u64,
}

/// Sends all of a stream. Returns what was not taken, in order.
async fn send_all(items: impl Stream<Item = u64>, mut next: Sender<u64>) -> Vec<u64> {
    let outcome = items.map(Ok).forward(&mut next).await;
    let on_offer = next.reclaim();
    on_offer
        .into_iter()
        .chain(outcome.err().map(SinkError::into_inner))
        .collect()
}

/// Runs the three stages on the numbers below `end`. The thread takes `enough` items at most.
fn run(end: u64, enough: usize) -> Outcome {
    let (to_square, from_primes) = channel();
    let (to_thread, squares) = channel();

    let numbers = stream::iter(0..end).filter(|&n| async move { is_prime(n) });
    let first = smol::spawn(send_all(numbers, to_square));
    let second = smol::spawn(send_all(from_primes.map(|n| n * n), to_thread));
    let third = thread::spawn(move || {
        let taken = squares.into_iter().take(enough);
        taken.fold((0, 0), |(received, sum), square| {
            (received + 1, sum + square)
        })
    });

    let (primes, squares) = smol::block_on(async { (first.await, second.await) });
    let (received, sum) = third.join().expect("the thread does not panic");
    Outcome {
        primes,
        squares,
        received,
        sum,
    }
}

fn is_prime(n: u64) -> bool {
    n > 1 && (2..n).take_while(|d| d * d <= n).all(|d| n % d != 0)
}

fn main() {
    let all = run(10_000, usize::MAX);
    say(format_args!(
        "all of them:   {} squares, sum {}",
        all.received, all.sum
    ));
    assert_eq!((all.received, all.sum), (1229, 37_546_387_960));
    assert!(all.primes.is_empty() && all.squares.is_empty());

    let some = run(10_000, 5);
    say(format_args!(
        "five of them:  {} squares, sum {}",
        some.received, some.sum
    ));
    assert_eq!((some.received, some.sum), (5, 4 + 9 + 25 + 49 + 121));

    let (square, prime) = (some.squares[0], some.primes[0]);
    say(format_args!(
        "came back:     the square {square}, the prime {prime}"
    ));
    // All that was on its way, each once and in order.
    let squared = some.primes.iter().map(|prime| prime * prime);
    let back: Vec<_> = some.squares.iter().copied().chain(squared).collect();
    assert!([13 * 13, 17 * 17, 19 * 19, 23 * 23].starts_with(&back));
}

/// Prints a line. If nobody reads it any more, as in `| head -1`, the program ends quietly.
fn say(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout(), "{line}").is_err() {
        process::exit(0);
    }
}
