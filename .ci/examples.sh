#!/usr/bin/env bash
# Runs the examples as a user would, and holds them to what they print and how they end.
#
# They are built in release mode, with all features that they need, by this script.

set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --examples --features sink
bin=$(realpath "${CARGO_TARGET_DIR:-target}")/release/examples
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out err=$scratch/err

# What wc takes for a word depends on the locale, and so does what printf makes of \u.
export LC_ALL=C.UTF-8

fail() {
    echo "FAILED: $*" >&2
    echo "--- standard output:" >&2 && cat "$out" >&2
    echo "--- standard error:" >&2 && cat "$err" >&2
    exit 1
}

# ends STATUS COMMAND...: the command ends with this status, before long. What it prints is kept.
ends() {
    local expected=$1 status=0
    shift
    timeout 60 "$@" </dev/null >"$out" 2>"$err" || status=$?
    [[ $status -eq $expected ]] || fail "status $status instead of $expected: $*"
}

# says TEXT...: each of the texts is on standard output.
says() {
    local text
    for text in "$@"; do
        grep --quiet --fixed-strings -- "$text" "$out" || fail "it does not print \"$text\""
    done
}

# The examples that take no input check themselves, and say so.

ends 0 "$bin/disconnect"
says '50 items came, and then None' \
    '3 letters were taken, and "letter 3" came back' \
    'both came back, the sender with its item'

ends 0 "$bin/select_timeout"
says 'nothing was lost, nothing came twice, and all came in order'

ends 0 "$bin/latest_frame"
says 'on demand       40     40       0      0' \
    'each frame was of the moment'

ends 0 "$bin/supervised_worker"
says '5 workers: every job was done, and none twice without a restart'
[[ $(grep --count 'true' "$out") -eq 12 ]] || fail 'not every job was confirmed'

ends 0 "$bin/pipeline"
says '1229 squares, sum 37546387960' '5 squares, sum 208' 'the square 169'

ends 0 "$bin/generator"
says 'an iterator: 1023 moves for 10 discs, and each is legal' \
    '[(0, 1), (0, 2), (1, 2), (0, 1), (2, 0)]' \
    '4 rows, and the source was asked for 2 pages' \
    'what the body had open is closed'

echo 'disconnect, select_timeout, latest_frame, supervised_worker, pipeline, generator: as they should be'

# A reader that goes early, as in `| head -1`, ends an example quietly.

mkfifo "$scratch/pipe"
# A pipe for writing that nobody reads.
exec 8<>"$scratch/pipe" 9>"$scratch/pipe" 8<&-
for name in accept_loop disconnect generator latest_frame pipeline select_timeout supervised_worker word_count; do
    status=0
    "$bin/$name" >&9 2>"$err" || status=$?
    [[ $status -eq 0 ]] || fail "$name: status $status when nobody reads it"
    ! grep --quiet panicked "$err" || [[ $name = supervised_worker ]] || fail "$name panics when nobody reads it"
    status=0
    "$bin/$name" >&9 2>&9 || status=$?
    [[ $status -eq 0 ]] || fail "$name: status $status when nobody reads its errors either"
done
exec 9>&-
rm "$scratch/pipe"
echo 'a reader that goes early: they end quietly'

# accept_loop serves one client at a time, and tells those who are left. Each step waits for a line of the server or for
# an answer, and never for a time.

mkfifo "$scratch/said"
: >"$out"
"$bin/accept_loop" >"$scratch/said" 2>"$err" </dev/null &
server=$!
trap 'kill "$server" 2>/dev/null || :; rm -rf "$scratch"' EXIT
exec 7<"$scratch/said"
rm "$scratch/said"

# hears TEXT: the next line of the server has this text.
hears() {
    IFS= read -r -t 60 line <&7 || fail "the server does not say \"$1\""
    echo "$line" >>"$out"
    [[ $line = *"$1"* ]] || fail "the server does not say \"$1\" next"
}

# request: what a client of HTTP says.
request() {
    printf 'GET / HTTP/1.1\r\nHost: %s\r\n\r\n' "$address"
}

# fetch NAME: asks the server as a client would, and keeps the whole answer under this name.
fetch() {
    if command -v curl >/dev/null; then
        curl --silent --show-error --include --noproxy '*' --max-time 60 "http://$address/" >"$scratch/$1"
    else
        # shellcheck disable=SC2094
        {
            request >&5
            timeout 60 cat <&5 >"$scratch/$1"
        } 5<>"/dev/tcp/${address/://}"
    fi
}

# got NAME TEXT...: the answer has each of the texts.
got() {
    local name=$1 text
    shift
    for text in "$@"; do
        grep --quiet --fixed-strings -- "$text" "$scratch/$name" || fail "$name does not get \"$text\""
    done
}

