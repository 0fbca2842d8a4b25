//! Runs a scenario: every contender once a round, in an order shuffled anew for each round, so that
//! what disturbs the machine for a while disturbs all alike, and nobody always runs after the same
//! other.
//!
//! A batch is as long as all others in time. What is kept of it is the time per item; ratios are
//! taken within a round. The first round warms up and is not counted.

use crate::{
    drive::Batch, ends::Named, load::Load, scenarios::Scenario, stats::Summary, watchdog::Watchdog,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Who a contender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// This crate.
    Ours,
    /// Another crate.
    Peer,
    /// The same without synchronization.
    Floor,
    /// Two threads that park, and do nothing else.
    Parking,
}

/// One line of a scenario.
pub struct Contender {
    /// Its name.
    pub label: &'static str,
    /// Its package.
    pub package: &'static str,
    /// Who it is.
    pub role: Role,
    /// Whether it may say `Ok` for an item that nobody took.
    pub early: bool,
    /// Hands items over for so long.
    pub run: Box<dyn FnMut(Duration) -> Batch>,
}

impl Contender {
    /// A channel.
    pub fn new<E: Named>(early: bool, run: impl FnMut(Duration) -> Batch + 'static) -> Self {
        Self {
            label: E::LABEL,
            package: E::PACKAGE,
            role: if E::LABEL == "handoff" {
                Role::Ours
            } else {
                Role::Peer
            },
            early,
            run: Box::new(run),
        }
    }

    /// The floor.
    pub fn floor(run: impl FnMut(Duration) -> Batch + 'static) -> Self {
        Self {
            label: "floor",
            package: "",
            role: Role::Floor,
            early: false,
            run: Box::new(run),
        }
    }

    /// Two threads that sleep twice for each item.
    pub fn parking(run: impl FnMut(Duration) -> Batch + 'static) -> Self {
        Self {
            label: "two threads that park",
            role: Role::Parking,
            ..Self::floor(run)
        }
    }
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Rounds a scenario that count.
    pub rounds: u32,
    /// What a batch takes.
    pub batch: Duration,
    /// What a batch takes of a scenario that runs for seconds, of which there are fewer rounds.
    pub long_batch: Duration,
}

impl Effort {
    const LONG_ROUNDS: u32 = 5;

    /// What is spent on this scenario.
    #[must_use]
    pub fn of(self, scenario: &Scenario) -> Self {
        if !scenario.long {
            return self;
        }
        Self {
            rounds: self.rounds.min(Self::LONG_ROUNDS),
            batch: self.long_batch,
            ..self
        }
    }
}

/// What a scenario gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// Its name on the command line.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What exactly runs.
    pub about: String,
    /// What a time is the time of.
    pub unit: String,
    /// Rounds that were run.
    pub rounds: u32,
    /// The contenders, the fastest first.
    pub contenders: Vec<Line>,
}

/// What a contender gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub label: String,
    /// Who it is.
    pub role: Role,
    /// Its version.
    pub version: String,
    /// Whether it may say `Ok` for an item that nobody took.
    pub acks_early: bool,
    /// Items in all its batches.
    pub items: u64,
    /// Nanoseconds per unit.
    pub ns: Summary,
    /// Our time divided by its time, round by round: below one, we are faster.
    pub ours_over: Summary,
}

/// Runs one scenario.
pub fn run(
    scenario: &Scenario,
    effort: Effort,
    watchdog: &Watchdog,
    mut progress: impl FnMut(),
) -> Outcome {
    let mut contenders = (scenario.contenders)();
    if scenario.loaded {
        // One that spins is no floor where others want every core.
        contenders.retain(|contender| contender.role != Role::Floor);
    }
    let _load = scenario.loaded.then(Load::start);
    let effort = effort.of(scenario);

    let mut samples = vec![Vec::new(); contenders.len()];
    let mut items = vec![0; contenders.len()];
    let mut order: Vec<usize> = (0..contenders.len()).collect();
    for round in 0..=effort.rounds {
        fastrand::shuffle(&mut order);
        for &index in &order {
            let contender = &mut contenders[index];
            let name = format!("{} in {}", contender.label, scenario.name);
            let batch = watchdog.watch(&name, || (contender.run)(effort.batch));
            if round > 0 {
                samples[index].push(batch.per_item());
                items[index] += batch.items;
            }
        }
        progress();
    }

    let ours = contenders
        .iter()
        .position(|contender| contender.role == Role::Ours)
        .expect("we are always there");
    let mut lines: Vec<Line> = contenders
        .iter()
        .enumerate()
        .map(|(index, contender)| {
            let ratios = samples[ours]
                .iter()
                .zip(&samples[index])
                .map(|(ours, its)| ours / its);
            Line {
                label: contender.label.to_owned(),
                role: contender.role,
                version: crate::machine::version(contender.package),
                acks_early: contender.early,
                items: items[index],
                ns: Summary::of(samples[index].iter().copied()),
                ours_over: Summary::of(ratios),
            }
        })
        .collect();
    lines.sort_by(|a, b| a.ns.median.total_cmp(&b.ns.median));
    Outcome {
        name: scenario.name.to_owned(),
        title: scenario.title.to_owned(),
        about: scenario.about.to_owned(),
        unit: scenario.unit.to_owned(),
        rounds: effort.rounds,
        contenders: lines,
    }
}
