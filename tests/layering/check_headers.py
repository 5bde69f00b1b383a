#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles every public header alone, with each compiler, and refuses conditional compilation in
one: what a header declares must not hang on an option, or a library and its user disagree.

A header that was fine is not compiled again until it, a header it includes, the compiler or the
flags change: the stamps lie in the build folder.
"""

import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

COMPILERS = ["g++", "clang++-14"]
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"(atp/[^"]+)"', re.MULTILINE)
CONDITIONAL = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif|else)\b.*|\bNDEBUG\b", re.MULTILINE)


def closure(name, folders, seen):
    """The content of `name` and of every project header it includes, by name."""
    if name in seen:
        return
    path = next((f / name for f in folders if (f / name).is_file()), None)
    text = path.read_text(encoding="utf-8") if path else ""
    seen[name] = text
    for included in INCLUDE.findall(text):
        closure(included, folders, seen)


def check(header, compiler, version, folders, stamps):
    contents = {}
    closure(header, folders, contents)
    key = hashlib.sha256(repr((version, FLAGS, sorted(contents.items()))).encode()).hexdigest()
    stamp = stamps / key
    if stamp.exists():
        return None, False
    program = f'#include "{header}"\n#include "{header}"\n'
    command = [compiler] + [f"-I{folder}" for folder in folders] + FLAGS
    result = subprocess.run(command, input=program, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        return f"{header} with {compiler}:\n{result.stderr}", True
    stamp.touch()
    return None, True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    options = parser.parse_args()

    compilers = [c for c in COMPILERS if shutil.which(c)]
    absent = [c for c in COMPILERS if c not in compilers]
    if absent:
        print(f"not checked with: {', '.join(absent)} (not installed)")
        if os.environ.get("ATP_CI") == "1" or not compilers:
            return 1
    folders = [options.source / "include", options.build / "generated"]
    headers = sorted(str(p.relative_to(folder)) for folder in folders
                     for p in (folder / "atp").rglob("*.hpp"))
    stamps = options.build / "header-stamps"
    stamps.mkdir(parents=True, exist_ok=True)

    work = []
    for compiler in compilers:
        version = subprocess.run([compiler, "--version"], text=True, capture_output=True,
                                 check=True).stdout
        work += [(header, compiler, version, folders, stamps) for header in headers]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(lambda item: check(*item), work))
    failures = [failure for failure, _ in results if failure]
    for folder in folders:
        for header in sorted((folder / "atp").rglob("*.hpp")):
            for found in CONDITIONAL.findall(header.read_text(encoding="utf-8")):
                failures.append(f"{header}: '{found}' makes what it declares hang on an option")
    for failure in failures:
        print(failure)
    compiled = sum(1 for _, fresh in results if fresh)
    print(f"{len(headers)} headers, {len(compilers)} compilers, {compiled} compiled now, "
          f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
