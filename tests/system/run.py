#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a GoogleTest program on a machine where Debian's systemd, dbus and polkit run what meson install installs."""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).parents[1] / "vm"))

import kernels  # noqa: E402
import machine  # noqa: E402
import namespaces  # noqa: E402
import payload  # noqa: E402
import root  # noqa: E402
import runner  # noqa: E402

NAMESPACES = "namespaces"


def arguments():
    parser = runner.parser()
    parser.add_argument("machine", choices=[NAMESPACES, *kernels.SUITES], help="of the running kernel, or one in a VM")
    parser.add_argument("command", help="the program, its path in the machine, and its arguments")
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build folder, of prefix /usr")
    return parser.parse_args()


def environment(kind):
    return [
        *runner.ENVIRONMENT,
        "GTEST_OUTPUT=xml:/tmp/result.xml",
        "HOME=/root",
        "LANG=C.UTF-8",
        "PATH=/usr/sbin:/usr/bin",
        f"KTALLY_MACHINE={kind}",
    ]


def run_in_namespaces(base, folder, options):
    payload.make(options.build, base.folder, folder / "payload", options.command, environment("namespaces"))
    return runner.run(lambda: namespaces.boot(base.folder, folder, timeout=options.timeout), options)


def run_in_vm(kernel, base, folder, options):
    tree, archive = folder / "payload", folder / "payload.tar"
    payload.make(options.build, base.folder, tree, options.command, environment("vm"))
    subprocess.run(["tar", "-c", "-f", str(archive), "-C", str(tree), "."], check=True)
    medium = machine.disks(base.disk, root.PARTITION, archive, root.INIT)
    print(f"booting {kernel}")
    return runner.run(
        lambda: machine.boot(kernel, medium, cpus=options.cpus, append=options.append, timeout=options.timeout), options
    )


def main():
    options = arguments()
    runner.prepare(options)
    os.umask(0o022)  # what is made here is the machine's
    try:
        kernel = None if options.machine == NAMESPACES else kernels.fetch(options.machine)
        with root.in_use() as base, tempfile.TemporaryDirectory(prefix="ktally-system-") as name:
            if kernel:
                return run_in_vm(kernel, base, pathlib.Path(name), options)
            return run_in_namespaces(base, pathlib.Path(name), options)
    except kernels.Unavailable as reason:
        return runner.skip(f"no machine {options.machine}: {reason}", options)


if __name__ == "__main__":
    sys.exit(main())
