# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the tests of runners have in common: a folder of their own, and TAP on stdout. Sourced by them.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

check() { # NAME STATUS PATTERN COMMAND...: its exit status, and a line that it prints
    local name=$1 expected=$2 pattern=$3 output status
    shift 3
    number=$((number + 1))
    output=$("$@" 2>&1)
    status=$?
    if ((status == expected)) && grep -q -- "$pattern" <<<"$output"; then
        printf 'ok %d %s\n' "$number" "$name"
    else
        printf 'not ok %d %s\n' "$number" "$name"
        printf 'exit status %s\n%s\n' "$status" "$output" | sed 's/^/# /'
    fi
}

# Without what the machine needs there is nothing to test, as in the other tests of the suite.
skip_unless_here() { # COMMAND...
    local output
    if output=$("$@"); (($? == 77)); then
        printf '1..0 # SKIP %s\n' "$output"
        exit 0
    fi
}
