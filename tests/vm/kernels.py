# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernels to boot: Debian's own, found in the package lists of its suites, checked and fetched by apt, unpacked into a
cache folder and never installed. What a suite serves today is what is booted; no version is written down here."""

import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import time

# The suites that have a kernel of that series; of several the newest kernel is taken.
SUITES = {
    "5.10": ["bullseye"],
    "6.1": ["bookworm"],
    "6.12": ["trixie"],
    "newest": ["trixie-backports", "sid"],
}
META_PACKAGE = "linux-image-cloud-amd64"
LISTS_KEPT = 3600  # seconds
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Unavailable(Exception):
    """The kernel cannot be had here; says why."""


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "ktally"


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options).stdout


def archive():
    """The address from which this machine has its Debian packages."""
    targets = output("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages")
    for target in targets.splitlines():
        label, _, address = target.partition(" ")
        if label == "Debian":
            return address
    raise Unavailable("apt on this machine knows no Debian archive")


class Apt:
    """An apt of its own, that knows nothing but some suites and installs nothing."""

    def __init__(self, folder, suites):
        self.folder = folder
        for name in ("state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        address = archive()
        (folder / "etc/sources.list").write_text(
            "".join(f"deb [signed-by={KEYRING}] {address} {suite} main\n" for suite in suites)
        )
        config = folder / "apt.conf"
        config.write_text(
            f'Dir::Etc "{folder}/etc";\nDir::State "{folder}/state";\nDir::State::status "{folder}/status";\n'
            f'Dir::Cache "{folder}/cache";\nAPT::Architecture "amd64";\nAPT::Architectures {{ "amd64"; }};\n'
            'APT::Sandbox::User "root";\nAcquire::Languages "none";\nAcquire::Retries "2";\n'
        )
        self.environment = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C"}

    def update(self):
        """Asks the archive, unless it has answered within the hour: the boots of one run get the same kernel."""
        answered = self.folder / "answered"
        if answered.exists() and time.time() - answered.stat().st_mtime < LISTS_KEPT:
            return
        # A suite that is not served, or served too old to be trusted, is not there; the others are.
        subprocess.run(["apt-get", "update"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.newest(META_PACKAGE)
        answered.touch()

    def newest(self, package):
        """Version and dependencies of a package: apt lists the highest version first."""
        try:
            shown = output("apt-cache", "show", package, env=self.environment)
        except subprocess.CalledProcessError:
            raise Unavailable(f"no package {package} could be found (is there a network?)") from None
        fields = dict(re.findall(r"^(Version|Depends): (.*)$", shown.split("\n\n")[0], re.MULTILINE))
        return fields["Version"], re.findall(r"[^\s,|]+", re.sub(r"\([^)]*\)", "", fields.get("Depends", "")))

    def unpack(self, package, version, target):
        try:
            output("apt-get", "download", f"{package}={version}", env=self.environment, cwd=self.folder)
        except subprocess.CalledProcessError as error:
            raise Unavailable(f"{package} {version} could not be fetched: {error.stderr.strip()}") from None
        for file in self.folder.glob(f"{package}_*.deb"):
            output("dpkg-deb", "--extract", str(file), str(target))
            file.unlink()


def vmlinuz_below(folder):
    return next(iter([*folder.glob("boot/vmlinuz-*"), *folder.glob("usr/lib/modules/*/vmlinuz")]), None)


def fetch(series):
    """The kernel image of that series, fetched unless the cache has the version that is served. Without a network what
    the cache has is taken. Raises Unavailable."""
    folder = cache() / "kernels" / series
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        apt = Apt(folder / "apt", SUITES[series])
        apt.update()
        _, dependencies = apt.newest(META_PACKAGE)
        package = next(name for name in dependencies if name.startswith("linux-image-"))
        version, dependencies = apt.newest(package)
        unpacked = folder / f"{package}_{version}"
        if not unpacked.exists():
            for old in folder.glob("linux-image-*"):
                shutil.rmtree(old)
            partial = folder / "partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            # From 7.x on the image is in a package of its own.
            for part in [package, *(name for name in dependencies if name.startswith("linux-binary-"))]:
                apt.unpack(part, version, partial)
            shutil.rmtree(partial / "lib", ignore_errors=True)  # modules: none is loaded
            partial.rename(unpacked)
        image = vmlinuz_below(unpacked)
        if not image:
            raise Unavailable(f"{package} {version} has no vmlinuz where this looks for it")
        return image
