# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a GoogleTest program in a guest with a kernel of Debian's and nothing else: see runner.py."""

import sys

import kernels
import machine
import runner


def arguments():
    parser = runner.parser()
    parser.add_argument("kernel", choices=kernels.SUITES)
    parser.add_argument("image", help="the initramfs")
    parser.add_argument("command", help="the program, its path in the guest, and its arguments")
    parser.add_argument(
        "--count-instructions", action="store_true", help="the guest's time-stamp counter counts instructions"
    )
    return parser.parse_args()


def main():
    options = arguments()
    runner.prepare(options)
    try:
        kernel = kernels.fetch(options.kernel)
    except kernels.Unavailable as reason:
        return runner.skip(f"no kernel {options.kernel}: {reason}", options)
    print(f"booting {kernel}")

    def boot():
        return machine.boot(
            kernel,
            machine.initramfs(options.image, options.command),
            cpus=options.cpus,
            # What init does not know in the kernel's command line is its environment.
            append=" ".join([*runner.ENVIRONMENT, options.append]),
            timeout=options.timeout,
            count_instructions=options.count_instructions,
        )

    return runner.run(boot, options)


if __name__ == "__main__":
    sys.exit(main())
