# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sums up JUnit files of meson: what the guests compared, why tests were skipped, and the closing line of tools/check.

A test that compares counters leaves the pairs as properties of its case: "Vfs.Reads" is "1045 1045", expected and
counted (less only if the daemon said that there was something it could not look at); "kernel" is the guest's. The name
of the case ends in the backend.
"""

import collections
import os
import sys
import xml.etree.ElementTree as xml

BACKENDS = ("fentry", "kprobe", "tracepoint")
TABLE_CASE = "CallsBytesAndErrorsByErrno"


def outcome(case):
    """passed, failed or skipped, and for the last the reason."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", None
    skipped = case.find("skipped")
    if skipped is not None or case.get("result") == "skipped":
        text = (skipped.get("message") or skipped.text or "") if skipped is not None else ""
        # Of a test that is no GoogleTest meson keeps the reason in what the test printed.
        text = text or case.findtext("system-out", "")
        # GoogleTest puts the place in the source in front of the message, and TAP its own words.
        lines = [line for line in text.strip().splitlines() if line]
        return "skipped", lines[-1].rpartition("# SKIP ")[2] if lines else "no reason given"
    return "passed", None


class Comparisons:
    """What was expected and counted, by kernel, backend and counter."""

    def __init__(self):
        self.table = collections.defaultdict(dict)  # kernel: {(counter, backend): (expected, counted)}
        self.equal = collections.Counter()  # (kernel, backend)
        self.less = collections.Counter()

    def add(self, case):
        properties = {each.get("name"): each.get("value") for each in case.iter("property")}
        kernel = properties.pop("kernel", None)
        backend = case.get("name").rpartition("/")[2]
        if kernel is None or backend not in BACKENDS:
            return
        for counter, pair in properties.items():
            expected, counted = pair.split()
            (self.equal if expected == counted else self.less)[kernel, backend] += 1
            if case.get("name").startswith(TABLE_CASE):
                self.table[kernel][counter, backend] = (expected, counted)

    def print(self):
        for kernel, cells in sorted(self.table.items(), key=lambda item: natural(item[0])):
            print(f"\nLinux {kernel}: the workload, expected and counted\n")
            backends = [backend for backend in BACKENDS if any(backend == column for _, column in cells)]
            print("| counter |", " | ".join(backends), "|")
            print("|---|" + "---:|" * len(backends))
            for counter in dict.fromkeys(counter for counter, _ in cells):
                print(f"| {counter} |", " | ".join(" ".join(cells.get((counter, each), ("-",))) for each in backends), "|")
        kernels = sorted({kernel for kernel, _ in self.equal + self.less}, key=natural)
        if kernels:
            print("\nAll comparisons of counters, and how many were equal\n")
            print("| Linux |", " | ".join(BACKENDS), "|")
            print("|---|" + "---:|" * len(BACKENDS))
            for kernel in kernels:
                print(f"| {kernel} |", " | ".join(self.share(kernel, each) for each in BACKENDS), "|")
            print()

    def share(self, kernel, backend):
        equal, less = self.equal[kernel, backend], self.less[kernel, backend]
        return f"{equal} of {equal + less}" if equal + less else "-"


def natural(release):
    """6.12 after 6.1."""
    return [int(part) if part.isdigit() else 0 for part in release.replace("-", ".").replace("+", ".").split(".")]


def main(paths):
    counts = collections.Counter()
    reasons = collections.Counter()
    comparisons = Comparisons()
    for path in paths:
        if not os.path.exists(path):
            print(f"{os.path.basename(path)}: meson ran none of these tests, and says why above")
            counts["failed"] += 1
            continue
        for case in xml.parse(path).getroot().iter("testcase"):
            result, reason = outcome(case)
            counts[result] += 1
            if reason:
                reasons[reason] += 1
            comparisons.add(case)
    comparisons.print()
    for reason, count in reasons.most_common():
        print(f"skipped {count}: {reason}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 0 if counts["failed"] == 0 and counts["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
