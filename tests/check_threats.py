#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every threat this project claims to meet has a test that names it, and prints which.

A test counts when it exists in a built test executable (or in ctest) and did not end as skipped
in the last run. Those that sink systems (marked D in threats.md) need a mutation as well: a patch
that brings the fault back and turns a test red.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

CLAIMED = """
T001-T012 T014-T016 T018 T031 T033 T036 T037 T042-T057 T062 T064-T068 T070
"""

ID = re.compile(r"(?<![A-Za-z0-9])T\d{3}(?!\d)")


def claimed_ids():
    ids = []
    for word in CLAIMED.split():
        first, _, last = word.partition("-")
        ids += [f"T{n:03}" for n in range(int(first[1:]), int((last or first)[1:]) + 1)]
    return ids


def registered_tests(build, ctest):
    """Name and command of each test in ctest."""
    output = subprocess.run([ctest, "--test-dir", str(build), "--show-only=json-v1"], check=True,
                            capture_output=True, text=True).stdout
    for test in json.loads(output)["tests"]:
        yield test["name"], test.get("command", [""])[0]


def gtest_names(executable):
    output = subprocess.run([executable, "--gtest_list_tests"], check=True, capture_output=True,
                            text=True).stdout
    suite = ""
    for line in output.splitlines():
        name = line.split("#")[0].rstrip()
        if line.startswith("  "):
            yield suite + name.strip()
        elif name.endswith("."):
            suite = name


def skipped_names(results, executable):
    """Tests that the last run of `executable` skipped, if it was run since it was built."""
    path = results / f"{executable.name}.xml"
    if not path.exists() or path.stat().st_mtime < executable.stat().st_mtime:
        return set()
    cases = xml.etree.ElementTree.parse(path).getroot().iter("testcase")
    return {f"{case.get('classname')}.{case.get('name')}" for case in cases
            if case.get("result") == "skipped"}


def all_tests(build, ctest):
    """`<ctest name>: <test>` of every test that is not disabled and was not skipped."""
    for name, command in registered_tests(build, ctest):
        executable = pathlib.Path(command)
        if not executable.name.endswith("_test"):
            yield name
            continue
        if not executable.exists():
            print(f"not built: {name}")
            continue
        skipped = skipped_names(build / "test-results", executable)
        for test in gtest_names(command):
            if "DISABLED_" not in test and test not in skipped:
                yield f"{name}: {test}"


def sinking_ids(shared):
    """The ids marked D, or None where the catalogue is not at hand."""
    path = shared / "threats.md"
    if not path.exists():
        return None
    return set(re.findall(r"^\| (T\d{3}) \| \*\*D\*\* \|", path.read_text(encoding="utf-8"),
                          re.MULTILINE))


def main():
    source = pathlib.Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=source / "build")
    parser.add_argument("--ctest", default="ctest")
    options = parser.parse_args()

    tests = {threat: [] for threat in claimed_ids()}
    for test in all_tests(options.build, options.ctest):
        for threat in set(ID.findall(test)) & tests.keys():
            tests[threat].append(test)
    for threat, names in tests.items():
        for number, name in enumerate(names or ["-"]):
            print(f"{threat if number == 0 else '    '}  {name}")
    missing = [threat for threat, names in tests.items() if not names]

    shared = pathlib.Path(os.environ.get("ATP_SHARED", source.parent / "shared"))
    sinking = sinking_ids(shared)
    if sinking is None:
        print(f"mutations not checked: no threats.md in {shared}")
        unmutated = ["threats.md"] if os.environ.get("ATP_CI") == "1" else []
    else:
        patches = {p.name[:4] for p in (source / "tests/mutations").glob("T???_*.patch")}
        unmutated = [threat for threat in tests if threat in sinking and threat not in patches]

    print(f"{len(tests) - len(missing)} of {len(tests)} claimed threats have a test")
    if missing:
        print("without a test:", " ".join(missing))
    if unmutated:
        print("without a mutation:", " ".join(unmutated))
    return 1 if missing or unmutated else 0


if __name__ == "__main__":
    sys.exit(main())
