#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What run.py says and returns when a machine does not come to a good end, and what it leaves behind. TAP on stdout.
# usage: runner_test.sh RUN.PY BUILD_DIRECTORY
set -u
. "$(dirname "$0")/../vm/outcome.sh"
run=$1 build=$2
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
forever="/usr/bin/sleep 1000$$" # as nobody else

machine() { # MACHINE COMMAND OPTION...
    /usr/bin/python3 "$run" "$@" --build "$build"
}

without_root() {
    XDG_CACHE_HOME=$work unshare --net /usr/bin/python3 "$run" namespaces --build "$build" /tests/workload
}

terminated() {
    /usr/bin/python3 "$run" namespaces "$forever" --build "$build" &
    local runner=$!
    until pgrep -f "^$forever" >/dev/null || ! kill -0 $runner; do
        sleep 0.1
    done
    kill $runner
    wait $runner
}

leftovers() {
    ls -A "$TMPDIR"
    find /sys/fs/cgroup -maxdepth 2 -name 'ktally-tests-*' | while read -r cgroup; do
        kill -0 "${cgroup##*-}" 2>/dev/null || printf '%s\n' "$cgroup"
    done
    grep "$work" /proc/mounts
    pgrep -f "$forever"
    return 0
}

nothing_is_left() {
    local left
    left=$(leftovers)
    printf '%s\n' "$left"
    [[ -z $left ]]
}

skip_unless_here machine namespaces /tests/workload
echo 1..7
check 'a command that succeeds' 0 '' machine namespaces '/usr/bin/test -e /run/systemd/system'
check 'a command that fails' 1 'workload.c:[0-9]*: not so: chdir' machine namespaces '/tests/workload /nowhere'
check 'namespaces whose PID 1 ends' 125 'ended without a verdict' machine namespaces "systemctl halt -ff; $forever"
check 'namespaces that take too long' 125 'no verdict within 3 s' machine namespaces "$forever" --timeout 3
check 'a runner that is terminated' 125 '' terminated
check 'no root filesystem and no network' 77 'skipped: no machine namespaces: ' without_root
check 'nothing of them is left' 0 '' nothing_is_left
