#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up the last test runs of one or more build folders: what was skipped and why, the ten that
took longest, the counts."""

import pathlib
import sys
import xml.etree.ElementTree

SOURCE = pathlib.Path(__file__).resolve().parents[1]


def outcomes(build):
    """(name, 'passed' | 'failed' | 'skipped', reason, seconds) of every single test that ctest ran.

    An executable that failed counts as one: how far it came is not known."""
    for case in xml.etree.ElementTree.parse(build / "ctest.xml").getroot().iter("testcase"):
        name, status, seconds = case.get("name"), case.get("status"), float(case.get("time"))
        results = build / "test-results" / f"{name.replace('/', '_')}_test.xml"
        if status == "fail" or not results.exists():
            yield name, {"run": "passed", "fail": "failed"}.get(status, "skipped"), status, seconds
            continue
        for test in xml.etree.ElementTree.parse(results).getroot().iter("testcase"):
            if test.get("status") == "notrun":
                continue
            reason = " ".join(skip.get("message", "") for skip in test.iter("skipped"))
            outcome = "skipped" if test.get("result") == "skipped" else "passed"
            yield (f"{test.get('classname')}.{test.get('name')}", outcome, reason,
                   float(test.get("time")))


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    times = []
    for folder in sys.argv[1:]:
        for name, outcome, reason, seconds in outcomes(SOURCE / folder):
            counts[outcome] += 1
            times.append((seconds, f"{folder}: {name}"))
            if outcome == "skipped":
                print(f"skipped in {folder}: {name}: {' '.join(reason.split())}")
    for seconds, name in sorted(times, reverse=True)[:10]:
        print(f"{seconds:7.1f} s  {name}")
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
