# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machines' root filesystem: packages of this machine's Debian suite, set up by root/customise.sh, as a folder and
as a disk. Kept in the cache by the hash of what makes it, which is this file and the folder root."""

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import platform
import shutil
import struct
import subprocess
import tempfile
import time

import kernels

RECIPE = pathlib.Path(__file__).parent / "root"
# Libraries have a version in their names: those of the programs under test come with these, or with the payload.
PACKAGES = [
    "bpftool", "dbus", "kmod", "libcap2-bin", "libpam-systemd", "login", "polkitd", "procps", "systemd-sysv", "udev",
    "usr-is-merged", "util-linux",
]  # fmt: skip
# For people, and what takes udev seconds to compile.
EXCLUDED = [
    "/usr/share/bash-completion/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/lintian/*",
    "/usr/share/locale/*", "/usr/share/man/*", "/usr/lib/*/gconv/*", "/usr/lib/udev/hwdb.d/*",
]  # fmt: skip
UNUSED_KEPT = 86400  # seconds
DISK_SIZE = 600 << 20
INIT = "/usr/lib/ktally-tests/start"
# Kernels give NVMe disks their names in the order in which they answer; a partition's UUID stays.
DISK_SIGNATURE = 0x6B74616C
PARTITION = f"{DISK_SIGNATURE:08x}-01"
PARTITION_START = 1 << 20


@dataclasses.dataclass
class Root:
    folder: pathlib.Path
    disk: pathlib.Path


def recipe_hash():
    digest = hashlib.sha256()
    for file in [pathlib.Path(__file__), *sorted(RECIPE.iterdir())]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def write_partition_table(disk):
    """That of a PC: one partition of type Linux."""
    sectors = PARTITION_START // 512, (DISK_SIZE - PARTITION_START) // 512
    entry = struct.pack("<B3xB3xII", 0, 0x83, *sectors)
    with open(disk, "r+b") as image:
        image.write(struct.pack("<440xI2x16s48xH", DISK_SIGNATURE, entry, 0xAA55))


def build(target):
    """Raises Unavailable without a network."""
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    with tempfile.TemporaryDirectory(prefix="ktally-apt-") as folder:
        kernels.Apt(pathlib.Path(folder), [suite]).update()
    target.mkdir()
    root = Root(target / "root", target / "root.ext4")
    subprocess.run(
        # fmt: off
        ["mmdebstrap", "--quiet", "--mode=root", "--variant=essential", "--dpkgopt=force-unsafe-io",
         *(f"--dpkgopt=path-exclude={path}" for path in EXCLUDED), f"--include={','.join(PACKAGES)}",
         f"--customize-hook={RECIPE / 'customise.sh'} \"$1\"", suite, str(root.folder),
         f"deb [signed-by={kernels.KEYRING}] {kernels.archive()} {suite} main"],
        # fmt: on
        check=True,
    )
    with open(root.disk, "wb") as disk:
        disk.truncate(DISK_SIZE)
    subprocess.run(
        # fmt: off
        ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d", str(root.folder),
         "-E", f"offset={PARTITION_START}", str(root.disk), f"{(DISK_SIZE - PARTITION_START) >> 10}k"],
        # fmt: on
        check=True,
    )
    write_partition_table(root.disk)


@contextlib.contextmanager
def locked(path, how):
    fd = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(fd, how)
        yield
    finally:
        os.close(fd)


def remove_unless_used(folder):
    """One of another recipe, which another tree of sources may be about to use."""
    if time.time() - folder.stat().st_mtime < UNUSED_KEPT:
        return
    with contextlib.suppress(BlockingIOError), locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        shutil.rmtree(folder)


@contextlib.contextmanager
def in_use():
    """The root filesystem, built unless the cache has it, and there as long as this is not left. Raises Unavailable."""
    if os.geteuid() != 0:
        raise kernels.Unavailable("only root can make one")
    folder = kernels.cache() / "roots"
    folder.mkdir(parents=True, exist_ok=True)
    current = folder / recipe_hash()
    with contextlib.ExitStack() as use:
        with locked(folder, fcntl.LOCK_EX):
            if not current.exists():
                partial = folder / "partial"
                shutil.rmtree(partial, ignore_errors=True)
                build(partial)
                partial.rename(current)
            use.enter_context(locked(current, fcntl.LOCK_SH))
            os.utime(current)
            for other in set(folder.iterdir()) - {current}:
                remove_unless_used(other)
        yield Root(current / "root", current / "root.ext4")
