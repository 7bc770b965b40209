# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is put over a machine's root: what meson install installs, the tests, and the libraries that the root lacks."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess

import guest

# In /tests; the second workload is built where the compiler can.
PROGRAMS = ["system/system_test", "support/workload", "support/workload32"]


def install(build, target):
    subprocess.run(
        ["meson", "install", "-C", str(build), "--no-rebuild", "--quiet", "--destdir", str(target)], check=True
    )


def add_libraries(root, target):
    """Each under the name that programs ask for; /lib is a link to /usr/lib in the root."""
    programs = [file for file in target.rglob("*") if file.is_file() and os.access(file, os.X_OK)]
    for library in {pathlib.Path(library) for program in programs for library in guest.libraries(program)}:
        place = (library.parent.resolve() / library.name).relative_to("/")
        if not (root / place).exists():
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target / place)


def replace_daemon(target, daemon):
    """By one of another build, whose sanitizers need more memory than the unit allows. What they find they tell in the
    journal; for leaks they would have to trace the process, which its sandbox does not let them."""
    shutil.copy(daemon, target / "usr/libexec/ktallyd")
    drop_in = target / "etc/systemd/system/ktallyd.service.d/sanitizers.conf"
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(
        "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1\nMemoryMax=infinity\n"
        "SystemCallFilter=@system-service\n"
    )


def make(build, root, target, command, environment):
    target.mkdir()
    install(build, target)
    if daemon := os.environ.get("KTALLY_DAEMON"):
        replace_daemon(target, daemon)
    tests = target / "tests"
    tests.mkdir()
    for program in PROGRAMS:
        if (built := build / "tests" / program).exists():
            shutil.copy(built, tests)
    add_libraries(root, target)
    start = tests / "command"
    start.write_text(f"#!/bin/sh\nexport {shlex.join(environment)}\n{command}\n")
    start.chmod(0o755)
