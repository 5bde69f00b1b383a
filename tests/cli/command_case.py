# SPDX-License-Identifier: Apache-2.0
"""What the tests of the `atp` command share: a scratch folder each, records, and the runs of the
command, whose every output is searched for secrets."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from atp_command import ATP, INSTRUMENTS, STRANGER, contents

ERROR_KEYS = {"kind", "subject", "message"}


def record(day=1, **members):
    """One line of JSON with a time in January 2025."""
    line = {"time": f"2025-01-{day:02}T12:00:00Z", "action": "File.Viewed", **members}
    return json.dumps(line).encode() + b"\n"


def tree_hash(folder):
    """Every name, kind, size, time and byte below `folder`."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        digest.update(repr((str(path.relative_to(folder)), status.st_mode, status.st_size,
                            status.st_mtime_ns)).encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


class CommandCase(unittest.TestCase):
    """A scratch folder with `source/`, and the vault `vault` once `init` was called."""

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="atp-cli-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.source = self.home / "source"
        self.vault = self.home / "vault"
        self.source.mkdir()
        self.env = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(self.home / "config"),
                    **INSTRUMENTS}

    def tearDown(self):
        """T103: whatever the test did to its vault and exports, a stranger's verifier says of them
        what we say."""
        self.ask_stranger_about_exports()
        trust, identity = (next(iter(self.home.glob(f"config/atp/*/{name}")), None)
                           for name in ("trust.json", "vault.key"))
        if not trust or not identity or not (self.vault / "store/vault.json").exists():
            return
        ours = subprocess.run([ATP, "verify", self.vault, "--all", "--quiet"], cwd=self.home,
                              env=self.env, capture_output=True, timeout=300)
        if ours.returncode not in (0, 20, 21):
            return  # Not everything could be looked at.
        theirs = subprocess.run([sys.executable, STRANGER, "vault", self.vault / "store", trust,
                                 "--identity", identity], capture_output=True, timeout=300)
        self.assertEqual(ours.returncode == 0, theirs.returncode == 0,
                         f"atp: {ours.returncode} {ours.stdout.decode()}\n"
                         f"stranger: {theirs.returncode} {theirs.stderr.decode()}")

    def ask_stranger_about_exports(self):
        policies = [*self.home.glob("*.json"), *self.home.glob("config/atp/*/trust.json")]
        for manifest, trust in ((manifest, trust) for manifest in self.home.glob("*/manifest.json")
                                for trust in policies if b'"trustPolicy"' in trust.read_bytes()):
            ours = subprocess.run([ATP, "verify-export", manifest.parent, "--trust", trust],
                                  env=self.env, capture_output=True, timeout=300)
            theirs = subprocess.run([sys.executable, STRANGER, "export", manifest.parent, trust],
                                    capture_output=True, timeout=300)
            self.assertEqual(ours.returncode == 0, theirs.returncode == 0, (ours, theirs))

    def put(self, name, *records):
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(records or [record()]))
        return path

    def run_atp(self, *arguments, code=0):
        """The finished process of `atp ARGUMENTS`, which must end with `code`, unless that is None."""
        done = subprocess.run([ATP, *map(str, arguments)], capture_output=True, cwd=self.home,
                              env=self.env, timeout=300)
        self.assertEqual(done.returncode, done.returncode if code is None else code,
                         f"atp {arguments}\n{done.stdout.decode()}\n{done.stderr.decode()}")
        self.assert_no_secret(done.stdout + done.stderr)
        return done

    def text(self, *arguments, code=0):
        """Standard output and standard error."""
        done = self.run_atp(*arguments, code=code)
        return done.stdout.decode(), done.stderr.decode()

    def lines(self, *arguments, code=0):
        """The JSON objects printed, one a line; nothing else may be on standard output."""
        done = self.run_atp(*arguments, "--json", code=code)
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def json(self, *arguments, code=0):
        objects = self.lines(*arguments, code=code)
        self.assertEqual(len(objects), 1, objects)
        return objects[0]

    def error(self, *arguments, code):
        """The error object of a command that could not be done."""
        printed = self.json(*arguments, code=code)
        self.assertEqual(set(printed), {"error"})
        self.assertEqual(set(printed["error"]), ERROR_KEYS)
        return printed["error"]

    def init(self, *arguments):
        return self.json("init", self.vault, "--region", "local", *arguments)

    def backup(self, *arguments, code=0, tenant="acme"):
        return self.json("backup", self.vault, "--tenant", tenant, "--from", self.source,
                         *arguments, code=code)

    def keys(self):
        return next((self.home / "config/atp").iterdir())

    def packages(self):
        return sorted(path for path in (self.vault / "store/segments").rglob("*.age")
                      if not path.name.startswith("."))

    def show(self, point):
        return self.json("show", self.vault, point)

    def restored(self, point, *arguments):
        """Relative name to bytes of a fresh restore."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.home)) / "restored"
        self.json("restore", self.vault, point, "--to", folder, *arguments)
        return contents(folder)

    def secrets(self):
        """Texts that must never leave the key folder."""
        found = []
        for path in self.home.rglob("*"):
            if path.name in ("vault.key", "signing.pem", "ledger.pem") and path.is_file():
                found += [line for line in path.read_bytes().split()
                          if len(line) > 30 and not line.startswith(b"age1")]
        return found

    def assert_no_secret(self, output):
        for secret in self.secrets():
            self.assertNotIn(secret, output)

    def assert_unchanged(self, before):
        self.assertEqual(tree_hash(self.home), before, "something was written")
