# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a GoogleTest program in a guest with a kernel of Debian's: prints what it prints, ends with its exit status.

Never hangs: a guest that panics, stops or takes too long is ended and reported with what its kernel said. Only if QEMU
itself ends before the guest does is the guest started a second time; what a test says is never asked twice. Without the
kernel (no network, no cache) the test is skipped, exit status 77.
"""

import argparse
import pathlib
import sys
from xml.sax.saxutils import quoteattr

import kernels
import machine

SKIPPED = 77
NO_VERDICT = 125
CONSOLE_LINES = 60
# What init does not know in the kernel's command line is its environment. Where things are is meson.build's.
ENVIRONMENT = (
    "KTALLYD=/usr/libexec/ktallyd KTALLY_BUS_POLICY=/usr/share/dbus-1/system.d/org.ktally1.conf"
    " KTALLY_WORKLOAD=/tests/workload KTALLY_WORKLOAD32=/tests/workload32"
)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel", choices=kernels.SUITES)
    parser.add_argument("image", help="the initramfs")
    parser.add_argument("command", help="the program, its path in the guest, and its arguments")
    parser.add_argument("--cpus", default="1", help="as in qemu-system-x86_64 -smp (%(default)s)")
    parser.add_argument("--append", default="", help="added to the kernel's command line")
    parser.add_argument(
        "--count-instructions", action="store_true", help="the guest's time-stamp counter counts instructions"
    )
    parser.add_argument("--timeout", type=int, default=120, help="seconds until the guest is ended (%(default)s)")
    parser.add_argument("--gtest_output", default="", metavar="xml:FILE", help="where the result goes")
    return parser.parse_args()


def skip(reason, result):
    if result:
        result.write_text(
            '<testsuites><testsuite name="vm" tests="1" skipped="1"><testcase name="boot" classname="vm">'
            f"<skipped message={quoteattr(reason)}/></testcase></testsuite></testsuites>"
        )
    print(f"skipped: {reason}")
    return SKIPPED


def main():
    options = arguments()
    result = pathlib.Path(options.gtest_output.removeprefix("xml:")) if options.gtest_output else None
    if result:
        result.unlink(missing_ok=True)
    try:
        kernel = kernels.fetch(options.kernel)
    except kernels.Unavailable as reason:
        return skip(f"no kernel {options.kernel}: {reason}", result)
    print(f"booting {kernel}")
    for attempt in (1, 2):
        sys.stdout.flush()
        verdict = machine.boot(
            kernel,
            options.image,
            options.command.split(),
            cpus=options.cpus,
            append=f"{ENVIRONMENT} {options.append}",
            timeout=options.timeout,
            count_instructions=options.count_instructions,
        )
        if verdict.status is not None:
            break
        print(f"{verdict.reason}; the kernel's last words:")
        print("\n".join(verdict.console.splitlines()[-CONSOLE_LINES:]))
        if not verdict.crashed or attempt == 2:
            return NO_VERDICT
        print("QEMU itself crashed: once more")
    if result and verdict.result:
        result.write_text(verdict.result)
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
