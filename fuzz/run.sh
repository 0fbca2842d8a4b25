#!/usr/bin/env bash
# Fuzzes the model for SECONDS (an hour if nothing is said), from the programs in tests/model/corpus.txt, and writes
# back to that file the fewest programs that reach as much of the code. `tests/model/corpus.rs` runs them.
#
#     fuzz/run.sh [SECONDS]
#
# Needs a nightly toolchain and `cargo install cargo-fuzz`. A program that fails is in fuzz/artifacts/model/.

set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-3600}
programs=../tests/model/corpus.txt
export LC_ALL=C
# Programs leak futures on purpose.
export ASAN_OPTIONS="detect_leaks=0:quarantine_size_mb=64${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

mkdir -p corpus/model
if [[ -f $programs ]]; then
    seed=0
    while read -r program; do
        # Two hexadecimal digits a byte.
        printf "$(sed 's/../\\x&/g' <<<"$program")" >"corpus/model/seed-$((seed += 1))"
    done < <(grep -v '^#' "$programs")
fi

cargo +nightly fuzz run -O --debug-assertions model -- \
    -max_len=240 -max_total_time="$seconds" -rss_limit_mb=4096 -print_final_stats=1
cargo +nightly fuzz cmin -O --debug-assertions model -- -max_len=240 -rss_limit_mb=4096

{
    echo "# Programs that fuzz/run.sh found, two hexadecimal digits a byte; it writes this file."
    for program in corpus/model/*; do
        od -An -v -tx1 "$program" | tr -d ' \n'
        echo
    done | sed '/^$/d' | sort -u
} >"$programs"
echo "$(grep -vc '^#' "$programs") programs in $programs"
