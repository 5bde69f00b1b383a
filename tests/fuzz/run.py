#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the fuzz targets and runs each for a while; a crash, leak, time-out or too much memory fails.

Each target starts from tests/fuzz/corpus/<name>/ and writes what it finds to a folder of its own.
With --coverage the targets are built a second time and the lines reached are printed for the files
that the source names in its lines `// covers:`.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CORPUS = SOURCE / "tests/fuzz/corpus"
ENVIRONMENT = {
    **os.environ,
    # The quarantine of freed memory counts as memory of the target: keep it small.
    "ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=16:allocator_may_return_null=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


@dataclasses.dataclass
class Target:
    name: str
    covers: list


def targets(names):
    found = []
    for path in sorted((SOURCE / "tests/fuzz").glob("*_fuzz.cpp")):
        covers = re.findall(r"^// covers: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        if not covers:
            raise SystemExit(f"{path.name}: no line '// covers: <source>...'")
        found.append(Target(path.name[: -len("_fuzz.cpp")], " ".join(covers).split()))
    absent = set(names) - {target.name for target in found}
    if absent:
        raise SystemExit(f"no such target: {' '.join(sorted(absent))}")
    return [target for target in found if not names or target.name in names]


def build(preset, chosen):
    """The folder with the executables of `chosen`."""
    folder = SOURCE / f"build-{preset}"
    subprocess.run(["cmake", "--preset", preset, "-S", str(SOURCE)], cwd=SOURCE, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(folder), "--target"] +
                   [f"fuzz_{target.name}" for target in chosen], check=True)
    return folder


def corpus_of(target, work):
    """A writable folder that keeps what was found, and the folder of kept inputs if there is one."""
    found = work / "corpus" / target.name
    found.mkdir(parents=True, exist_ok=True)
    kept = CORPUS / target.name
    return [str(found)] + ([str(kept)] if kept.is_dir() else [])


def fuzz(target, folder, seconds):
    """Runs one target. Returns whether it held, and one line about it."""
    work = folder / "fuzz"
    artifacts = work / "artifacts" / target.name
    shutil.rmtree(artifacts, ignore_errors=True)
    artifacts.mkdir(parents=True)
    command = [str(folder / "bin" / f"fuzz_{target.name}"), f"-max_total_time={seconds}",
               "-rss_limit_mb=512", "-timeout=10", "-print_final_stats=1", "-verbosity=1",
               f"-artifact_prefix={artifacts}/"] + corpus_of(target, work)
    process = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True,
                             errors="replace", check=False)
    log = process.stderr
    (work / f"{target.name}.log").write_text(log, encoding="utf-8")
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", log)
    memory = re.search(r"stat::peak_rss_mb:\s*(\d+)", log)
    if process.returncode == 0 and runs and int(runs[1]) > 0:
        return True, f"{target.name:24} ok      {int(runs[1]):>10} runs, {memory[1]} MB"
    shown = "\n".join(log.splitlines()[-60:])
    return False, f"{shown}\n{target.name:24} FAILED  exit {process.returncode}, input in {artifacts}"


def run_all(preset, chosen, seconds, jobs):
    folder = build(preset, chosen)
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        results = list(pool.map(lambda target: fuzz(target, folder, seconds), chosen))
    for _, line in results:
        print(line)
    failed = sum(1 for held, _ in results if not held)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def print_coverage(target, folder, inputs):
    """The share of lines of the covered files that the inputs reach."""
    work = folder / "fuzz"
    work.mkdir(exist_ok=True)
    raw, merged = work / f"{target.name}.profraw", work / f"{target.name}.profdata"
    executable = str(folder / "bin" / f"fuzz_{target.name}")
    subprocess.run([executable, "-runs=0"] + inputs, check=True, capture_output=True,
                   env={**ENVIRONMENT, "LLVM_PROFILE_FILE": str(raw)})
    subprocess.run(["llvm-profdata-14", "merge", "-sparse", str(raw), "-o", str(merged)],
                   check=True)
    output = subprocess.run(
        ["llvm-cov-14", "export", "-summary-only", f"-instr-profile={merged}", executable] +
        [str(SOURCE / name) for name in target.covers],
        check=True, capture_output=True, text=True).stdout
    for entry in json.loads(output)["data"][0]["files"]:
        lines = entry["summary"]["lines"]
        name = pathlib.Path(entry["filename"]).relative_to(SOURCE)
        print(f"{target.name:24} {lines['percent']:6.1f} % of {lines['count']:>4} lines  {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="targets; all if none")
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("ATP_FUZZ_SECONDS", "10")),
                        help="for each target (default: ATP_FUZZ_SECONDS, else 10)")
    parser.add_argument("--preset", default="fuzz",
                        help="whose build: fuzz, or asan, which has the tests as well (default: fuzz)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--coverage", action="store_true",
                        help="print the lines reached by the inputs kept and found")
    options = parser.parse_args()
    chosen = targets(options.names)
    status = run_all(options.preset, chosen, options.seconds, options.jobs)
    if status == 0 and options.coverage:
        folder = build("fuzz-coverage", chosen)
        for target in chosen:
            print_coverage(target, folder, corpus_of(target, SOURCE / f"build-{options.preset}" / "fuzz"))
    return status


if __name__ == "__main__":
    sys.exit(main())
