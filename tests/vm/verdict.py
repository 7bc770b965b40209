# SPDX-License-Identifier: LGPL-2.1-or-later
"""What comes of a machine: the output of the command that it runs, and how that ended."""

import dataclasses
import re
import sys
import threading


@dataclasses.dataclass
class Verdict:
    status: int | None  # of the command; None: the machine ended without one, or was ended
    result: str  # the result file, as the machine handed it over
    reason: str  # why there is no status
    crashed: bool  # it was QEMU itself that ended
    console: str  # what the kernel said


def watch(process, output, timeout):
    """Copies the output to standard output as it comes, until the process ends. Returns whether it took too long."""
    timed_out = threading.Event()

    def end():
        timed_out.set()
        process.kill()

    timer = threading.Timer(timeout, end)
    timer.start()
    try:
        while block := output.read1(65536):
            sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    return timed_out.is_set()


def text_of(path):
    return path.read_text(errors="replace") if path.exists() else ""


def read(told, console, *, reason, crashed=False):
    """That of a machine which told this: the result file, and a line with the status behind it."""
    status = re.search(r"^exit status (\d+)$", told, re.MULTILINE)
    result = told[: status.start()].strip() if status else ""
    return Verdict(int(status[1]) if status else None, result, reason, crashed, console)
