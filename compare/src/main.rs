//! Measures handoff beside its peers and beside the floor: `cargo compare`.
//!
//! Prints a Markdown table a scenario and the numbers to reach, and writes `results.json`,
//! `results.svg` and the README's chart, `summary-light.svg` and `summary-dark.svg`.

#![forbid(unsafe_code)]

use clap::Parser;
use compare::{
    bench::{self, Effort},
    chart,
    footprint::{allocations, idle, sizes},
    machine::Machine,
    report,
    results::Results,
    scenarios::{self, Scenario},
    watchdog::Watchdog,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{error::Error, fs, path::PathBuf, process::ExitCode, time::Duration};

/// What is measured besides the scenarios.
const FOOTPRINT: [(&str, &str); 3] = [
    ("allocations", "Allocations per item"),
    ("idle", "CPU used by waiting for one second"),
    ("sizes", "Sizes of ends and futures"),
];

/// Measures handoff beside its peers and beside the floor.
#[derive(Debug, Parser)]
struct Options {
    /// Measure only this; may be given more than once. Nothing is written then, unless --out is
    /// given
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// Rounds a scenario
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// A run under a minute, for a first impression
    #[arg(long)]
    quick: bool,
    /// List what can be measured
    #[arg(long)]
    list: bool,
    /// Measure nothing; make tables and chart of the results.json that is there
    #[arg(long)]
    redraw: bool,
    /// Where results.json and results.svg go; the folder of this package if not given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.scenarios.is_empty() || self.scenarios.iter().any(|wanted| wanted == name)
    }

    fn folder(&self) -> PathBuf {
        self.out
            .clone()
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")))
    }

    fn effort(&self) -> Effort {
        let (rounds, batch, long_batch) = if self.quick {
            (11, 3, 30)
        } else {
            (101, 10, 1000)
        };
        Effort {
            rounds: self.rounds.unwrap_or(rounds),
            batch: Duration::from_millis(batch),
            long_batch: Duration::from_millis(long_batch),
        }
    }
}

fn main() -> ExitCode {
    match try_main(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn try_main(options: &Options) -> Result<(), Box<dyn Error>> {
    let all = scenarios::all();
    if options.list {
        let timed = all.iter().map(|scenario| (scenario.name, scenario.title));
        for (name, title) in timed.chain(FOOTPRINT) {
            println!("{name:26} {title}");
        }
        return Ok(());
    }
    let known =
        |name: &str| all.iter().any(|s| s.name == name) || FOOTPRINT.iter().any(|f| f.0 == name);
    if let Some(name) = options.scenarios.iter().find(|name| !known(name)) {
        return Err(format!("there is no scenario {name}; --list shows them").into());
    }

    let folder = options.folder();
    let json = folder.join("results.json");
    let results = if options.redraw {
        let results = serde_json::from_str(&fs::read_to_string(&json)?)?;
        print!("{}", report::all(&results));
        results
    } else {
        measure(options, &all)
    };
    if options.scenarios.is_empty() || options.out.is_some() {
        fs::create_dir_all(&folder)?;
        fs::write(&json, serde_json::to_string_pretty(&results)? + "\n")?;
        let svg = folder.join("results.svg");
        fs::write(&svg, chart::draw(&results)?)?;
        eprintln!("Written: {} and {}", json.display(), svg.display());
        for (name, dark) in [("summary-light.svg", false), ("summary-dark.svg", true)] {
            if let Some(drawn) = chart::draw_summary(&results, dark)? {
                let svg = folder.join(name);
                fs::write(&svg, drawn)?;
                eprintln!("Written: {}", svg.display());
            }
        }
    }
    Ok(())
}

fn measure(options: &Options, all: &[Scenario]) -> Results {
    crossfire::detect_backoff_cfg();
    let effort = options.effort();
    let watchdog = Watchdog::start(Duration::from_secs(60));
    let wanted: Vec<&Scenario> = all
        .iter()
        .filter(|scenario| options.wants(scenario.name))
        .collect();
    let mut results = Results {
        machine: Machine::this(),
        quick: options.quick,
        scenarios: Vec::new(),
        allocations: None,
        idle: Vec::new(),
        sizes: Vec::new(),
    };

    let rounds = |scenario: &&Scenario| u64::from(effort.of(scenario).rounds) + 1;
    let bar = progress_bar(wanted.iter().map(rounds).sum());
    for scenario in wanted {
        bar.set_message(scenario.title);
        results
            .scenarios
            .push(bench::run(scenario, effort, &watchdog, || bar.inc(1)));
    }
    bar.set_message("allocations, idle CPU, sizes");
    if options.wants("allocations") {
        let counted =
            |scenario: &Scenario| !scenario.loaded && !scenario.name.starts_with("two-cores");
        let scenarios: Vec<Scenario> = scenarios::all().into_iter().filter(counted).collect();
        results.allocations = Some(allocations::run(&scenarios, 3 * effort.batch, &watchdog));
    }
    if options.wants("idle") {
        results.idle = idle::run(Duration::from_secs(1), &watchdog);
    }
    if options.wants("sizes") {
        results.sizes = sizes::run();
    }
    bar.finish_and_clear();
    print!("{}", report::all(&results));
    results
}

/// A bar that is drawn on standard error, and only between rounds.
fn progress_bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rounds, {eta} left · {msg}");
    ProgressBar::new(length).with_style(style.expect("a valid template"))
}
