# SPDX-License-Identifier: Apache-2.0
"""The command with keys in a PKCS#11 token: SoftHSM, where it is installed."""

import json
import os
import pathlib
import subprocess

from command_case import CommandCase, record

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "5678-right"


def installed():
    return pathlib.Path(MODULE).exists() and pathlib.Path("/usr/bin/pkcs11-tool").exists()


class Tokens(CommandCase):
    def setUp(self):
        super().setUp()
        if not installed():
            if os.environ.get("ATP_CI") == "1":
                self.fail("missing: softhsm2 or opensc")
            self.skipTest("softhsm2 or opensc is not installed")
        (self.home / "tokens").mkdir()
        configuration = self.home / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {self.home}/tokens\n"
                                 "objectstore.backend = file\nlog.level = ERROR\n")
        self.env["SOFTHSM2_CONF"] = str(configuration)
        self.call("softhsm2-util", "--init-token", "--free", "--label", "atp",
                  "--so-pin", "87654321", "--pin", PIN)
        for kind, number, label in (("prime256v1", "01", "signing"), ("edwards25519", "02", "ledger")):
            self.call("pkcs11-tool", "--module", MODULE, "--token-label", "atp", "--login",
                      "--pin", PIN, "--keypairgen", "--usage-sign", "--key-type", f"EC:{kind}",
                      "--id", number, "--label", label)
        self.pin = self.home / "pin"
        self.pin.write_text(PIN + "\n")
        self.pin.chmod(0o600)

    def call(self, *command):
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def put_uris(self, folder):
        folder.mkdir(exist_ok=True)
        for role in ("signing", "ledger"):
            (folder / f"{role}.pkcs11").write_text(
                f"pkcs11:token=atp;object={role}?module-path={MODULE}&pin-source=file:{self.pin}\n")

    def assert_no_secret(self, output):
        super().assert_no_secret(output)
        self.assertNotIn(PIN.encode(), output)

    def test_a_vault_whose_keys_never_leave_a_token(self):
        keys = self.home / "config/atp/keys"
        keys.parent.mkdir(parents=True)
        self.put_uris(keys)
        self.init("--keys", keys)
        self.assertEqual({path.name for path in keys.iterdir()},
                         {"vault.key", "trust.json", "signing.pkcs11", "ledger.pkcs11"})
        self.put("1.jsonl")
        point = self.backup("--keys", keys)["recoveryPointId"]
        self.assertEqual(self.json("verify", self.vault, point, "--keys", keys)["verdict"], "verified")
        self.pin.unlink()  # Who verifies needs no token.
        report = self.json("verify", self.vault, point, "--trust", keys / "trust.json",
                           "--depth", "stored")
        self.assertEqual(report["verdict"], "verified")

    def test_an_older_vault_goes_on_with_keys_in_a_token(self):
        self.init()
        self.put("1.jsonl")
        before = self.backup()["recoveryPointId"]
        fresh = self.home / "fresh"
        self.put_uris(fresh)
        self.json("init", self.home / "other", "--region", "local", "--keys", fresh)
        trust = self.keys() / "trust.json"
        policy = json.loads(trust.read_bytes())
        policy["keys"] += json.loads((fresh / "trust.json").read_bytes())["keys"]
        trust.write_text(json.dumps(policy))
        for role in ("signing", "ledger"):
            (self.keys() / f"{role}.pem").rename(self.home / f"{role}.old")
        self.put_uris(self.keys())
        self.put("2.jsonl", record(2))
        after = self.backup()["recoveryPointId"]
        for point in (before, after):
            self.assertEqual(self.json("verify", self.vault, point)["verdict"], "verified")
        file = (self.home / "ledger.old").rename(self.keys() / "ledger.pem")
        self.assertEqual(self.error("backup", self.vault, "--tenant", "acme", "--from", self.source,
                                    code=2)["kind"], "invalid_argument")
        file.unlink()  # Then a stranger verifies the vault, too.

    def test_a_wrong_pin_writes_nothing(self):
        keys = self.home / "keys"
        self.put_uris(keys)
        self.init("--keys", keys)
        self.put("1.jsonl")
        self.pin.write_text("5678-wrong\n")
        error = self.error("backup", self.vault, "--tenant", "acme", "--from", self.source,
                           "--keys", keys, code=6)
        self.assertEqual((error["kind"], error["subject"]),
                         ("unauthenticated", str(keys / "signing.pkcs11")))
        self.assertEqual(self.packages(), [])
        self.pin.write_text(PIN)
        self.backup("--keys", keys)
