# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sums up a JUnit file of meson: why tests were skipped, and the closing line of tools/check."""

import collections
import sys
import xml.etree.ElementTree as xml


def outcome(case):
    """passed, failed or skipped, and for the last the reason."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", None
    skipped = case.find("skipped")
    if skipped is not None or case.get("result") == "skipped":
        text = (skipped.get("message") or skipped.text or "") if skipped is not None else ""
        # GoogleTest puts the place in the source in front of the message.
        lines = [line for line in text.strip().splitlines() if line]
        return "skipped", lines[-1] if lines else "no reason given"
    return "passed", None


def main(path):
    counts = collections.Counter()
    reasons = collections.Counter()
    for case in xml.parse(path).getroot().iter("testcase"):
        result, reason = outcome(case)
        counts[result] += 1
        if reason:
            reasons[reason] += 1
    for reason, count in reasons.most_common():
        print(f"skipped {count}: {reason}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 0 if counts["failed"] == 0 and counts["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
