//! What is measured, each in a process of its own.

use compare::ends::{AsyncEnds, BlockingSendEnd, Named, OnThread, Received, RecvEnd, ThreadToTask};
use compare::load::Load;
use compare::peers::{Fibre, Flume, Kanal, Ours, TokioMpsc};
use futures_lite::future::{block_on, poll_fn};
use std::future::Future;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The peers beside which courtesy is measured.
pub(crate) const PEERS: [&str; 4] = [Kanal::LABEL, Fibre::LABEL, Flume::LABEL, TokioMpsc::LABEL];

/// Runs one scenario, and returns its figures.
pub(crate) fn run(scenario: &str, budget: Duration) -> Result<Vec<f64>> {
    let words: Vec<&str> = scenario.split('/').collect();
    let pace = |delay: &str| -> Result<Pace> {
        let delay = match delay {
            "never" => Duration::MAX,
            micros => Duration::from_secs_f64(micros.parse::<f64>()? / 1e6),
        };
        Ok(Pace {
            start: Instant::now(),
            budget,
            delay,
        })
    };
    match words[..] {
        ["courtesy", channel, executor, calls, delay] => {
            let (pace, blocks_on) = (pace(delay)?, calls == "block_on");
            match channel {
                Kanal::LABEL => one_channel::<Kanal>(executor, blocks_on, pace),
                Fibre::LABEL => one_channel::<Fibre>(executor, blocks_on, pace),
                Flume::LABEL => one_channel::<Flume>(executor, blocks_on, pace),
                TokioMpsc::LABEL => one_channel::<TokioMpsc>(executor, blocks_on, pace),
                _ => one_channel::<Ours>(executor, blocks_on, pace),
            }
        }
        ["many", executor, delay] => many_channels(executor, pace(delay)?),
        ["request", executor, delay] => a_channel_for_each_request(executor, pace(delay)?),
        ["pairs", pairs] => pairs_of_tasks(pairs.parse()?, budget),
        ["latency", machine, calls] => {
            let _load = (machine == "busy").then(Load::start);
            Ok(latency(calls, budget))
        }
        _ => Err("no such scenario".into()),
    }
}

/// How long a run lasts, and how long the peer takes for an answer.
#[derive(Clone, Copy)]
struct Pace {
    start: Instant,
    budget: Duration,
    delay: Duration,
}

impl Pace {
    /// Whether the time is up. The clock is read now and then, or at each item of a slow peer.
    fn is_over(&self, items: u64) -> bool {
        let is_slow = self.delay >= Duration::from_micros(20);
        (is_slow || items.is_multiple_of(16)) && self.start.elapsed() >= self.budget
    }

    /// What the peer does before it answers; `false` if it never will.
    fn think(&self) -> bool {
        if self.delay == Duration::MAX {
            thread::sleep(self.budget);
            return false;
        }
        busy_for(self.delay);
        true
    }
}

fn busy_for(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        spin_loop();
    }
}

/// A second task on the executor of the first, which ends it and its peer. Returns its turns, their
/// hold-ups in microseconds, and the items of the first.
fn beside_a_second_task(
    executor: &str,
    peer: JoinHandle<()>,
    first: impl Future<Output = u64> + Send + 'static,
) -> Result<Vec<f64>> {
    let stop = Arc::new(AtomicBool::new(false));
    let stop_too = Arc::clone(&stop);
    let second = async move {
        let (mut turns, mut gaps) = (0_u64, Vec::with_capacity(1 << 22));
        let mut last = Instant::now();
        while !stop_too.load(Ordering::Relaxed) {
            gaps.push(last.elapsed().as_secs_f64() * 1e6);
            busy_for(Duration::from_nanos(200));
            turns += 1;
            last = Instant::now();
            futures_lite::future::yield_now().await;
        }
        (turns, gaps)
    };
    let first = async move {
        let items = first.await;
        stop.store(true, Ordering::Relaxed);
        items
    };
    let ((turns, gaps), items) = if executor == "tokio" {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            let (second, first) = (tokio::spawn(second), tokio::spawn(first));
            let items = first.await;
            second
                .await
                .and_then(|second| items.map(|items| (second, items)))
        })?
    } else {
        let executor = async_executor::LocalExecutor::new();
        block_on(executor.run(async {
            let (second, first) = (executor.spawn(second), executor.spawn(first));
            let items = first.await;
            (second.await, items)
        }))
    };
    peer.join().map_err(|_| "the peer panicked")?;
    Ok(vec![
        as_float(turns),
        percentile(gaps, 0.999),
        as_float(items),
    ])
}

/// The first task receives from a thread.
fn one_channel<C: AsyncEnds + ThreadToTask>(
    executor: &str,
    blocks_on: bool,
    pace: Pace,
) -> Result<Vec<f64>> {
    if blocks_on {
        let (sender, receiver) = <C as AsyncEnds>::channel::<u64>();
        from_a_thread(executor, pace, OnThread(sender), receiver)
    } else {
        let (sender, receiver) = <C as ThreadToTask>::channel::<u64>();
        from_a_thread(executor, pace, sender, receiver)
    }
}

