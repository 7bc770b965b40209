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
ENVIRONMENT = ["HOME=/root", "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin", "GTEST_OUTPUT=xml:/tmp/result.xml"]


def arguments():
    parser = runner.parser()
    parser.add_argument("machine", choices=[NAMESPACES, *kernels.SUITES], help="of the running kernel, or one in a VM")
    parser.add_argument("command", help="the program, its path in the machine, and its arguments")
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build folder, of prefix /usr")
    return parser.parse_args()


def boot_vm(kernel, root_disk, folder, options):
    archive = folder / "payload.tar"
    subprocess.run(["tar", "-c", "-f", str(archive), "-C", str(folder / "payload"), "."], check=True)
    medium = machine.disks(root_disk, root.PARTITION, archive, root.INIT)
    return machine.boot(kernel, medium, cpus=options.cpus, append=options.append, timeout=options.timeout)


def main():
    options = arguments()
    runner.prepare(options)
    in_namespaces = options.machine == NAMESPACES
    os.umask(0o022)  # what is made here is the machine's
    try:
        kernel = None if in_namespaces else kernels.fetch(options.machine)
        with root.in_use() as base, tempfile.TemporaryDirectory(prefix="ktally-system-") as name:
            folder = pathlib.Path(name)
            environment = [*ENVIRONMENT, *runner.ENVIRONMENT.split(), f"KTALLY_MACHINE={'namespaces' if in_namespaces else 'vm'}"]
            payload.make(options.build, base.folder, folder / "payload", options.command, environment)
            if in_namespaces:
                return runner.run(lambda: namespaces.boot(base.folder, folder, timeout=options.timeout), options)
            return runner.run(lambda: boot_vm(kernel, base.disk, folder, options), options)
    except kernels.Unavailable as reason:
        return runner.skip(f"no machine {options.machine}: {reason}", options)


if __name__ == "__main__":
    sys.exit(main())
