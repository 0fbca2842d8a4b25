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
//!   Also with 64 channels in the first task, with a new channel for each request, and beside other channels, whose
//!   figures are in turns and items a run.
//! * *Pairs*: two tasks on a work-stealing runtime. The clocks that a spin reads must not slow them down.
//! * *Latency*: single handovers between two threads, idle and with all cores busy.

mod scenarios;

use clap::Parser;
use compare::stats::Summary;
use scenarios::{Result, PEERS};
use std::env;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

#[derive(Parser)]
#[command(about = "What spins cost others, beside the same build without spins")]
struct Args {
    /// How often each scenario runs.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a run lasts, in milliseconds.
    #[arg(long, default_value_t = 500)]
    millis: u64,
    /// Only this table: courtesy, peers, pairs or latency.
    #[arg(long)]
    table: Option<String>,
    /// Runs one scenario in this process, and prints its figures.
    #[arg(long, hide = true)]
    run: Option<String>,
}

/// After how many microseconds the peer answers.
const DELAYS: [&str; 9] = ["0", "0.2", "1", "5", "20", "100", "1000", "10000", "never"];
/// The same, for what is measured less finely.
const SOME_DELAYS: [&str; 4] = ["0.2", "5", "20", "100"];
const EXECUTORS: [&str; 2] = ["tokio", "smol"];

fn main() -> Result<()> {
    let args = Args::parse();
    let budget = Duration::from_millis(args.millis);
    if let Some(scenario) = &args.run {
        let figures: Vec<String> = scenarios::run(scenario, budget)?
            .iter()
            .map(f64::to_string)
            .collect();
        println!("{}", figures.join(" "));
        return Ok(());
    }
    let builds = [env::current_exe()?, build_without_spins()?];
    let measure = |scenario: &str| measure(&builds, scenario, &args);

    let is_wanted = |table: &str| args.table.as_ref().is_none_or(|it| it == table);
    if is_wanted("courtesy") {
        courtesy(&measure)?;
    }
    if is_wanted("peers") {
        beside_peers(&measure)?;
    }
    if is_wanted("pairs") {
        pairs(&measure)?;
    }
    if is_wanted("latency") {
        latency(&measure)?;
    }
    Ok(())
}

/// Measures a scenario with spins and without.
type Measure<'a> = &'a dyn Fn(&str) -> Result<[Vec<f64>; 2]>;

fn courtesy(measure: Measure<'_>) -> Result<()> {
    println!("## Courtesy\n");
    println!("| executor | peer | answers after | turns kept | hold-ups, 99.9 % | without spins | items |");
    println!("|----------|------|--------------:|-----------:|-----------------:|--------------:|------:|");
    for executor in EXECUTORS {
        for peer in ["wait", "block_on"] {
            for delay in DELAYS {
                let figures = measure(&format!("courtesy/handoff/{executor}/{peer}/{delay}"))?;
                courtesy_row(executor, peer, delay, &figures);
            }
        }
        for (scenario, peer) in [
            ("many", "wait, 64 channels"),
            ("request", "wait, a channel a request"),
        ] {
            for delay in SOME_DELAYS {
                let figures = measure(&format!("{scenario}/{executor}/{delay}"))?;
                courtesy_row(executor, peer, delay, &figures);
            }
        }
    }
    Ok(())
}

fn courtesy_row(executor: &str, peer: &str, delay: &str, [ours, without]: &[Vec<f64>; 2]) {
    let unit = if delay == "never" { "" } else { " µs" };
    let items = if without[2] > 0.0 {
        format!("{:.1} ×", ours[2] / without[2])
    } else {
        "none".into()
    };
    println!(
        "| {executor} | {peer} | {delay}{unit} | {:.0} % | {:.1} µs | {:.1} µs | {items} |",
        100.0 * ours[0] / without[0],
        ours[1],
        without[1],
    );
}

fn beside_peers(measure: Measure<'_>) -> Result<()> {
    println!("\n## Courtesy, beside other channels\n");
    println!("| executor | peer | answers after | channel | turns | hold-ups, 99.9 % | items |");
    println!("|----------|------|--------------:|---------|------:|-----------------:|------:|");
    for executor in EXECUTORS {
        for peer in ["wait", "block_on"] {
            for delay in SOME_DELAYS {
                for channel in ["handoff"].iter().chain(&PEERS) {
                    let scenario = format!("courtesy/{channel}/{executor}/{peer}/{delay}");
                    let [figures, without] = measure(&scenario)?;
                    let row = |channel: &str, figures: &[f64]| {
                        println!(
                            "| {executor} | {peer} | {delay} µs | {channel} | {:.0} | {:.1} µs | {:.0} |",
                            figures[0], figures[1], figures[2],
                        );
                    };
                    row(channel, &figures);
                    if *channel == "handoff" {
                        row("handoff without spins", &without);
                    }
                }
            }
        }
    }
    Ok(())
}

fn pairs(measure: Measure<'_>) -> Result<()> {
    println!("\n## Pairs of tasks on tokio's two workers\n");
    println!("| pairs | ns an item | without spins | ratio |");
    println!("|------:|-----------:|--------------:|------:|");
    for pairs in [1, 8, 64] {
        let [ours, without] = measure(&format!("pairs/{pairs}"))?;
        let (ours, without) = (ours[0], without[0]);
        println!(
            "| {pairs} | {ours:.0} | {without:.0} | {:.2} |",
            ours / without
        );
    }

    Ok(())
}

fn latency(measure: Measure<'_>) -> Result<()> {
    println!("\n## Latency of single handovers between two threads\n");
    println!(
        "| machine | calls | median | 99 % | 99.9 % | without spins: median | 99 % | 99.9 % |"
    );
    println!("|---------|-------|-------:|-----:|-------:|-------:|-----:|-------:|");
    for machine in ["idle", "busy"] {
        for calls in ["wait", "block_on", "crossbeam"] {
            let [ours, without] = measure(&format!("latency/{machine}/{calls}"))?;
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
            if !output.status.success() {
                let error = String::from_utf8_lossy(&output.stderr);
                return Err(format!("{scenario}: {error}").into());
            }
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
