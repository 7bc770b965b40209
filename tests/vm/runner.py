# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a GoogleTest program in a machine: prints what it prints, ends with its exit status.

Never hangs: a machine that panics, stops or takes too long is ended and reported with what its console said. Only if
QEMU itself ends before the guest does is the guest started a second time; what a test says is never asked twice. What
cannot be had here (no network, no cache) skips the test, exit status 77.
"""

import argparse
import pathlib
import signal
import sys
from xml.sax.saxutils import quoteattr

SKIPPED = 77
NO_VERDICT = 125
CONSOLE_LINES = 60
# Where things are in a machine is where meson install puts them.
ENVIRONMENT = [
    "KTALLYD=/usr/libexec/ktallyd",
    "KTALLY_BUS_POLICY=/usr/share/dbus-1/system.d/org.ktally1.conf",
    "KTALLY_WORKLOAD=/tests/workload",
    "KTALLY_WORKLOAD32=/tests/workload32",
]


def parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpus", default="1", help="as in qemu-system-x86_64 -smp (%(default)s)")
    parser.add_argument("--append", default="", help="added to the kernel's command line")
    parser.add_argument("--timeout", type=int, default=120, help="seconds until the machine is ended (%(default)s)")
    parser.add_argument(
        "--gtest_output",
        type=lambda text: pathlib.Path(text.removeprefix("xml:")),
        metavar="xml:FILE",
        help="where the result goes",
    )
    return parser


def prepare(options):
    """To be called first: nothing of an earlier run stays, nor of this one if it is ended."""
    if options.gtest_output:
        options.gtest_output.unlink(missing_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(NO_VERDICT))


def skip(reason, options):
    if options.gtest_output:
        options.gtest_output.write_text(
            '<testsuites><testsuite name="vm" tests="1" skipped="1"><testcase name="boot" classname="vm">'
            f"<skipped message={quoteattr(reason)}/></testcase></testsuite></testsuites>"
        )
    print(f"skipped: {reason}")
    return SKIPPED


def run(boot, options):
    """Boots a machine, which is what `boot` does, and returns the exit status."""
    for attempt in (1, 2):
        sys.stdout.flush()
        verdict = boot()
        if verdict.status is not None:
            break
        print(f"{verdict.reason}; the console's last lines:")
        print("\n".join([line for line in verdict.console.splitlines() if line][-CONSOLE_LINES:]))
        if not verdict.crashed or attempt == 2:
            return NO_VERDICT
        print("QEMU itself crashed: once more")
    if options.gtest_output and verdict.result:
        options.gtest_output.write_text(verdict.result)
    return verdict.status
