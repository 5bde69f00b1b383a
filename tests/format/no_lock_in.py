#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A vault made by the real `atp` (ATP_BIN) is restored by docs/restore-by-hand.sh, byte for byte,
with stock commands; and not restored where anything on the way was changed.
"""

import argparse
import hashlib
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
        self.plant_tenant(full)
        self.plant_plugin(incremental)

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


    def seal(self, text, path, *arguments):
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["age", *arguments, "-o", path], input=text, check=True)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def vault_recipient(self):
        return json.loads((self.vault / "store" / "vault.json").read_text())["recipients"][0]

    def plant_tenant(self, point):
        """The signed point below a folder whose name breaks lines, beside forged documents."""
        kept = self.vault.with_name("kept")
        shutil.copytree(self.vault, kept)
        store, tenant = self.vault / "store", "x\ny"
        own = next(store.glob(f"recovery-points/*/{point}.json"))
        page = next(each["sha256"] for each in json.loads(own.read_text())["lists"]
                    if each["stream"] == "default")
        genuine = next(store.glob(f"lists/*/{page}.json")).read_bytes()
        key = subprocess.run(["age-keygen"], capture_output=True, check=True).stdout
        recipient = re.search(rb"age1\w+", key)[0].decode()
        self.seal(key, store / "forged.wrap", "-r", self.vault_recipient())
        text = b"FORGED\n"
        package = subprocess.run(["zstd", "-q"], input=text, capture_output=True, check=True).stdout
        sealed = self.seal(package, store / "segments/x/default/p.age", "-r", recipient)
        manifest = json.dumps({"keyEpoch": "1", "sha256": hashlib.sha256(text).hexdigest()})
        page_text = json.dumps({"descriptors": [
            {"name": "000001", "stream": "default", "sequence": 0,
             "key": "segments/x/default/p.age", "sha256": sealed,
             "manifestSha256": hashlib.sha256(manifest.encode()).hexdigest()}]})
        for name, content in ((f"lists/{tenant}/{page}.json", page_text),
                              (f"manifests/{tenant}/default/{0:020}.json", manifest),
                              (f"keys/{tenant}/1/0.json", '{"wrapKey":"forged.wrap"}')):
            path = store / name
            path.parent.mkdir(parents=True)
            path.write_text(content)
        (store / "lists/x").write_bytes(genuine)
        (store / "manifests/x").write_text(manifest)
        (store / "recovery-points" / tenant).mkdir()
        own.rename(store / "recovery-points" / tenant / own.name)
        found, well = self.restore(point, "000001.jsonl")
        self.expect(not well and not found, "a tenant whose name breaks lines is refused")
        shutil.rmtree(self.vault)
        kept.rename(self.vault)

    def plant_plugin(self, point):
        """A wrap that holds no identity of age but the name of a program."""
        store, programs = self.vault / "store", self.vault.with_name("programs")
        programs.mkdir()
        (programs / "age-plugin-x").write_text(f"#!/bin/sh\ntouch {programs}/ran\n")
        (programs / "age-plugin-x").chmod(0o755)
        self.seal(b"AGE-PLUGIN-X-10QHH27CT\n", store / "planted.wrap", "-r", self.vault_recipient())
        for folder in store.glob("keys/*/*"):
            (folder / "9.json").write_text('{"wrapKey":"planted.wrap"}')
        path = os.environ["PATH"]
        os.environ["PATH"] = f"{programs}:{path}"
        found, well = self.restore(point, "000002.jsonl")
        os.environ["PATH"] = path
        self.expect(not well and not found and not (programs / "ran").exists(),
                    "a program that the vault names is not run")


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
