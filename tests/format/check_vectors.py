#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the golden vault and the vectors with the stranger's verifier (tests/stranger/verify.py),
which shares no code with the library.

Every case with `expect` must give it; every case with `wantErr` must be refused. At the end single
bytes of the golden vault are changed, and each change must be seen.
"""

import argparse
import base64
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "stranger"))
from verify import (ACTS, MALFORMED, TOOLS, Refused, Vault, canonical, check_document, check_export,  # noqa: E402
                    check_package, check_page, check_proof, decode_name, descriptor_leaves, encode_name, kept_until, leaves_of,
                    merkle_root, newest_that_counts, open_checkpoint, parse_index, parse_json, require, segment_root, sha256,
                    split_records)

SKIPPED = 77


# Vectors -----------------------------------------------------------------------------------------

def text_input(case, name):
    return case[name].encode() if name in case else bytes.fromhex(case[name + "Hex"])


class Vectors:
    def __init__(self, source):
        self.folder = source / "tests" / "vectors"
        self.trust = parse_json((self.folder / "keys" / "trust.json").read_bytes())
        self.identity = (self.folder / "keys" / "vault.key").read_bytes()
        store = self.folder / "vault" / "store"
        self.files = {str(path.relative_to(store)): path.read_bytes()
                      for path in store.rglob("*") if path.is_file()}
        self.objects = {name: data for name, data in self.files.items()
                        if not name.split("/")[-1].startswith(".")}
        self.points = sorted(key.split("/")[-1][:-5] for key in self.objects
                             if key.startswith("recovery-points/"))

    def canonical_json(self, case):
        return canonical(parse_json(text_input(case, "input"))).decode()

    def names(self, case):
        if "encoded" in case:
            return decode_name(case["encoded"])
        try:
            encoded = encode_name(text_input(case, "name").decode("utf-8"))
        except ValueError as error:
            raise Refused(str(error)) from error
        require(decode_name(encoded) == case["name"], "decoded again")
        return encoded

    def signed_document(self, case):
        check_document(case["stored"].encode(), case["documentType"],
                       case.get("trust", self.trust), case.get("tenant"))
        return "verified"

    def act(self, case):
        phase, subject, rule, binding = ACTS[case["action"]]
        return {"phase": phase, "subject": subject, "rule": rule, "binding": binding}

    def list_page(self, case):
        stored = case["stored"].encode()
        return {"sha256": sha256(stored),
                "merkleRoot": merkle_root(descriptor_leaves(check_page(stored))).hex()}

    def checkpoint(self, case):
        return open_checkpoint(text_input(case, "note"), self.trust)

    def retention(self, case):
        return kept_until(case["manifest"], case["retention"])

    def ledger_clock(self, case):
        return newest_that_counts([{**each, "index": index}
                                   for index, each in enumerate(case["entries"])])

    def proof(self, case):
        shown = check_proof(case["proof"].encode(), case.get("trust", self.trust))
        return {name: shown[name] for name in ("segment", "record")}

    def index(self, case):
        seed, frames = parse_index(bytes.fromhex(case["indexHex"]))
        return {"saltSeed": seed.hex(), "frames": frames, "merkleRoot": segment_root(frames).hex()}

    def merkle(self, case):
        raw, seed = bytes.fromhex(case["rawHex"]), bytes.fromhex(case["saltSeedHex"])
        repeat = case.get("repeat", 1)
        raw = b"".join(bytes([byte]) * (1 if byte == 0x0A else repeat) for byte in raw)
        leaves, roots = leaves_of(seed, raw), []
        for first, records in cut_frames(raw):
            roots.append(merkle_root(leaves[first:first + records]).hex())
        found = {"records": len(leaves), "frameRoots": roots,
                 "merkleRoot": merkle_root(leaves).hex()}
        if len(leaves) <= 8:
            found["leaves"] = [leaf.hex() for leaf in leaves]
        return found

    def package(self, case):
        stored = base64.b64decode(case["packageBase64"])
        manifest = check_document(case["manifest"].encode(), "segmentManifest", self.trust,
                                  "acme-corp")
        raw = check_package(stored, manifest, case["identity"].encode(), "time")
        return {"sha256": sha256(raw), "records": len(split_records(raw))}

    def vault(self, case):
        objects = dict(self.objects)
        for key, contents in case["change"].items():
            objects.pop(key, None)
            if contents is not None:
                binary = key.endswith(".age")
                objects[key] = base64.b64decode(contents) if binary else contents.encode()
        Vault(objects, self.trust, self.identity, "acme-corp").verify(case["recoveryPointId"])
        return "verified"

    recovery_point = statement = key_epoch = vault

    def export(self, case):
        bundle = self.folder / "exported"
        files = {str(path.relative_to(bundle)): path.read_bytes()
                 for path in bundle.rglob("*") if path.is_file()}
        for name, contents in case["change"].items():
            files.pop(name, None)
            if contents is not None:
                files[name] = contents.encode()
        check_export(files, case.get("trust", self.trust))
        return "verified"

    def run(self):
        """How many cases had their verdict, and which had not."""
        done, wrong = 0, []
        for folder in sorted(self.folder.iterdir()):
            if folder.name in ("exported", "keys", "vault"):
                continue
            for path in sorted(folder.glob("*.json")):
                case = parse_json(path.read_bytes())
                done += 1
                problem = self.problem(getattr(self, folder.name), case)
                if problem:
                    wrong.append(f"{folder.name}/{path.name}: {problem}")
        return done, wrong

    @staticmethod
    def problem(check, case):
        try:
            found = check(case)
        except (Refused, *MALFORMED) as refusal:
            return None if "wantErr" in case else f"refused: {refusal}"
        if "wantErr" in case:
            return "not refused"
        return None if found == case["expect"] else f"expected {case['expect']}, found {found}"

    def self_test(self):
        """Each object with its middle byte changed; which changes were not seen."""
        unseen = []
        for key, data in self.objects.items():
            at = len(data) // 2
            changed = dict(self.objects)
            changed[key] = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
            try:
                Vault(changed, self.trust, self.identity, "acme-corp").verify(self.points[-1])
                unseen.append(f"self-test: {key}: a changed byte was not seen")
            except Refused:
                pass
        return len(self.objects), unseen


def cut_frames(raw):
    """First record and number of records of each frame."""
    sizes = [len(record) + 1 for record in split_records(raw)]
    if sizes and not raw.endswith(b"\n"):
        sizes[-1] -= 1
    first = 0
    while first < len(sizes):
        records = 4096
        while records > 1 and (first % records or sum(sizes[first:first + records]) > 2**22):
            records //= 2
        records = min(records, len(sizes) - first)
        yield first, records
        first += records


def printed_files(document):
    """The files in the block of docs/format.md."""
    block = document.split(b"<!-- vault:begin -->\n```text\n")[1]
    block = block.split(b"```\n<!-- vault:end -->")[0]
    files = {}
    while block:
        header, _, block = block.partition(b"\n")
        name, size = re.fullmatch(rb"--- (\S+) \((\d+) bytes\)", header).groups()
        if name.endswith(b".age"):
            contents = b""
            while len(contents) < int(size):
                line, _, block = block.partition(b"\n")
                contents += bytes.fromhex(line[10:49].decode())
        else:
            contents = block[:int(size)]
            block = block[int(size):]
            if not contents.endswith(b"\n"):
                block = block[1:]
        files[name.decode()] = contents
    return files


def printed_acts(document):
    """The rows of the table of actions in docs/format.md, without what they say."""
    rows = document.split("<!-- acts:begin -->\n")[1].split("<!-- acts:end -->")[0].splitlines()[2:]
    cells = [[cell.strip().strip("`") for cell in row.split("|")[1:6]] for row in rows]
    return [(action, (phase, subject, rule, {"yes": True, "": False}[binding]))
            for action, phase, subject, rule, binding in cells]


def check_acts(source, document):
    """What is wrong with the table of actions: the page, the vectors and the stranger have the same."""
    vectors = sorted(path.stem for path in (source / "tests" / "vectors" / "act").iterdir())
    wrong = [] if printed_acts(document) == list(ACTS.items()) else \
        ["docs/format.md: the table of actions differs from the stranger's"]
    return wrong if vectors == sorted(ACTS) else wrong + ["act: not one vector for each action"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2])
    options = parser.parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        print("not installed:", " ".join(missing))
        return 1 if os.environ.get("ATP_CI") == "1" else SKIPPED
    vectors = Vectors(options.source)
    done, wrong = vectors.run()
    for point in vectors.points:
        Vault(vectors.objects, vectors.trust, vectors.identity, "acme-corp").verify(point)
    print(f"golden vault: {len(vectors.objects)} objects, {len(vectors.points)} points verified")
    if printed_files((options.source / "docs" / "format.md").read_bytes()) != vectors.files:
        wrong.append("docs/format.md: the printed vault differs from tests/vectors/vault")
    wrong += check_acts(options.source, (options.source / "docs" / "format.md").read_text())
    changes, unseen = vectors.self_test()
    for line in wrong + unseen:
        print(line)
    print(f"{done} cases, {len(wrong)} wrong; {changes} changed bytes, {len(unseen)} unseen")
    return 1 if wrong or unseen else 0


if __name__ == "__main__":
    sys.exit(main())
