# SPDX-License-Identifier: LGPL-2.1-or-later
"""One boot of a guest under QEMU without KVM, from power on to a verdict."""

import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile
import threading


# One thread for all CPUs: with a thread for each (MTTCG) kernels hang or crash now and then while functions are patched.
# It takes turns at each pause instruction, so that a CPU which spins costs little. Without cx16, 6.12 double-faults less.
OPTIONS = [
    "-M", "pc", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "768",
    "-accel", "tcg,thread=single",
]  # fmt: skip
# A nanosecond of the guest is an instruction, and idle time passes at once. With one CPU only.
COUNT_INSTRUCTIONS = ["-cpu", "max", "-icount", "shift=0,sleep=off"]
APPEND = "console=ttyS0 loglevel=4 panic=-1 rdinit=/init mitigations=off tsc=reliable no_timer_check nowatchdog"


@dataclasses.dataclass
class Verdict:
    status: int | None  # of the command; None: the guest ended without one, or was ended
    result: str  # the result file, as the guest handed it over
    reason: str  # why there is no status
    crashed: bool  # it was QEMU itself that ended
    console: str  # what the kernel said


def boot(kernel, initramfs, command, *, cpus="1", append="", timeout=120, count_instructions=False):
    """Boots the kernel, runs the command, copies what it prints to standard output as it comes."""
    with tempfile.TemporaryDirectory(prefix="ktally-vm-") as folder:
        console, verdict = pathlib.Path(folder, "console"), pathlib.Path(folder, "verdict")
        qemu = subprocess.Popen(
            # fmt: off
            ["qemu-system-x86_64", *OPTIONS, *(COUNT_INSTRUCTIONS if count_instructions else ["-cpu", "qemu64,-cx16"]), "-smp", cpus,
             "-serial", f"file:{console}", "-serial", "stdio", "-serial", f"file:{verdict}",
             "-kernel", str(kernel), "-initrd", str(initramfs),
             "-append", f"{APPEND} {append} -- {' '.join(command)}"],
            # fmt: on
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        timed_out = threading.Event()

        def end():
            timed_out.set()
            qemu.kill()

        timer = threading.Timer(timeout, end)
        timer.start()
        try:
            while block := qemu.stdout.read1(65536):
                sys.stdout.buffer.write(block)
                sys.stdout.buffer.flush()
            complaint = qemu.stderr.read().decode(errors="replace").strip()
            code = qemu.wait()
        finally:
            timer.cancel()
            qemu.kill()
            qemu.wait()
        said = console.read_text(errors="replace") if console.exists() else ""
        told = verdict.read_text(errors="replace") if verdict.exists() else ""
        status = re.search(r"^exit status (\d+)$", told, re.MULTILINE)
        if timed_out.is_set():
            reason = f"no verdict within {timeout} s"
        elif code:
            reason = f"QEMU ended with {code}: {complaint}"
        else:
            reason = "the guest ended without a verdict"
        result = told[: status.start()].strip() if status else ""
        return Verdict(int(status[1]) if status else None, result, reason, code != 0 and not timed_out.is_set(), said)
