# SPDX-License-Identifier: LGPL-2.1-or-later
"""One boot of a guest under QEMU without KVM, from power on to a verdict."""

import dataclasses
import pathlib
import subprocess
import tempfile

import verdict

# One thread for all CPUs: with a thread for each (MTTCG) kernels hang or crash now and then while functions are patched.
# It takes turns at each pause instruction, so that a CPU which spins costs little. The kernel allows as many tasks as
# fill an eighth of the memory, and a test makes 5,000.
OPTIONS = [
    "-M", "pc", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "1024",
    "-accel", "tcg,thread=single",
]  # fmt: skip
# Without cx16, 6.12 double-faults less; but without it 7.x has no task storage (kmalloc_nolock() needs cmpxchg16b).
CPU = {True: ["-cpu", "qemu64,-cx16"], False: ["-cpu", "qemu64"]}
# A nanosecond of the guest is an instruction, and idle time passes at once. With one CPU only.
COUNT_INSTRUCTIONS = ["-cpu", "max", "-icount", "shift=0,sleep=off"]
APPEND = "console=ttyS0 loglevel=4 panic=-1 mitigations=off tsc=reliable no_timer_check nowatchdog"


@dataclasses.dataclass
class Medium:
    """What the guest is booted from."""

    options: list
    append: str
    command: str = ""


def initramfs(image, command):
    return Medium(["-initrd", str(image)], "rdinit=/init", command)


def disks(root, partition, payload, init):
    """A copy of the root that ends with the guest, so nothing has to reach a real disk, and the payload. Of all disks only
    NVMe ones need no module."""
    options = []
    for name, file, how in (("root", root, "snapshot=on,cache=unsafe"), ("payload", payload, "readonly=on")):
        options += ["-drive", f"if=none,id={name},file={file},format=raw,{how}"]
        options += ["-device", f"nvme,drive={name},serial={name}"]
    return Medium(options, f"root=PARTUUID={partition} rootfstype=ext4 rootwait rw init={init}")


def boot(kernel, medium, *, cpus="1", append="", timeout=120, count_instructions=False):
    """Boots the kernel, copies what the tests' command prints to standard output as it comes."""
    with tempfile.TemporaryDirectory(prefix="ktally-vm-") as folder:
        console, told = pathlib.Path(folder, "console"), pathlib.Path(folder, "verdict")
        qemu = subprocess.Popen(
            # fmt: off
            ["qemu-system-x86_64", *OPTIONS, *(COUNT_INSTRUCTIONS if count_instructions else CPU["/6.12/" in str(kernel)]), "-smp", cpus,
             "-serial", f"file:{console}", "-serial", "stdio", "-serial", f"file:{told}",
             "-kernel", str(kernel), *medium.options,
             "-append", f"{APPEND} {medium.append} {append} -- {medium.command}"],
            # fmt: on
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        reason, crashed = "the guest ended without a verdict", False
        if verdict.watch(qemu, qemu.stdout, timeout):
            reason = f"no verdict within {timeout} s"
        elif qemu.returncode:
            reason, crashed = f"QEMU ended with {qemu.returncode}: {qemu.stderr.read().decode().strip()}", True
        return verdict.read(verdict.text_of(told), verdict.text_of(console), reason=reason, crashed=crashed)
