#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Has the parser of the configuration read the corpus, and then for some seconds what libFuzzer makes of it. TAP on stdout.
# An input that fails is printed, and kept in ARTIFACTS.
# usage: config_fuzz_test.sh SECONDS CORPUS DICTIONARY ARTIFACTS [FUZZER]
set -u
seconds=$1 corpus=$2 dictionary=$3 artifacts=$4 fuzzer=${5:-}

echo 1..2
if [[ -z $fuzzer ]]; then
    printf 'ok %s # SKIP no clang++ with libFuzzer (packages clang and libclang-rt-dev)\n' '1 the corpus' '2 new inputs'
    exit 0
fi

# libFuzzer adds to its corpus, and the fuzzer writes each input to a file: in memory, where there is such a place.
work=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$corpus" "$work/corpus"
export TMPDIR=$work

fuzz() { # NUMBER NAME ARGUMENT...
    local number=$1 name=$2 verdict=ok failing
    shift 2
    # A machine that runs guests beside this is slow: an input may take seconds, but no more.
    "$fuzzer" -max_len=2048 -timeout=25 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$work/" "$@" \
        >"$work/log" 2>&1 || verdict='not ok'
    printf '%s %d %s\n' "$verdict" "$number" "$name"
    if [[ $verdict == ok ]]; then
        grep -e '^stat::' -e 'DONE' "$work/log" | sed 's/^/# /'
        return
    fi
    # To stderr: that is what meson --print-errorlogs shows of a TAP test.
    cat "$work/log" >&2
    for failing in "$work"/{crash,leak,oom,timeout}-*; do
        [[ -f $failing ]] || continue
        mv "$failing" "$artifacts/"
        printf 'The input, kept in %s:\n' "$artifacts/${failing##*/}"
        sed -n l "$artifacts/${failing##*/}"
    done >&2
}

fuzz 1 'the corpus' -runs=0 "$work/corpus"
fuzz 2 'new inputs' -max_total_time="$seconds" -dict="$dictionary" "$work/corpus"
