#!/usr/bin/env bash
# Builds the crate with the oldest of what Cargo.toml promises: with the oldest versions of its own dependencies, with
# the oldest of theirs, too, and with the oldest compiler. The tests and what they depend on are left out: a user of the
# crate does not build them.

set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/versions
export RUSTFLAGS='-D warnings'
oldest=$(sed --quiet 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r src docs README.md "$scratch"
for section in '\[workspace\]' '\[target\..*\.dev-dependencies\]' '\[\[example\]\]'; do
    delete+=(--expression "/^$section\$/,/^\$/d")
done
sed "${delete[@]}" Cargo.toml >"$scratch/Cargo.toml"
cd "$scratch"

for versions in direct-minimal-versions minimal-versions; do
    echo "--- $versions"
    rm -f Cargo.lock
    # Unstable, so a stable toolchain has to be told.
    RUSTC_BOOTSTRAP=1 cargo update --quiet -Z "$versions"
    cargo tree --depth 1 --all-features
    cargo check --quiet
    cargo check --quiet --features sink
done

echo "--- Rust $oldest"
if cargo "+$oldest" --version 2>/dev/null ||
    { [[ ${CI_INSTALL-} = 1 ]] && timeout 300 rustup toolchain install "$oldest" --profile minimal; }; then
    # Which lints there are changes.
    export RUSTFLAGS=
    # An older one does not read the lock file of a newer one.
    rm -f Cargo.lock
    cargo "+$oldest" build
    cargo "+$oldest" build --features sink
else
    echo "SKIPPED. To get what is missing: rustup toolchain install $oldest --profile minimal"
fi
