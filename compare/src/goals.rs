//! The numbers to reach, and whether they were.

use crate::{
    bench::{Line, Outcome, Role},
    results::Results,
};

/// A goal and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// The scenario's title, or what else was measured.
    pub of: String,
    /// What was to be reached.
    pub goal: &'static str,
    /// What was reached.
    pub reached: String,
    /// Whether that will do.
    pub met: bool,
}

/// Which peers a goal speaks of.
type Which = fn(&Line) -> bool;

const EVERY_PEER: Which = |line| line.role == Role::Peer;
const WHOSE_OK_MEANS_TAKEN: Which = |line| line.role == Role::Peer && !line.acks_early;
const WHOSE_OK_MAY_COME_EARLIER: Which = |line| line.role == Role::Peer && line.acks_early;
const BUFFERED: Which = |line| line.label.ends_with("(1)");
const FLOOR: Which = |line| line.role == Role::Floor;
const PARKING: Which = |line| line.role == Role::Parking;
const HANDOFF_1: Which = |line| line.label == "handoff 1.0.2";
const KANAL: Which = |line| line.label.starts_with("kanal (0)");
const CROSSBEAM: Which = |line| line.label.starts_with("crossbeam (0)");
const THAT_DOES_NOT_SPIN: Which = |line| {
    line.role == Role::Peer
        && !["kanal", "crossfire"]
            .iter()
            .any(|it| line.label.starts_with(it))
};

/// A scenario, the goal in words, whom it compares with, and the greatest ratio of our time to
/// theirs.
const TIMES: &[(&str, &str, Which, f64)] = &[
    ("one-task", "at most 1.75 × floor", FLOOR, 1.75),
    ("one-task", STRICT, WHOSE_OK_MEANS_TAKEN, 1.0),
    ("one-task", ONE_BUFFERED, BUFFERED, 1.0),
    ("tokio-current-thread", "at most 1.4 × floor", FLOOR, 1.4),
    ("tokio-current-thread", STRICT, WHOSE_OK_MEANS_TAKEN, 1.0),
    ("tokio-current-thread", ONE_BUFFERED, BUFFERED, 1.0),
    ("smol-local", "at most 1.2 × floor", FLOOR, 1.2),
    ("smol-local", STRICT, WHOSE_OK_MEANS_TAKEN, 1.0),
    ("smol-local", ONE_BUFFERED, BUFFERED, 1.0),
    ("tokio-multi-thread", STRICT, WHOSE_OK_MEANS_TAKEN, 1.0),
    ("threads-wait", "at most 3 × floor", FLOOR, 3.0),
    ("threads-wait", "faster than every peer", EVERY_PEER, 1.0),
    (
        "wanted-block-on",
        "at most 2 × a send alone",
        EVERY_PEER,
        2.0,
    ),
    ("wanted-wait", "at most 2 × a send alone", EVERY_PEER, 2.0),
    ("two-cores-wait", "at most 3 × floor", FLOOR, 3.0),
    ("two-cores-wait", "faster than every peer", EVERY_PEER, 1.0),
    ("thread-to-task", "faster than every peer", EVERY_PEER, 1.0),
    (
        "thread-to-task",
        "at most 0.1 × every peer that does not spin",
        THAT_DOES_NOT_SPIN,
        0.1,
    ),
    ("task-to-thread", "faster than every peer", EVERY_PEER, 1.0),
    (
        "task-to-thread",
        "at most 0.1 × every peer that does not spin",
        THAT_DOES_NOT_SPIN,
        0.1,
    ),
    (
        "threads-wait-loaded",
        "at most 1.0 × crossbeam (0)",
        CROSSBEAM,
        1.0,
    ),
    ("threads-block-on-loaded", LOADED, WHOSE_OK_MEANS_TAKEN, 1.2),
    ("thread-to-task-loaded", LOADED, WHOSE_OK_MEANS_TAKEN, 1.2),
    ("task-to-thread-loaded", LOADED, WHOSE_OK_MEANS_TAKEN, 1.2),
    ("create-recv-first", "at most kanal (0)", KANAL, 1.0),
    ("create-send-first", "at most kanal (0)", KANAL, 1.0),
    ("large-items", "at most kanal (0)", KANAL, 1.0),
    ("large-items", "at most handoff 1.0.2", HANDOFF_1, 1.0),
];

/// Two threads in `block_on`, where [`PARKING`] takes [`LONG_SLEEPS`] or more for an item.
const WHERE_SLEEPS_ARE_LONG: &[(&str, Which, f64)] = &[
    (
        "at most 0.02 × every peer whose Ok means taken",
        WHOSE_OK_MEANS_TAKEN,
        0.02,
    ),
    (
        "at most 0.03 × every other peer",
        WHOSE_OK_MAY_COME_EARLIER,
        0.03,
    ),
];

/// The same where it takes less.
const WHERE_SLEEPS_ARE_SHORT: &[(&str, Which, f64)] =
    &[("at most 0.05 × every peer", EVERY_PEER, 0.05)];

/// In nanoseconds, for a round trip.
const LONG_SLEEPS: f64 = 30_000.0;

const STRICT: &str = "faster than every peer whose Ok means taken";
const ONE_BUFFERED: &str = "faster than every buffered channel of capacity 1";
const LOADED: &str = "at most 1.2 × the best peer whose Ok means taken";

