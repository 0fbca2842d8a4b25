//! What is timed.
//!
//! Each scenario hands over the numbers from zero up, one at a time, and checks at the other end
//! that they come in order. It is the same code for all contenders; only the channel differs.

mod lifecycle;
mod mixed;
mod tasks;
mod threads;

use self::{lifecycle::First, threads::Cores};
use crate::bench::Contender;

/// Something that is timed.
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its title in tables and on the chart.
    pub title: &'static str,
    /// What exactly runs.
    pub about: &'static str,
    /// What a time is the time of.
    pub unit: &'static str,
    /// Whether all cores are kept busy meanwhile.
    pub loaded: bool,
    /// Whether it runs for seconds, because what happens at first says little.
    pub long: bool,
    /// Sets the contenders up.
    pub contenders: fn() -> Vec<Contender>,
}

/// All scenarios, in the order of the tables.
#[must_use]
pub fn all() -> Vec<Scenario> {
    let timed = |name, title, about, contenders| Scenario {
        name,
        title,
        about,
        unit: "item",
        loaded: false,
        long: false,
        contenders,
    };
    let long = |name, title, about, contenders| Scenario {
        long: true,
        ..timed(name, title, about, contenders)
    };
    let loaded = |name, title, about, contenders| Scenario {
        loaded: true,
        ..long(name, title, about, contenders)
    };
    vec![
        timed(
            "one-task",
            "One task, both ends joined",
            "`zip(send loop, receive loop)` in one `futures_lite::future::block_on`.",
            tasks::one_task as fn() -> Vec<Contender>,
        ),
        timed(
            "tokio-current-thread",
            "Two tasks, tokio current-thread",
            "Two `spawn_local` tasks on a `LocalSet` of tokio's current-thread runtime.",
            tasks::tokio_current_thread,
        ),
        timed(
            "smol-local",
            "Two tasks, smol LocalExecutor",
            "Two tasks spawned on a `LocalExecutor` under `futures_lite::future::block_on`.",
            tasks::smol_local,
        ),
        timed(
            "large-items",
            "4 KiB items, one task",
            "As the first, with items of 4096 bytes.",
            tasks::large_items,
        ),
        Scenario {
            unit: "channel",
            ..timed(
                "create-recv-first",
                "Create, hand over one item, drop; receive first",
                "A new channel for each item, in one `block_on`; the receive is polled before the send, and so waits.",
                || lifecycle::one_item(First::Receive),
            )
        },
        Scenario {
            unit: "channel",
            ..timed(
                "create-send-first",
                "Create, hand over one item, drop; send first",
                "The same; the send is polled before the receive, which finds the item there.",
                || lifecycle::one_item(First::Send),
            )
        },
        timed(
            "tokio-multi-thread",
            "Two tasks, tokio multi-thread, 2 workers",
            "Two spawned tasks on tokio's multi-thread runtime. No floor: the scheduler decides whether they share a thread.",
            tasks::tokio_multi_thread,
        ),
        long(
            "thread-to-task",
            "Thread sends, task receives",
            "A blocking send on one thread; a spawned task on a tokio current-thread runtime on another. Peers without a \
             blocking call use one `block_on` an item.",
            mixed::thread_to_task,
        ),
        long(
            "task-to-thread",
            "Task sends, thread receives",
            "The reverse.",
            mixed::task_to_thread,
        ),
        long(
            "threads-block-on",
            "Two threads, block_on on each",
            "One `futures_lite::future::block_on` an item on either thread.",
            || threads::by_block_on(Cores::Any),
        ),
        timed(
            "threads-wait",
            "Two threads, blocking calls",
            "The blocking send and receive of each crate; ours is `wait()`.",
            || threads::by_blocking(Cores::Any),
        ),
        long(
            "wanted-block-on",
            "`wanted` before each send, block_on",
            "`wanted` and then `send` on one thread, `recv` on the other, with a `block_on` for each.",
            || threads::asking(true),
        ),
        timed(
            "wanted-wait",
            "`wanted` before each send, blocking calls",
            "The same with `wait()`.",
            || threads::asking(false),
        ),
        long(
            "two-cores-block-on",
            "Two threads on two cores, block_on",
            "A `block_on` an item on either thread, each thread bound to a core of its own.",
            || threads::by_block_on(Cores::Apart),
        ),
        timed(
            "two-cores-wait",
            "Two threads on two cores, blocking calls",
            "The blocking send and receive of each crate, each thread bound to a core of its own.",
            || threads::by_blocking(Cores::Apart),
        ),
        loaded(
            "threads-block-on-loaded",
            "Two threads, block_on, all cores busy",
            "The same as without load, beside one busy thread a core.",
            || threads::by_block_on(Cores::Any),
        ),
        loaded(
            "threads-wait-loaded",
            "Two threads, blocking calls, all cores busy",
            "The same as without load, beside one busy thread a core.",
            || threads::by_blocking(Cores::Any),
        ),
        loaded(
            "thread-to-task-loaded",
            "Thread to task, all cores busy",
            "The same as without load, beside one busy thread a core.",
            mixed::thread_to_task,
        ),
        loaded(
            "task-to-thread-loaded",
            "Task to thread, all cores busy",
            "The same as without load, beside one busy thread a core.",
            mixed::task_to_thread,
        ),
    ]
}
