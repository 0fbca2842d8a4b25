//! handoff's own column of the table of custody. What the peers do is theirs to change, and not
//! asserted.

use compare::custody::{column, subjects, Finding, Grade};
use std::path::Path;

#[test]
fn ours() {
    let ours = subjects().remove(0);
    assert_eq!(ours.label, "handoff");
    let column = column(Path::new(env!("CARGO_BIN_EXE_custody")), ours);
    let expected = [
        ("ok-means-taken", "yes"),
        ("cancelled-send", "given back by `reclaim`"),
        ("timed-send", "the sender, in the error"),
        ("cancelled-receive", "goes to the next receive"),
        ("receiver-dropped", "given back in the error"),
        ("woken-receiver-dropped", "given back in the error"),
        ("forgotten-receive", "the channel still works"),
        (
            "forgotten-send",
            "its item is delivered, the channel still works",
        ),
        ("replaced-waker", "yes"),
        ("inline-waker", "the channel still works"),
        ("waker-drop", "the channel still works"),
        ("panicking-waker", "the channel still works"),
        ("kept-waker", "no"),
    ];
    let found: Vec<(&str, &str)> = column
        .subject
        .experiments
        .iter()
        .zip(&column.findings)
        .map(|(experiment, finding)| (experiment.name, finding.text.as_str()))
        .collect();
    assert_eq!(found, expected);
    let good = |finding: &Finding| finding.grade == Grade::Good;
    assert!(column.findings.iter().all(good), "{:?}", column.findings);
}
