#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What run.py says and returns when a guest does not come to a good end. TAP on stdout.
# usage: runner_test.sh RUN.PY IMAGE
set -u
. "$(dirname "$0")/outcome.sh"
run=$1 image=$2

guest() { # COMMAND OPTION...
    /usr/bin/python3 "$run" 6.1 "$image" "$@"
}

without_kernel() {
    XDG_CACHE_HOME=$work unshare --net /usr/bin/python3 "$run" 6.1 "$image" /tests/workload
}

with_crashing_qemu() {
    mkdir -p "$work/bin"
    printf '#!/bin/sh\nkill -SEGV $$\n' >"$work/bin/qemu-system-x86_64"
    chmod +x "$work/bin/qemu-system-x86_64"
    PATH=$work/bin:$PATH guest /tests/workload
}

skip_unless_here guest /tests/workload
echo 1..6
check 'a command that succeeds' 0 '' guest /tests/workload
check 'a command that fails' 1 'workload.c:[0-9]*: not so: chdir' guest '/tests/workload /nowhere'
check 'a guest that panics' 125 'Kernel panic' guest /tests/workload --append rdinit=/nothing
check 'a guest that takes too long' 125 'no verdict within 1 s' guest /tests/workload --timeout 1
check 'QEMU that crashes is started once more' 125 'QEMU itself crashed: once more' with_crashing_qemu
check 'no kernel and no network' 77 'skipped: no kernel 6.1: ' without_kernel