/// All goals that this run can judge.
#[must_use]
pub fn judge(results: &Results) -> Vec<Goal> {
    let times = TIMES.iter().filter_map(|&(name, goal, which, limit)| {
        time(results.scenario(name)?, goal, which, limit)
    });
    let mut goals: Vec<Goal> = times.collect();
    let both = ["threads-block-on", "two-cores-block-on"];
    goals.extend(
        both.iter()
            .filter_map(|name| results.scenario(name))
            .flat_map(block_on),
    );
    goals.extend(allocations(results));
    goals.extend(idle(results));
    goals.extend(sizes(results));
    goals
}

fn time(outcome: &Outcome, goal: &'static str, which: Which, limit: f64) -> Option<Goal> {
    let worst = outcome
        .contenders
        .iter()
        .filter(|line| which(line))
        .max_by(|a, b| a.ours_over.median.total_cmp(&b.ours_over.median))?;
    let ratio = worst.ours_over.median;
    // What rounds to 1 is a tie, and not faster.
    let is_tie = (0.995..1.005).contains(&ratio);
    Some(Goal {
        of: outcome.title.clone(),
        goal,
        reached: format!("{} × {}", in_digits(ratio), worst.label),
        met: ratio <= limit && !(is_tie && goal.starts_with("faster")),
    })
}

/// Two ends in step save sleeps. So the goal depends on what a sleep costs on this machine.
fn block_on(outcome: &Outcome) -> Vec<Goal> {
    let parking = outcome.contenders.iter().find(|line| PARKING(line));
    let goals = if parking.is_some_and(|line| line.ns.median >= LONG_SLEEPS) {
        WHERE_SLEEPS_ARE_LONG
    } else {
        WHERE_SLEEPS_ARE_SHORT
    };
    goals
        .iter()
        .filter_map(|&(goal, which, limit)| time(outcome, goal, which, limit))
        .collect()
}

/// A small ratio with one digit more, as it is judged by a small limit.
fn in_digits(ratio: f64) -> String {
    if ratio < 0.095 {
        format!("{ratio:.3}")
    } else {
        format!("{ratio:.2}")
    }
}

/// One a channel, and for an item none but the executor's own.
fn allocations(results: &Results) -> Vec<Goal> {
    let Some(table) = &results.allocations else {
        return Vec::new();
    };
    let row = |role| table.rows.iter().find(|row| row.role == role);
    let (Some(ours), Some(floor)) = (row(Role::Ours), row(Role::Floor)) else {
        return Vec::new();
    };
    let mut per_channel: f64 = 0.0;
    let mut per_item: f64 = 0.0;
    for (index, name) in table.scenarios.iter().enumerate() {
        let Some(count) = ours.per_item[index] else {
            continue;
        };
        if name.starts_with("create-") {
            per_channel = per_channel.max(count);
        } else {
            per_item = per_item.max(count - floor.per_item[index].unwrap_or(0.0));
        }
    }
    vec![
        Goal {
            of: "Allocations".to_owned(),
            goal: "one per channel",
            reached: format!("{per_channel:.2}"),
            met: per_channel < 1.005,
        },
        Goal {
            of: "Allocations".to_owned(),
            goal: "none per item in any scenario, the executor's own apart",
            reached: format!("{:.2}", per_item.max(0.0)),
            met: per_item < 0.02,
        },
    ]
}

fn idle(results: &Results) -> Option<Goal> {
    let most = results
        .idle
        .iter()
        .filter(|row| row.label == "handoff")
        .flat_map(|row| [row.receive, row.send, row.receive_timed.unwrap_or(0.0)])
        .max_by(f64::total_cmp)?;
    Some(Goal {
        of: "Idle for 1 s".to_owned(),
        goal: "under 1 ms of CPU",
        reached: format!("{most:.2} ms"),
        met: most < 1.0,
    })
}

fn sizes(results: &Results) -> Option<Goal> {
    let ours = results.sizes.iter().find(|row| row.label == "handoff")?;
    Some(Goal {
        of: "Size".to_owned(),
        goal: "Recv at most 4 words",
        reached: format!("{} bytes", ours.recv),
        met: ours.recv <= 4 * size_of::<usize>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Summary;

    fn line(role: Role, ns: f64, ours_over: f64, acks_early: bool) -> Line {
        Line {
            label: String::new(),
            role,
            version: String::new(),
            acks_early,
            items: 1,
            ns: Summary::of([ns]),
            ours_over: Summary::of([ours_over]),
        }
    }

    /// Which goals are met by so many times the time of a strict peer, and of another one.
    fn met(parking: f64, strict: f64, early: f64) -> Vec<bool> {
        let outcome = Outcome {
            name: String::new(),
            title: String::new(),
            about: String::new(),
            unit: String::new(),
            rounds: 1,
            contenders: vec![
                line(Role::Parking, parking, 9.0, false),
                line(Role::Peer, 1.0, strict, false),
                line(Role::Peer, 1.0, early, true),
            ],
        };
        block_on(&outcome).iter().map(|goal| goal.met).collect()
    }

    #[test]
    fn what_is_to_be_reached_in_block_on_depends_on_what_a_sleep_costs() {
        assert_eq!(met(30_000.0, 0.02, 0.03), [true, true]);
        assert_eq!(met(30_000.0, 0.021, 0.031), [false, false]);
        assert_eq!(met(29_999.0, 0.05, 0.05), [true]);
        assert_eq!(met(29_999.0, 0.051, 0.05), [false]);
        assert_eq!(met(29_999.0, 0.05, 0.051), [false]);
    }

    #[test]
    fn a_small_ratio_has_three_digits() {
        assert_eq!(in_digits(0.0215), "0.021");
        assert_eq!(in_digits(0.0949), "0.095");
        assert_eq!(in_digits(0.0951), "0.10");
    }
}
