//! handoff under everything at once: `cargo compare --bin soak -- --minutes N`.
//!
//! Channels between ends of all kinds, used in every way and cancelled at random, while all cores
//! are busy. It stops with a ledger that must balance: everything sent was received or came back,
//! nothing twice, all in order. If it does not, or if a channel hangs, the process fails.

#![forbid(unsafe_code)]

use clap::Parser;
use compare::{
    load::Load,
    report::Table,
    soak::{hosts::Life, ledger::Totals, parcel::LOST},
    watchdog::Watchdog,
};
use fastrand::Rng;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        atomic::{AtomicBool, Ordering},
        Mutex, PoisonError,
    },
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

/// Uses handoff in every way at once, and draws the balance.
#[derive(Debug, Parser)]
struct Options {
    /// How long
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Where chance begins; chosen by chance if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Channels alive at a time; twice the number of cores if not given
    #[arg(long)]
    channels: Option<usize>,
}

/// What the threads share. The totals are kept by where the ends ran.
struct Run {
    tokio: Runtime,
    until: Instant,
    totals: Mutex<BTreeMap<String, Totals>>,
    failure: Mutex<Option<String>>,
    stop: AtomicBool,
}

impl Run {
    fn sum(&self) -> Totals {
        let mut sum = Totals::default();
        for totals in self
            .totals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
        {
            sum += *totals;
        }
        sum
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    let cores = thread::available_parallelism().map_or(2, usize::from);
    let channels = options.channels.unwrap_or(2 * cores);
    println!(
        "Seed {seed}, {channels} channels at a time, {} minutes.",
        options.minutes
    );

    let length = Duration::from_secs_f64(options.minutes * 60.0);
    let run = Run {
        tokio: Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .expect("a runtime"),
        until: Instant::now() + length,
        totals: Mutex::default(),
        failure: Mutex::default(),
        stop: AtomicBool::new(false),
    };
    let load = Load::start();
    let mut rng = Rng::with_seed(seed);
    thread::scope(|scope| {
        for _ in 0..channels {
            let rng = rng.fork();
            scope.spawn(|| live(&run, rng));
        }
        progress(&run, length);
    });
    drop(load);
    conclude(&run)
}

/// One channel after another.
fn live(run: &Run, mut rng: Rng) {
    let watchdog = Watchdog::start(Duration::from_secs(120));
    while Instant::now() < run.until && !run.stop.load(Ordering::Relaxed) {
        let life = Life::random(&mut rng);
        let name = life.hosts.to_string();
        match watchdog.watch(&name, || life.live(&run.tokio)) {
            Ok(totals) => {
                let mut all = run.totals.lock().unwrap_or_else(PoisonError::into_inner);
                *all.entry(name).or_default() += totals;
            }
            Err(error) => {
                let mut failure = run.failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(format!("{name}: {error}"));
                run.stop.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// Shows how far it is: a bar on a terminal, and a line a minute wherever the output goes.
fn progress(run: &Run, length: Duration) {
    let style = ProgressStyle::with_template("{bar:40} {elapsed} of {len}s · {msg}")
        .expect("a valid template");
    let bar = ProgressBar::new(length.as_secs()).with_style(style);
    let start = Instant::now();
    let mut next_line = Duration::from_secs(60);
    while Instant::now() < run.until && !run.stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(200));
        let totals = run.sum();
        let text = format!(
            "{} channels, {} items received",
            totals.channels, totals.received
        );
        bar.set_position(start.elapsed().as_secs());
        if start.elapsed() >= next_line {
            bar.suspend(|| println!("{} min: {text}", next_line.as_secs() / 60));
            next_line += Duration::from_secs(60);
        }
        bar.set_message(text);
    }
    bar.finish_and_clear();
}

fn conclude(run: &Run) -> ExitCode {
    let totals = run.sum();
    let lost = LOST.load(Ordering::Relaxed);
    let mut table = Table::new(&[
        "sender, receiver",
        "channels",
        "received",
        "sends cancelled",
        "receives cancelled",
    ]);
    for (hosts, totals) in run
        .totals
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
    {
        let counts = [
            totals.channels,
            totals.received,
            totals.cancelled_sends,
            totals.cancelled_receives,
        ];
        let cells = counts.map(|count| count.to_string());
        table.row(&[&[hosts.clone()][..], &cells[..]].concat());
    }
    println!("\n{table}");

    let mut table = Table::new(&["", "items"]);
    let mut row = |name: &str, count: u64| table.row(&[name.to_owned(), count.to_string()]);
    row("sent", totals.made);
    row("received", totals.received);
    row("came back and kept", totals.kept);
    row("leaked in forgotten futures", totals.leaked);
    row("destroyed inside the channel", lost);
    println!("{table}");
    println!(
        "{} channels; {} sends and {} receives cancelled or timed out; items came back {} times, most to be sent again, and were \
         lent and put back {} times.",
        totals.channels, totals.cancelled_sends, totals.cancelled_receives, totals.came_back, totals.put_back
    );
    if let Some(failure) = &*run.failure.lock().unwrap_or_else(PoisonError::into_inner) {
        println!("It does not balance. {failure}");
        return ExitCode::FAILURE;
    }
    if lost > 0 || totals.made != totals.received + totals.kept + totals.leaked {
        println!("It does not balance.");
        return ExitCode::FAILURE;
    }
    println!("It balances.");
    ExitCode::SUCCESS
}