fn from_a_thread(
    executor: &str,
    pace: Pace,
    mut sender: impl BlockingSendEnd<u64> + Send + 'static,
    mut receiver: impl RecvEnd<u64> + Send + 'static,
) -> Result<Vec<f64>> {
    let peer = thread::spawn(move || {
        let mut items = 0;
        while pace.think() && sender.send_blocking(items) {
            items += 1;
        }
    });
    let first = async move {
        let mut items = 0;
        while receiver.recv().await.received().is_some() {
            items += 1;
            if pace.is_over(items) {
                break;
            }
        }
        items
    };
    beside_a_second_task(executor, peer, first)
}

/// The first task waits for the items of 64 channels at once. One is busy, the others are quiet.
fn many_channels(executor: &str, pace: Pace) -> Result<Vec<f64>> {
    let (mut senders, mut receivers): (Vec<_>, Vec<_>) =
        (0..64).map(|_| handoff::channel::<u64>()).unzip();
    let peer = thread::spawn(move || {
        // Each end has been seen on this thread, so that it could pay to spin for it.
        let _ = senders.iter_mut().all(|it| it.send(0).wait().is_ok());
        let mut items = 0;
        while pace.think() && senders[0].send(items).wait().is_ok() {
            items += 1;
        }
    });
    let first = async move {
        let mut items = 0;
        loop {
            let item = poll_fn(|cx| {
                let answers = receivers.iter_mut().map(|it| it.poll_recv(cx));
                answers
                    .filter(Poll::is_ready)
                    .last()
                    .unwrap_or(Poll::Pending)
            });
            if item.await.is_none() {
                return items;
            }
            items += 1;
            if pace.is_over(items) {
                return items;
            }
        }
    };
    beside_a_second_task(executor, peer, first)
}

/// The first task sends requests to a thread, each with a new channel for its answer.
fn a_channel_for_each_request(executor: &str, pace: Pace) -> Result<Vec<f64>> {
    let (mut desk, mut requests) = handoff::channel::<handoff::Sender<u64>>();
    let peer = thread::spawn(move || {
        while let Some(mut reply) = requests.recv().wait() {
            if !pace.think() || reply.send(0).wait().is_err() {
                break;
            }
        }
    });
    let first = async move {
        let mut items = 0;
        loop {
            let (reply, mut answer) = handoff::channel();
            if desk.send(reply).await.is_err() || answer.recv().await.is_none() {
                return items;
            }
            items += 1;
            if pace.is_over(items) {
                return items;
            }
        }
    };
    beside_a_second_task(executor, peer, first)
}

/// Nanoseconds an item.
fn pairs_of_tasks(pairs: usize, budget: Duration) -> Result<Vec<f64>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()?;
    let start = Instant::now();
    let items = runtime.block_on(async {
        let senders: Vec<_> = (0..pairs)
            .map(|_| {
                let (mut sender, mut receiver) = handoff::channel::<u64>();
                tokio::spawn(async move { while receiver.recv().await.is_some() {} });
                tokio::spawn(async move {
                    let mut items = 0;
                    while sender.send(items).await.is_ok() {
                        items += 1;
                        if items.is_multiple_of(64) && start.elapsed() >= budget {
                            break;
                        }
                    }
                    items
                })
            })
            .collect();
        let mut items = 0;
        for sender in senders {
            items += sender.await?;
        }
        Ok::<_, tokio::task::JoinError>(items)
    })?;
    Ok(vec![start.elapsed().as_secs_f64() * 1e9 / as_float(items)])
}

/// From the call of a send until it returns: the median and the percentiles 99 and 99.9, in microseconds.
fn latency(calls: &str, budget: Duration) -> Vec<f64> {
    let times = if calls == "crossbeam" {
        let (sender, receiver) = crossbeam_channel::bounded(0);
        let peer = thread::spawn(move || receiver.iter().for_each(drop));
        let times = time_each(budget, |i| sender.send(i).is_ok());
        drop(sender);
        let _ = peer.join();
        times
    } else {
        let blocks_on = calls == "block_on";
        let (mut sender, mut receiver) = handoff::channel::<u64>();
        let peer = thread::spawn(move || {
            let mut next = || {
                if blocks_on {
                    block_on(receiver.recv())
                } else {
                    receiver.recv().wait()
                }
            };
            while next().is_some() {}
        });
        let times = time_each(budget, |i| {
            if blocks_on {
                block_on(sender.send(i)).is_ok()
            } else {
                sender.send(i).wait().is_ok()
            }
        });
        drop(sender);
        let _ = peer.join();
        times
    };
    [0.5, 0.99, 0.999]
        .map(|share| percentile(times.clone(), share))
        .to_vec()
}

fn time_each(budget: Duration, mut send: impl FnMut(u64) -> bool) -> Vec<f64> {
    let start = Instant::now();
    let mut times = Vec::with_capacity(1 << 22);
    for i in 0.. {
        let before = Instant::now();
        assert!(send(i), "it was received");
        times.push(before.elapsed().as_secs_f64() * 1e6);
        if start.elapsed() >= budget {
            break;
        }
    }
    times
}

#[allow(clippy::cast_precision_loss)]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn percentile(mut sample: Vec<f64>, share: f64) -> f64 {
    let place = (share * (sample.len().saturating_sub(1)) as f64) as usize;
    *sample.select_nth_unstable_by(place, f64::total_cmp).1
}
