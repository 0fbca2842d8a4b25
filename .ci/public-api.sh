#!/usr/bin/env bash
# Compares what the crate makes public with the listing in docs/public-api.txt, so that no change of it goes unnoticed.
#
#     bash .ci/public-api.sh            # fails with the difference, if there is one
#     bash .ci/public-api.sh --accept   # writes the listing anew
#
# Needs `cargo install cargo-public-api`, of a version that knows the format of the toolchain's rustdoc.

set -euo pipefail
cd "$(dirname "$0")/.."
listing=docs/public-api.txt

# The format is unstable, so a stable toolchain has to be told.
RUSTC_BOOTSTRAP=1 cargo rustdoc --quiet --lib --features sink -- -Z unstable-options --output-format json
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
# Without the traits that are unstable themselves, and the pages of the documentation.
cargo public-api --omit blanket-impls --rustdoc-json "${CARGO_TARGET_DIR:-target}/doc/handoff.json" |
    grep --invert-match --extended-regexp '::(Freeze|UnsafeUnpin|StructuralPartialEq) for |^pub mod handoff::_' >"$scratch"

if [[ ${1-} = --accept ]]; then
    cp "$scratch" "$listing"
elif ! diff --unified "$listing" "$scratch"; then
    echo "The public interface changed. If that is meant: bash .ci/public-api.sh --accept" >&2
    exit 1
fi
