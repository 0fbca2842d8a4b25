//! Medians and quartiles. Means would be at the mercy of whatever else the machine did for a
//! moment.

use serde::{Deserialize, Serialize};

/// A sample in four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The least.
    pub min: f64,
    /// A quarter is below.
    pub q1: f64,
    /// Half is below.
    pub median: f64,
    /// Three quarters are below.
    pub q3: f64,
}

impl Summary {
    /// Condenses a sample.
    ///
    /// # Panics
    ///
    /// If it is empty.
    #[must_use]
    pub fn of(sample: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = sample.into_iter().collect();
        assert!(!sorted.is_empty(), "nothing was measured");
        sorted.sort_by(f64::total_cmp);
        Self {
            min: rounded(sorted[0]),
            q1: rounded(quantile(&sorted, 0.25)),
            median: rounded(quantile(&sorted, 0.5)),
            q3: rounded(quantile(&sorted, 0.75)),
        }
    }
}

/// To four places: the rest is noise, and would only make `results.json` long.
fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn quartiles_of_five() {
        let summary = Summary::of([5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!(
            (summary.min, summary.q1, summary.median, summary.q3),
            (1.0, 2.0, 3.0, 4.0)
        );
    }

    #[test]
    fn between_two() {
        let summary = Summary::of([1.0, 2.0]);
        assert_eq!((summary.q1, summary.median), (1.25, 1.5));
    }
}