hears 'listening on http://127.0.0.1:'
address=${line#*http://}

fetch first || fail 'the first client gets no answer'
got first '200 OK' 'hello, client 1'
hears 'client 1 came'
hears 'client 1 was served'

# The second one is connected and says nothing yet, so the worker waits for it.
exec 6<>"/dev/tcp/${address/://}"
hears 'client 2 came'
# The third one is accepted and on offer.
fetch third &
third=$!
hears 'client 3 came'
# The fourth one is connected, as far as it can tell, and is not accepted.
exec 5<>"/dev/tcp/${address/://}"
request >&5

# As Ctrl-C does.
kill -INT "$server"
hears 'stopping'
hears 'client 3 was not served'
hears 'client 4 was not served'
wait "$third" || fail 'the third client gets no answer'
got third '503 Service Unavailable' 'please try again'
timeout 60 cat <&5 >"$scratch/fourth" || fail 'the fourth client gets no answer'
exec 5<&-
got fourth '503 Service Unavailable' 'please try again'
# The second one is served to its end.
request >&6
timeout 60 cat <&6 >"$scratch/second" || fail 'the second client gets no answer'
exec 6<&-
got second '200 OK' 'hello, client 2'
hears 'client 2 was served'
hears '2 served, 2 not served'
status=0
wait "$server" || status=$?
[[ $status -eq 0 && ! -s $err ]] || fail "accept_loop: status $status"
exec 7<&-
trap 'rm -rf "$scratch"' EXIT
# What word_count counts below is not this.
rm "$scratch"/{first,second,third,fourth}

ends 1 "$bin/accept_loop" 'nowhere'
grep --quiet 'accept_loop: nowhere: ' "$err" || fail 'it does not say which address'
ends 2 "$bin/accept_loop" 127.0.0.1:0 127.0.0.1:0
echo 'accept_loop: it served two clients, and told two that it did not'

# word_count counts as wc does.

# counts FILE: the totals are those of wc, on one line, and progress was shown.
counts() {
    local file=$1 lines words their_lines their_words
    read -r their_lines their_words < <(wc -l -w <"$file")
    ends 0 "$bin/word_count" "$file"
    read -r lines words _ <"$out"
    [[ "$lines $words" = "$their_lines $their_words" ]] ||
        fail "$file: $lines $words, but wc says $their_lines $their_words"
    [[ -s $err ]] || fail "$file: no progress was shown"
    echo "word_count: $lines lines and $words words, as wc says: ${file##*/}"
}

# sample NAME FORMAT: a file in the scratch directory, written by printf.
sample() {
    # The format is the file's content.
    # shellcheck disable=SC2059
    printf "$2" >"$scratch/$1"
}

sample empty ''
sample no-line-feed-at-the-end 'one two\nthree'
sample crlf 'one two\r\nthree\r\n\r\nfour'
sample many-tongues 'naïve — 日本語 テスト\nдва слова 👩‍👩‍👧 e\u0301\n'
{ seq -s ' ' 300000 | tr -d '\n'; } >"$scratch/one-long-line"
seq 300000 | sed 's/$/ and some more words/' >"$scratch/many-lines"

for file in README.md Cargo.lock "$scratch"/*; do
    [[ $file = "$out" || $file = "$err" ]] || counts "$file"
done

# In the words of the README, without a path: it counts the README.
ends 0 cargo run --quiet --release --example word_count
says "$(wc -l <README.md) $(wc -w <README.md) "

# Not a regular file.
ends 0 "$bin/word_count" <(cat LICENSE-MIT)
says "$(wc -l <LICENSE-MIT) $(wc -w <LICENSE-MIT) "

# On a terminal it draws, and ends as well.
if command -v script >/dev/null; then
    ends 0 script --quiet --return --command "$bin/word_count README.md" /dev/null
    says "$(wc -l <README.md) $(wc -w <README.md) README.md"
    ends 1 script --quiet --return --command "$bin/word_count examples" /dev/null
    says 'Is a directory'
fi

# word_count gives one line for what cannot be counted, and ends.

# refuses MESSAGE COMMAND...
refuses() {
    local message=$1
    shift
    ends 1 "$@"
    [[ ! -s $out ]] || fail "it prints something: $*"
    [[ $(wc -l <"$err") -eq 1 ]] || fail "not one line on standard error: $*"
    grep --quiet --fixed-strings -- "$message" "$err" || fail "not \"$message\": $*"
    echo "refused: $(<"$err")"
}

refuses 'No such file' "$bin/word_count" "$scratch/missing"
refuses 'Is a directory' "$bin/word_count" examples
sample latin-1 'first\nsecond\ncaf\351\nlast\n'
refuses 'line 3 is not UTF-8' "$bin/word_count" "$scratch/latin-1"
{ cat "$scratch/many-lines" && printf '\377\n'; } >"$scratch/late"
ends 1 "$bin/word_count" "$scratch/late"
grep --quiet 'line 300001 is not UTF-8' "$err" || fail 'the last line was not refused'

# Nowhere to print to.
if [[ -c /dev/full ]]; then
    status=0
    "$bin/word_count" README.md >/dev/full 2>"$err" || status=$?
    : >"$out"
    [[ $status -eq 1 ]] || fail "status $status instead of 1 when the disk is full"
    grep --quiet 'cannot be printed' "$err" || fail 'it does not say that nothing was printed'
fi

ends 2 "$bin/word_count" README.md CHANGELOG.md
echo 'word_count: as it should be'
