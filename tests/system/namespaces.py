# SPDX-License-Identifier: LGPL-2.1-or-later
"""One boot of a machine that is namespaces of the running kernel, from its first process to a verdict."""

import contextlib
import os
import pathlib
import pty
import subprocess
import threading
import time

import verdict

STAGE = pathlib.Path(__file__).with_name("namespaces.sh")
UNSHARE = ["unshare", "--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child"]
PATIENCE = 10  # seconds, for a cgroup to become empty


def cgroup2():
    """Where the unified hierarchy is mounted."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(folder)
    raise FileNotFoundError("no cgroup2 is mounted")


def remove(cgroup):
    """With all below it. Processes that were killed leave in their own time."""
    until = time.monotonic() + PATIENCE
    while cgroup.exists():
        try:
            for path, _, _ in os.walk(cgroup, topdown=False):
                os.rmdir(path)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def own_cgroup():
    cgroup = cgroup2() / f"ktally-tests-{os.getpid()}"
    cgroup.mkdir()
    try:
        yield cgroup
    finally:
        remove(cgroup)


class Console:
    """A terminal; what is written to it is kept."""

    def __init__(self):
        self.master, self.terminal = pty.openpty()
        self.said = b""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        with contextlib.suppress(OSError):  # EIO: the last that had it open has gone
            while block := os.read(self.master, 65536):
                self.said += block

    def close(self):
        os.close(self.terminal)
        self.reader.join()
        os.close(self.master)


def boot(root, folder, *, timeout):
    """Boots the root with the payload that is in the folder, copies what the tests' command prints to standard output
    as it comes."""
    output, told = folder / "output", folder / "verdict"
    (folder / "top").mkdir()
    told.touch()
    os.mkfifo(output)
    reading = open(os.open(output, os.O_RDONLY | os.O_NONBLOCK), "rb")
    writing = os.open(output, os.O_WRONLY)
    os.set_blocking(reading.fileno(), True)
    console = Console()
    with own_cgroup() as cgroup, reading:
        into_cgroup = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(cgroup / "cgroup.procs")]
        machine = subprocess.Popen(
            [*into_cgroup, *UNSHARE, str(STAGE), str(folder), str(root)],
            stdin=console.terminal,
            stdout=console.terminal,
            stderr=console.terminal,
            pass_fds=[writing],  # held open until the machine has ended
            start_new_session=True,
        )
        os.close(writing)
        reason = "the machine ended without a verdict"
        if verdict.watch(machine, reading, timeout):
            reason = f"no verdict within {timeout} s"
    console.close()
    return verdict.read(verdict.text_of(told), console.said.decode(errors="replace"), reason=reason)
