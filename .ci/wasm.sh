#!/usr/bin/env bash
# Builds the crate and its documentation for wasm32, where it has no blocking forms.

set -euo pipefail
cd "$(dirname "$0")/.."
target=wasm32-unknown-unknown

if [[ -d $(rustc --print sysroot)/lib/rustlib/$target ]] ||
    { [[ ${CI_INSTALL-} = 1 ]] && timeout 300 rustup target add "$target"; }; then
    export RUSTFLAGS='-D warnings'
    cargo build --locked --lib --target "$target"
    cargo build --locked --lib --target "$target" --features sink
    RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --target "$target" --features sink
else
    echo "SKIPPED. To get what is missing: rustup target add $target"
fi
