#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A vault made by the real `atp` (ATP_BIN) is restored by docs/restore-by-hand.sh, byte for byte,
with stock commands; and not restored where anything on the way was changed.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOOLS = ["age", "base64", "bash", "cmp", "jq", "openssl", "sha256sum", "zstd"]
SKIPPED = 77
SOURCE = {
    "000001.jsonl": "".join(f'{{"time":"2026-11-23T07:00:00Z","n":{n}}}\n' for n in range(10000)),
    "audit.default/2026-11-22T17:00.jsonl": '{"time":"2026-11-22T17:00:00Z"}\r\n\nnot JSON',
    "Größe/1.jsonl": '{"time":"2026-11-22T17:00:00Z","a":"\u20ac"}\n',
}
LATER = {"000002.jsonl": '{"time":"2026-11-23T08:00:00Z"}\n'}


class Trial:
    def __init__(self, source, atp, folder):
        self.script, self.atp = source / "docs" / "restore-by-hand.sh", atp
        self.vault, self.keys, self.input = folder / "vault", folder / "keys", folder / "input"
        self.failures = []

    def run_atp(self, *words):
        done = subprocess.run([self.atp, *words, "--keys", self.keys, "--json", "--quiet"],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def backup(self, files):
        for name, text in files.items():
            path = self.input / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return self.run_atp("backup", self.vault, "--tenant", "Acme", "--from", self.input)

    def restore(self, point, name):
        """Standard output and whether the script ended well."""
        stream, _, segment = ("default/" + name if "/" not in name else name).partition("/")
        words = ["bash", self.script, self.vault / "store", self.keys / "vault.key",
                 self.keys / "trust.json", point, stream, segment.removesuffix(".jsonl")]
        done = subprocess.run(words, capture_output=True, check=False)
        return done.stdout, done.returncode == 0

    def expect(self, condition, what):
        print(("ok    " if condition else "FAILED"), what)
        if not condition:
            self.failures.append(what)

    def run(self):
        self.run_atp("init", self.vault, "--region", "westeurope")
        full = self.backup(SOURCE)["recoveryPointId"]
        incremental = self.backup(LATER)["recoveryPointId"]
        for point, files in ((full, SOURCE), (incremental, SOURCE | LATER)):
            for name, text in files.items():
                found, well = self.restore(point, name)
                self.expect(well and found == text.encode(), f"{point[3:19]} {name} is restored")
        _, well = self.restore(full, "000002.jsonl")
        self.expect(not well, "a segment that the point lacks is refused")
        self.change_files(incremental)

    def change_files(self, point):
        """Each kind of object on the way to the last segment, and the first one by the parent."""
        store = self.vault / "store"
        for pattern, name in ((f"recovery-points/*/{point}.json", "000002.jsonl"),
                              ("recovery-points/*/*.json", "000001.jsonl"),
                              ("lists/*/*.json", "000002.jsonl"),
                              ("manifests/*/default/*1.json", "000002.jsonl"),
                                  ("keys/*/*/*.age", "000002.jsonl"),
                              ("segments/*/default/000002.*.age", "000002.jsonl")):
            paths = [path for path in sorted(store.glob(pattern)) if path.name[0] != "."]
            kept = {path: path.read_bytes() for path in paths}
            for path, data in kept.items():
                at = data.rfind(b'"nonce":"') + 9 if b'"nonce":"' in data else len(data) - 3
                path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            found, well = self.restore(point, name)
            self.expect(kept and not well and not found, f"a change of {pattern} is refused")
            for path, data in kept.items():
                path.write_bytes(data)
            found, well = self.restore(point, name)
            self.expect(well, f"{pattern}: as it was, it is restored again")


def quoted_lines(document):
    """The lines of `sh` blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2])
    options = parser.parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print("not installed:", " ".join(missing))
        return 1 if os.environ.get("ATP_CI") == "1" else SKIPPED
    atp = os.environ.get("ATP_BIN", options.source / "build" / "bin" / "atp")
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(options.source, atp, pathlib.Path(folder))
        script = trial.script.read_text(encoding="utf-8").splitlines()
        for line in quoted_lines(options.source / "docs" / "format.md"):
            trial.expect(line in script, f"docs/format.md quotes the script: {line.strip()[:60]}")
        trial.run()
    print(f"{len(trial.failures)} failures")
    return 1 if trial.failures else 0


if __name__ == "__main__":
    sys.exit(main())
