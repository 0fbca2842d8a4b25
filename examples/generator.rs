//! A generator: async code that hands out values, used as an iterator and as a stream.
//!
//! ```text
//! cargo run --example generator
//! ```
//!
//! The body sends its values into a channel, and whoever asks for the next value runs the body. It
//! runs up to its next `send`, and stays there until somebody asks again. For that nothing is needed
//! but the channel: no thread, no executor and no `unsafe`.
//!
//! The exit code is non-zero if anything is not as it says.

use futures_lite::future::{block_on, yield_now};
use futures_lite::stream::{self, BlockOn, Stream, StreamExt};
use handoff::{channel, Receiver, SendError, Sender};
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::process;
use std::task::{Context, Poll};

/// The values that a body sends. It is a `Stream`, and `into_iter` makes it an `Iterator`.
struct Generator<T, F> {
    /// `None` once it has ended, also if it panicked.
    body: Option<Pin<Box<F>>>,
    values: Receiver<T>,
}

/// Makes a generator of a function that gets the sender and returns a future, the body.
fn generate<T, F: Future<Output = ()>>(body: impl FnOnce(Sender<T>) -> F) -> Generator<T, F> {
    let (sender, values) = channel();
    let body = Some(Box::pin(body(sender)));
    Generator { body, values }
}

impl<T, F: Future<Output = ()>> Stream for Generator<T, F> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // The last value was taken, so this runs the body up to its next send. While it runs it is
        // not in the struct, so that nobody polls it again if it panics.
        if let Some(mut body) = self.body.take() {
            if body.as_mut().poll(cx).is_pending() {
                self.body = Some(body);
            }
        }
        match self.values.poll_recv(cx) {
            // The sender may live on somewhere, but there is no body that could use it.
            Poll::Pending if self.body.is_none() => Poll::Ready(None),
            value => value,
        }
    }
}

impl<T, F: Future<Output = ()>> IntoIterator for Generator<T, F> {
    type Item = T;
    type IntoIter = BlockOn<Self>;

    /// The thread waits where the body waits.
    fn into_iter(self) -> Self::IntoIter {
        stream::block_on(self)
    }
}

/// A disc goes from one peg to another.
type Move = (usize, usize);

/// A function that calls itself needs a box.
type Moves<'a> = Pin<Box<dyn Future<Output = Result<(), SendError<Move>>> + 'a>>;

/// The towers of Hanoi. An iterator written by hand would have to keep a stack of its own.
fn hanoi(discs: usize, from: usize, to: usize, out: &mut Sender<Move>) -> Moves<'_> {
    Box::pin(async move {
        if discs > 0 {
            let other = 3 - from - to;
            hanoi(discs - 1, from, other, out).await?;
            out.send((from, to)).await?;
            hanoi(discs - 1, other, to, out).await?;
        }
        Ok(())
    })
}

/// The generator of the moves. A send fails only if somebody closed the receiver.
fn moves(discs: usize) -> Generator<Move, impl Future<Output = ()>> {
    generate(move |mut out| async move {
        let _ = hanoi(discs, 0, 2, &mut out).await;
    })
}

/// All moves, in a `for` loop. Each of them must be legal, and in the end all discs are on peg 2.
fn as_an_iterator() {
    const DISCS: usize = 10;
    let mut pegs = [(1..=DISCS).rev().collect(), Vec::new(), Vec::new()];
    let mut made = 0;
    for (from, to) in moves(DISCS) {
        let disc = pegs[from].pop().expect("a disc to move");
        assert!(pegs[to].last().map_or(true, |&below| below > disc));
        pegs[to].push(disc);
        made += 1;
    }
    assert!(pegs[2].iter().copied().eq((1..=DISCS).rev()));
    say(format_args!(
        "an iterator: {made} moves for {DISCS} discs, and each is legal"
    ));
}

/// With 64 discs there is no end. Nobody asks for more than the first five moves.
fn lazy() {
    let first: Vec<_> = moves(64).into_iter().take(5).collect();
    assert_eq!(first, [(0, 1), (0, 2), (1, 2), (0, 1), (2, 0)]);
    say(format_args!(
        "lazy:        the first of 2^64 - 1 moves: {first:?}"
    ));
}

/// A source that gives three rows at a time, and counts how often it was asked.
struct Source<'a>(&'a Cell<u32>);

impl Source<'_> {
    async fn page(&self) -> [u32; 3] {
        // Stands for a wait for the network.
        yield_now().await;
        let page = self.0.get();
        self.0.set(page + 1);
        [3 * page, 3 * page + 1, 3 * page + 2]
    }
}

/// The body may await anything. Here a stream of rows asks for a page when its first row is wanted.
fn as_a_stream() {
    let pages = Cell::new(0);
    let source = Source(&pages);
    let mut rows = generate(|mut out| async move {
        loop {
            for row in source.page().await {
                if out.send(row).await.is_err() {
                    return;
                }
            }
        }
    });
    block_on(async {
        for expected in 0..3 {
            assert_eq!(rows.next().await, Some(expected));
        }
        assert_eq!(pages.get(), 1);
        assert_eq!(rows.next().await, Some(3));
        assert_eq!(pages.get(), 2);
    });
    say(format_args!(
        "a stream:    4 rows, and the source was asked for {} pages",
        pages.get()
    ));
}

/// Sets a flag when it is dropped.
struct Open<'a>(&'a Cell<bool>);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// A generator that is dropped half-way drops its body, and with it what the body has open.
fn dropped_half_way() {
    let closed = Cell::new(false);
    let mut numbers = generate(|mut out| {
        let open = Open(&closed);
        async move {
            let _open = open;
            for number in 1.. {
                if out.send(number).await.is_err() {
                    return;
                }
            }
        }
    })
    .into_iter();
    assert_eq!(numbers.next(), Some(1));
    assert!(!closed.get());
    drop(numbers);
    assert!(closed.get());
    say(format_args!(
        "dropped:     what the body had open is closed"
    ));
}

fn main() {
    as_an_iterator();
    lazy();
    as_a_stream();
    dropped_half_way();
}

/// Prints a line. If nobody reads it any more, as in `| head -1`, the program ends quietly.
fn say(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout(), "{line}").is_err() {
        process::exit(0);
    }
}
