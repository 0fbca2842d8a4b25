//! Allocations per item, in the scenarios as they are timed, and per channel.
//!
//! Each contender runs twice, for an instant and for a while; what the longer run allocates more,
//! divided by the items it hands over more, is what an item costs, and setting up threads, runtimes
//! and the channel itself drops out. An executor may allocate too; the floor shows how much of it
//! is the executor's.

use crate::{alloc::count, bench::Role, scenarios::Scenario, watchdog::Watchdog};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Allocations {
    /// The scenarios' names.
    pub scenarios: Vec<String>,
    /// The contenders.
    pub rows: Vec<Row>,
}

/// A contender.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Who it is.
    pub role: Role,
    /// Allocations per item (per channel where a scenario makes one for each item), one a scenario
    /// that it takes part in.
    pub per_item: Vec<Option<f64>>,
}

/// Counts in all of these scenarios.
#[must_use]
pub fn run(scenarios: &[Scenario], length: Duration, watchdog: &Watchdog) -> Allocations {
    let mut table = Allocations::default();
    for scenario in scenarios {
        let column = table.scenarios.len();
        table.scenarios.push(scenario.name.to_owned());
        for mut contender in (scenario.contenders)() {
            let name = format!("{}, allocations in {}", contender.label, scenario.name);
            let per_item = watchdog.watch(&name, || per_item(&mut contender.run, length));
            let row = match table
                .rows
                .iter_mut()
                .find(|row| row.label == contender.label)
            {
                Some(row) => row,
                None => {
                    table.rows.push(Row {
                        label: contender.label.to_owned(),
                        role: contender.role,
                        per_item: Vec::new(),
                    });
                    table.rows.last_mut().expect("just pushed")
                }
            };
            row.per_item.resize(column, None);
            row.per_item.push(Some(per_item));
        }
    }
    for row in &mut table.rows {
        row.per_item.resize(table.scenarios.len(), None);
    }
    table
}

#[allow(clippy::cast_precision_loss)]
fn per_item(run: &mut dyn FnMut(Duration) -> crate::drive::Batch, length: Duration) -> f64 {
    run(Duration::from_micros(1));
    let (least, short) = count(|| run(Duration::from_micros(1)));
    let (most, long) = count(|| run(length));
    let items = long.items.saturating_sub(short.items).max(1);
    most.saturating_sub(least) as f64 / items as f64
}
