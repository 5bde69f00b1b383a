#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the share of lines and branches that the tests of a coverage build have reached, by layer."""
import argparse
import collections
import json
import pathlib
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[1]


def reached(build):
    """llvm-cov's summary of every source file, over all programs of the build."""
    profiles = sorted((build / "profiles").glob("*.profraw"))
    if not profiles:
        raise SystemExit(f"{build}/profiles is empty: run ctest --preset coverage")
    merged = build / "tests.profdata"
    subprocess.run(["llvm-profdata-14", "merge", "-sparse", *profiles, "-o", merged], check=True)
    programs = sorted(path for path in (build / "bin").iterdir() if path.is_file())
    first, *others = programs  # The first stands without -object.
    objects = [first, *(word for program in others for word in ("-object", program))]
    output = subprocess.run(["llvm-cov-14", "export", "-summary-only", f"-instr-profile={merged}",
                             *objects, SOURCE / "src", SOURCE / "include"],
                            check=True, capture_output=True, text=True).stdout
    return json.loads(output)["data"][0]["files"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    totals = collections.defaultdict(lambda: {"lines": [0, 0], "branches": [0, 0]})
    for file in reached(parser.parse_args().build.resolve()):
        path = pathlib.Path(file["filename"]).relative_to(SOURCE)
        layer = path.parts[1] if path.parts[0] == "src" else path.parts[2]
        for name in (layer, "all"):
            for what, counts in totals[name].items():
                counts[0] += file["summary"][what]["covered"]
                counts[1] += file["summary"][what]["count"]
    print(f"{'layer':12} {'lines':>14} {'branches':>16}")
    for name in sorted(totals, key=lambda name: (name == "all", name)):
        cells = [f"{100 * covered / count:6.1f} % of {count}" if count else "-"
                 for covered, count in (totals[name]["lines"], totals[name]["branches"])]
        print(f"{name:12} {cells[0]:>16} {cells[1]:>18}")


if __name__ == "__main__":
    main()
