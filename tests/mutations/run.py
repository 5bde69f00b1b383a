#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Brings known faults back, one at a time, and expects the tests to see each.

A mutation is a file T0xx_<words>.patch: a line `Test: <folder under tests> <gtest filter>`, then a
unified diff against the project. In a copy of the tree the named tests must pass without the patch
and fail, not merely stop building, with it.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HEADER = re.compile(r"^#?\s*Test: (\S+) (\S+)\s*$", re.MULTILINE)
TEST_TIMEOUT_SECONDS = 600


@dataclasses.dataclass
class Mutation:
    path: pathlib.Path
    folder: str
    filter: str

    @property
    def name(self):
        return self.path.stem

    @property
    def target(self):
        return self.folder.replace("/", "_") + "_test"


class Refused(Exception):
    """Why a mutation proves nothing."""


def load(path):
    header = HEADER.search(path.read_text(encoding="utf-8").split("\n--- ", 1)[0])
    if not header:
        raise SystemExit(f"{path.name}: no line 'Test: <folder> <gtest filter>' before the diff")
    return Mutation(path, header[1], header[2])


def project_files():
    """What a commit of the tree as it is would hold."""
    output = subprocess.run(
        ["git", "-C", str(SOURCE), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True).stdout
    return [name for name in output.split("\0") if name and (SOURCE / name).is_file()]


def copy_tree(tree):
    """Makes `tree` equal to the project; files that are equal keep their times."""
    names = set(project_files())
    if tree.exists():
        for path in [p for p in tree.rglob("*") if p.is_file()]:
            if str(path.relative_to(tree)) not in names:
                path.unlink()
    for name in names:
        target = tree / name
        content = (SOURCE / name).read_bytes()
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        shutil.copymode(SOURCE / name, target)


def git_apply(tree, patch, *options):
    # Out of reach of any repository around it, git takes the paths as they stand in the patch.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    result = subprocess.run(["git", "apply", *options, str(patch)], cwd=tree, env=environment,
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Refused(f"does not apply: {result.stderr.strip().splitlines()[0]}")


class Scratch:
    def __init__(self, folder):
        self.tree = folder / "tree"
        self.build = folder / "build"
        copy_tree(self.tree)
        self.run_tool(["cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja",
                       "-DCMAKE_BUILD_TYPE=Debug", "-DATP_BUILD_TESTS=ON"],
                      "does not configure")

    def run_tool(self, command, complaint):
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                                check=False)
        if result.returncode != 0:
            print(result.stdout[-4000:], result.stderr[-4000:], sep="\n")
            raise Refused(complaint)

    def build_target(self, target):
        self.run_tool(["cmake", "--build", self.build, "--target", target], "does not build")

    def failures(self, mutation):
        """How many of the named tests ran, and how many of them failed."""
        self.build_target(mutation.target)
        results = self.build / "mutation.json"
        results.unlink(missing_ok=True)
        binaries = self.build / "bin"
        shared = os.environ.get("ATP_SHARED", str(SOURCE.parent / "shared"))
        environment = {**os.environ, "ATP_SOURCE_DIR": str(self.tree), "ATP_SHARED": shared,
                       "ATP_BIN": str(binaries / "atp"),
                       "ATP_GENERATE": str(binaries / "atp-generate")}
        command = [str(binaries / mutation.target), f"--gtest_filter={mutation.filter}",
                   f"--gtest_output=json:{results}"]
        try:
            process = subprocess.run(command, env=environment, capture_output=True, text=True,
                                     timeout=TEST_TIMEOUT_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise Refused(f"no result in {TEST_TIMEOUT_SECONDS} s") from error
        if not results.exists():
            raise Refused(f"no result: exit {process.returncode}\n{process.stderr[-2000:]}")
        report = json.loads(results.read_text(encoding="utf-8"))
        ran = [test for suite in report["testsuites"] for test in suite["testsuite"]
               if test.get("result") == "COMPLETED"]
        return len(ran), sum(1 for test in ran if test.get("failures"))

    def check(self, mutation):
        """What happened, in a few words. Throws: Refused."""
        ran, failed = self.failures(mutation)
        if ran == 0:
            raise Refused("its filter runs no test")
        if failed:
            raise Refused(f"{failed} of {ran} tests fail without the patch")
        git_apply(self.tree, mutation.path)
        try:
            ran, failed = self.failures(mutation)
        finally:
            git_apply(self.tree, mutation.path, "--reverse")
        if failed == 0:
            raise Refused(f"not seen: {ran} tests pass with the fault")
        return f"red, {failed} of {ran} tests fail"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of mutation names; all if none")
    parser.add_argument("--scratch", type=pathlib.Path, default=SOURCE / "build-mutations",
                        help="kept from run to run, so that only what changed is built")
    options = parser.parse_args()

    mutations = [load(path) for path in sorted((SOURCE / "tests/mutations").glob("T???_*.patch"))]
    if options.names:
        mutations = [m for m in mutations if m.name.startswith(tuple(options.names))]
    if not mutations:
        print("no such mutation")
        return 1
    scratch = Scratch(options.scratch.resolve())
    unseen = 0
    for mutation in mutations:
        try:
            verdict = "ok    " + scratch.check(mutation)
        except Refused as refusal:
            verdict = f"FAILED  {refusal}"
            unseen += 1
        print(f"{mutation.name:50} {verdict}", flush=True)
    print(f"{len(mutations) - unseen} passed, {unseen} failed")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
