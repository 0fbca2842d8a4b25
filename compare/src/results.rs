//! All that a run found, as it is kept in `results.json`.

use crate::{
    bench::{Line, Outcome},
    footprint::{allocations::Allocations, idle, sizes},
    machine::Machine,
};
use serde::{Deserialize, Serialize};

/// A run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Results {
    /// Where.
    pub machine: Machine,
    /// Whether it was a quick run, whose figures are for a first impression only.
    pub quick: bool,
    /// The times.
    pub scenarios: Vec<Outcome>,
    /// Allocations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocations: Option<Allocations>,
    /// CPU while idle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idle: Vec<idle::Row>,
    /// Sizes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<sizes::Row>,
}

impl Results {
    /// A scenario that was run.
    #[must_use]
    pub fn scenario(&self, name: &str) -> Option<&Outcome> {
        self.scenarios.iter().find(|outcome| outcome.name == name)
    }
}

impl Outcome {
    /// A contender in it.
    #[must_use]
    pub fn line(&self, label: &str) -> Option<&Line> {
        self.contenders.iter().find(|line| line.label == label)
    }
}
