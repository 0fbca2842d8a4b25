//! Where it was measured, and which versions.

use serde::{Deserialize, Serialize};
use std::{fs, path::Path, thread};

/// Where it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Machine {
    /// The processor, as it calls itself.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// The operating system.
    pub system: String,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            processor: model.map_or_else(
                || "unknown processor".to_owned(),
                |(_, name)| name.trim().to_owned(),
            ),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }
}

/// The version of a package, as `Cargo.lock` has it; empty for the floor and the standard library.
/// `handoff 1` is the package `handoff` from the registry: of two packages of a name, one has to
/// say which.
#[must_use]
pub fn version(package: &str) -> String {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap_or_default();
    match *in_lock(&lock, package) {
        [] => String::new(),
        [version] => version.to_owned(),
        ref versions => panic!("{package} can be any of {versions:?}"),
    }
}

fn in_lock<'a>(lock: &'a str, package: &str) -> Vec<&'a str> {
    let (name, major) = package.split_once(' ').unwrap_or((package, ""));
    let version = |entry: &'a str| {
        let field = |key| {
            entry.lines().find_map(|line| {
                line.strip_prefix(key)?
                    .strip_prefix(" = \"")?
                    .strip_suffix('"')
            })
        };
        let version = field("version")?;
        (field("name")? == name && version.starts_with(major)).then_some(version)
    };
    lock.split("[[package]]").filter_map(version).collect()
}

#[cfg(test)]
mod tests {
    use super::{in_lock, version};
    use crate::custody::subjects;

    #[test]
    fn finds_the_right_handoff() {
        let lock = "[[package]]\nname = \"handoff\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"handoff\"\nversion = \"1.0.2\"\n";
        assert_eq!(in_lock(lock, "handoff 0"), ["0.1.0"]);
        assert_eq!(in_lock(lock, "handoff 1"), ["1.0.2"]);
        assert_eq!(in_lock(lock, "handoff"), ["0.1.0", "1.0.2"]);
        assert!(in_lock(lock, "kanal").is_empty());
    }

    #[test]
    fn every_contender_has_one_version() {
        for subject in subjects() {
            assert!(!version(subject.package).is_empty(), "{}", subject.label);
        }
        for package in ["tokio", "crossbeam-channel"] {
            assert!(!version(package).is_empty(), "{package}");
        }
    }
}
