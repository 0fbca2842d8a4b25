//! What spins cost others, and what they save: each figure beside the same build with spinning off, in turn.
//!
//! ```text
//! cargo compare --bin courtesy             # all tables, some minutes
//! cargo compare --bin courtesy -- --rounds 5
//! ```
//!
//! It builds itself a second time, with `--cfg handoff_no_spin`, into `target/no-spin`. Then both builds run the same
//! scenarios, each in a process of its own, one after the other, several times. The tables show medians.
//!
//! * *Courtesy*: an executor has two tasks. One receives from a thread that answers after a time, the other works for
//!   0.2 µs a turn and yields. How many turns does it get, and how long does it have to wait for one?
//! * *Pairs*: two tasks on a work-stealing runtime. The clocks that a spin reads must not slow them down.
//! * *Latency*: single handovers between two threads, idle and with all cores busy.

use clap::Parser;
use compare::{load::Load, stats::Summary};
use futures_lite::future::block_on;
use std::env;
use std::error::Error;
use std::fmt::Write;
use std::hint::spin_loop;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(about = "What spins cost others, beside the same build without spins")]
struct Args {
    /// How often each scenario runs.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a run lasts, in milliseconds.
    #[arg(long, default_value_t = 500)]
    millis: u64,
    /// Runs one scenario in this process, and prints its figures.
    #[arg(long, hide = true)]
    run: Option<String>,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// After how many microseconds the peer answers.
const DELAYS: [f64; 8] = [0.0, 0.2, 1.0, 5.0, 20.0, 100.0, 1_000.0, 10_000.0];

fn main() -> Result<()> {
    let args = Args::parse();
    let budget = Duration::from_millis(args.millis);
    if let Some(scenario) = &args.run {
        let figures: Vec<String> = run(scenario, budget)?.iter().map(f64::to_string).collect();
        println!("{}", figures.join(" "));
        return Ok(());
    }
    let builds = [env::current_exe()?, build_without_spins()?];
    let measure = |scenario: &str| measure(&builds, scenario, &args);

    println!("## Courtesy\n");
    println!("| executor | peer | answers after | turns kept | hold-ups, 99.9 % | without spins | items |");
    println!("|----------|------|--------------:|-----------:|-----------------:|--------------:|------:|");
    for executor in ["tokio", "smol"] {
        for peer in ["wait", "block_on"] {
            for delay in DELAYS {
                let [ours, without] = measure(&format!("courtesy {executor} {peer} {delay}"))?;
                println!(
                    "| {executor} | {peer} | {delay} µs | {:.0} % | {:.1} µs | {:.1} µs | {:.1} × |",
                    100.0 * ours[0] / without[0],
                    ours[1],
                    without[1],
                    ours[2] / without[2],
                );
            }
        }
    }

    println!("\n## Pairs of tasks on tokio's two workers\n");
    println!("| pairs | ns an item | without spins | ratio |");
    println!("|------:|-----------:|--------------:|------:|");
    for pairs in [1, 8, 64] {
        let [ours, without] = measure(&format!("pairs {pairs}"))?;
        let (ours, without) = (ours[0], without[0]);
        println!(
            "| {pairs} | {ours:.0} | {without:.0} | {:.2} |",
            ours / without
        );
    }

    println!("\n## Latency of single handovers between two threads\n");
    println!(
        "| machine | calls | median | 99 % | 99.9 % | without spins: median | 99 % | 99.9 % |"
    );
    println!("|---------|-------|-------:|-----:|-------:|-------:|-----:|-------:|");
    for machine in ["idle", "busy"] {
        for calls in ["wait", "block_on", "crossbeam"] {
            let [ours, without] = measure(&format!("latency {machine} {calls}"))?;
            let mut row = format!("| {machine} | {calls} |");
            for figure in ours.iter().chain(&without) {
                write!(row, " {figure:.1} µs |")?;
            }
            println!("{row}");
        }
    }
    Ok(())
}

/// The same binary with spinning off.
fn build_without_spins() -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/no-spin");
    let status = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--release", "--bin", "courtesy"])
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", "--cfg handoff_no_spin")
        .status()?;
    if !status.success() {
        return Err("the build without spins failed".into());
    }
    Ok(target.join("release/courtesy"))
}

/// The medians of both builds' figures.
fn measure(builds: &[PathBuf; 2], scenario: &str, args: &Args) -> Result<[Vec<f64>; 2]> {
    let mut samples: [Vec<Vec<f64>>; 2] = Default::default();
    for _ in 0..args.rounds {
        for (build, sample) in builds.iter().zip(&mut samples) {
            let millis = args.millis.to_string();
            let output = Command::new(build)
                .args(["--run", scenario, "--millis", &millis])
                .output()?;
            let text = String::from_utf8(output.stdout)?;
            sample.push(
                text.split_whitespace()
                    .map(str::parse)
                    .collect::<std::result::Result<_, _>>()?,
            );
        }
    }
    Ok(samples.map(|sample| {
        let figures = sample.first().map_or(0, Vec::len);
        (0..figures)
            .map(|figure| Summary::of(sample.iter().map(|run| run[figure])).median)
            .collect()
    }))
}

fn run(scenario: &str, budget: Duration) -> Result<Vec<f64>> {
    let words: Vec<&str> = scenario.split(' ').collect();
    match words[..] {
        ["courtesy", executor, peer, delay] => {
            let delay = Duration::from_secs_f64(delay.parse::<f64>()? / 1e6);
            courtesy(executor, peer, delay, budget)
        }
        ["pairs", pairs] => pairs_of_tasks(pairs.parse()?, budget),
        ["latency", machine, calls] => {
            let _load = (machine == "busy").then(Load::start);
            Ok(latency(calls, budget))
        }
        _ => Err("no such scenario".into()),
    }
}

fn busy_for(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        spin_loop();
    }
}

/// The turns of the second task, their hold-ups in microseconds, and the items of the first.
fn courtesy(executor: &str, peer: &str, delay: Duration, budget: Duration) -> Result<Vec<f64>> {
    let (mut sender, mut receiver) = handoff::channel::<u64>();
    let blocks_on = peer == "block_on";
    let peer = thread::spawn(move || {
        for i in 0.. {
            busy_for(delay);
            let sent = if blocks_on {
                block_on(sender.send(i))
            } else {
                sender.send(i).wait()
            };
            if sent.is_err() {
                break;
            }
        }
    });
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
        let start = Instant::now();
        let mut items = 0_u64;
        // The clock is read now and then, or at each item of a slow peer.
        while receiver.recv().await.is_some() {
            items += 1;
            let is_slow = delay >= Duration::from_micros(20);
            if (is_slow || items.is_multiple_of(16)) && start.elapsed() >= budget {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        items
    };
    let ((turns, gaps), items) = match executor {
        "tokio" => {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            runtime.block_on(async {
                let (second, first) = (tokio::spawn(second), tokio::spawn(first));
                let items = first.await;
                second
                    .await
                    .and_then(|second| items.map(|items| (second, items)))
            })?
        }
        _ => {
            let executor = async_executor::LocalExecutor::new();
            block_on(executor.run(async {
                let (second, first) = (executor.spawn(second), executor.spawn(first));
                let items = first.await;
                (second.await, items)
            }))
        }
    };
    peer.join().map_err(|_| "the peer panicked")?;
    Ok(vec![
        as_float(turns),
        percentile(gaps, 0.999),
        as_float(items),
    ])
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
