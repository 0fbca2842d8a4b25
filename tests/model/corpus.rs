//! The programs that the fuzzer kept, because each goes a way through the code that no other does, against the model.
//!
//! `fuzz/run.sh` finds them and writes `corpus.txt`.

use crate::common::watchdog;
use crate::program;

const CORPUS: &str = include_str!("corpus.txt");

fn bytes(line: &str) -> Vec<u8> {
    assert!(
        line.is_ascii() && line.len() % 2 == 0,
        "not hexadecimal: {line}"
    );
    (0..line.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&line[at..at + 2], 16).expect("two hexadecimal digits"))
        .collect()
}

#[test]
fn the_channel_does_as_its_model_in_all_that_the_fuzzer_found() {
    let programs: Vec<_> = CORPUS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(bytes)
        .collect();
    assert!(programs.len() > 100, "a corpus of {}", programs.len());
    for program in programs {
        let text = program::explain(&program);
        println!("{text}"); // Shown if it fails.
        watchdog(move || program::run(&program));
    }
}
