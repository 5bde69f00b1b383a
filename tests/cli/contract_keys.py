# SPDX-License-Identifier: Apache-2.0
"""keys and trust: sealed key files, rotation, and whom a verifier believes."""
import json
import os
import pty
import select
import shutil
import subprocess
import termios

from atp_command import ATP
from command_case import CommandCase

PASSPHRASE = "correct horse battery"


class KeyCase(CommandCase):
    def setUp(self):
        super().setUp()
        self.put("1.jsonl")
        self.passphrase = self.secret("passphrase", PASSPHRASE + "\n")

    def secret(self, name, text):
        path = self.home / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def public_key(self, name, algorithm="ed25519"):
        """Makes `NAME.pem` and returns the path of its public half."""
        made = ["openssl", "genpkey", "-algorithm", algorithm, "-out", self.home / f"{name}.pem"]
        if algorithm == "EC":
            made += ["-pkeyopt", "ec_paramgen_curve:P-256"]
        subprocess.run(made, check=True, capture_output=True)
        public = self.home / f"{name}.pub"
        subprocess.run(["openssl", "pkey", "-in", self.home / f"{name}.pem", "-pubout", "-out",
                        public], check=True)
        return public

    def names(self):
        return {path.name for path in self.keys().iterdir()}

    def answer(self, arguments, *lines):
        """Runs the command on a terminal of its own, answers its questions; what it printed."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.home)
            os.execve(ATP, [str(ATP), *map(str, arguments)], self.env)
        printed, answers = b"", list(lines)
        while select.select([terminal], [], [], 30)[0]:
            try:
                printed += os.read(terminal, 1024)
            except OSError:
                break
            if printed.endswith(b": ") and answers:
                os.write(terminal, answers.pop(0).encode() + b"\n")
        os.close(terminal)  # Hangs up on a command that still asks.
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), printed.decode()


class SealedKeys(KeyCase):
    def test_a_vault_of_sealed_keys_opens_with_the_passphrase_and_not_without(self):
        self.init("--passphrase", "--passphrase-file", self.passphrase)
        self.assertEqual(self.names(), {"vault.key.age", "signing.pem.age", "ledger.pem.age",
                                        "unlock.key.age", "trust.json"})
        error = self.error("backup", self.vault, "--tenant", "acme", "--from", self.source, code=6)
        self.assertIn("--passphrase-file", error["message"])
        point = self.backup("--passphrase-file", self.passphrase)["recoveryPointId"]
        self.json("verify", self.vault, point, "--passphrase-file", self.passphrase)
        self.json("restore", self.vault, point, "--to", self.home / "out", "--passphrase-file",
                  self.passphrase)
        wrong = self.secret("wrong", "wrong\n")
        self.error("verify", self.vault, point, "--passphrase-file", wrong, code=12)

    def test_what_needs_no_secret_asks_for_none(self):
        self.init("--passphrase", "--passphrase-file", self.passphrase)
        point = self.backup("--passphrase-file", self.passphrase)["recoveryPointId"]
        self.json("verify", self.vault, point, "--depth", "stored")
        self.lines("points", self.vault)
        self.json("show", self.vault, point)
        self.json("ledger", "audit", self.vault, "--tenant", "acme")
        self.json("trust", "show", self.vault)

    def test_keys_on_the_terminal_mend_a_passphrase_or_end_the_question(self):
        self.init("--passphrase", "--passphrase-file", self.passphrase)
        words = ["backup", self.vault, "--tenant", "acme", "--from", self.source]
        mended = "wrong\x15" + PASSPHRASE[:4] + "xü\x7f\x7f" + PASSPHRASE[4:]
        self.assertEqual(self.answer(words, mended)[0], 0)
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.home)
            os.execve(ATP, [str(ATP), *map(str, words)], self.env)
        printed = b""
        while not printed.endswith(b": "):
            printed += os.read(terminal, 1024)
        self.assertFalse(termios.tcgetattr(terminal)[3] & termios.ECHO)
        os.write(terminal, b"corr\x03")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 130)
        self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO)
        os.close(terminal)

    def test_the_passphrase_is_asked_for_on_the_terminal_and_never_shown(self):
        code, printed = self.answer(["init", self.vault, "--region", "local", "--passphrase"],
                                    PASSPHRASE, PASSPHRASE)
        self.assertEqual(code, 0, printed)
        self.assertNotIn(PASSPHRASE, printed)
        code, printed = self.answer(["backup", self.vault, "--tenant", "acme", "--from",
                                     self.source], PASSPHRASE)
        self.assertEqual(code, 0, printed)
        self.assertNotIn(PASSPHRASE, printed)
        code, printed = self.answer(["init", self.home / "second", "--region", "local",
                                     "--passphrase"], PASSPHRASE, "another")
        self.assertEqual(code, 2, printed)

    def test_an_age_recipient_holds_the_keys(self):
        subprocess.run(["age-keygen", "-o", self.home / "operator.key"], check=True,
                       capture_output=True)
        os.chmod(self.home / "operator.key", 0o600)
        recipient = subprocess.run(["age-keygen", "-y", self.home / "operator.key"], check=True,
                                   capture_output=True, text=True).stdout.strip()
        self.init("--recipient", recipient)
        self.assertNotIn("unlock.key.age", self.names())
        self.error("backup", self.vault, "--tenant", "acme", "--from", self.source, code=6)
        self.backup("--unlock", self.home / "operator.key")
        opened = subprocess.run(["age", "-d", "-i", self.home / "operator.key",
                                 self.keys() / "signing.pem.age"], check=True, capture_output=True)
        self.assertIn(b"BEGIN PRIVATE KEY", opened.stdout)

    def test_keys_in_clear_are_sealed_later(self):
        self.init()
        point = self.backup()["recoveryPointId"]
        self.error("keys", "seal", self.vault, code=2)
        self.assertIn("vault.key", self.names())
        self.json("keys", "seal", self.vault, "--passphrase", "--passphrase-file", self.passphrase)
        self.assertNotIn("vault.key", self.names())
        self.error("verify", self.vault, point, code=6)
        self.json("verify", self.vault, point, "--passphrase-file", self.passphrase)

    def test_a_passphrase_that_others_may_read_is_refused(self):
        self.passphrase.chmod(0o644)
        self.error("init", self.vault, "--region", "local", "--passphrase", "--passphrase-file",
                   self.passphrase, code=6)
        self.assertFalse((self.vault / "store/vault.json").exists())


class Rotation(KeyCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.first = self.backup()["recoveryPointId"]
        self.old_trust = self.home / "old-trust.json"
        shutil.copy(self.keys() / "trust.json", self.old_trust)

    def rotate(self, overlap="P30D", code=0):
        return self.json("keys", "rotate", self.vault, "--overlap", overlap, code=code)

    def test_while_keys_overlap_verifiers_with_either_policy_believe(self):
        self.rotate()
        self.put("2.jsonl")
        point = self.backup()["recoveryPointId"]
        for trust in (self.keys() / "trust.json", self.old_trust):
            for each in (self.first, point):
                self.json("verify", self.vault, each, "--trust", trust)
            self.json("ledger", "audit", self.vault, "--tenant", "acme", "--trust", trust)
            proof = self.home / f"{trust.parent.name}.proof"
            self.json("prove", self.vault, point, "--record", "default/2:0", "--to", proof,
                      "--trust", trust)
            self.json("check-proof", proof, "--trust", trust)

    def test_what_a_key_signed_after_its_end_is_not_believed(self):
        self.rotate()
        policy = json.loads((self.keys() / "trust.json").read_text())
        for key in policy["keys"]:
            if "notAfter" in key:
                key["notAfter"] = "2026-01-01T00:00:00.000000000Z"
        ended = self.home / "ended.json"
        ended.write_text(json.dumps(policy))
        self.json("verify", self.vault, self.first, "--trust", ended, code=21)

    def test_a_second_rotation_waits_for_the_first(self):
        self.rotate()
        error = self.json("keys", "rotate", self.vault, code=11)["error"]
        self.assertIn("overlap", error["message"])

    def test_an_overlap_of_nothing_is_refused(self):
        self.rotate("P0D", code=2)
        self.assertEqual(self.old_trust.read_bytes(), (self.keys() / "trust.json").read_bytes())


class Trust(KeyCase):
    def setUp(self):
        super().setUp()
        self.init()

    def add(self, *arguments, code=0):
        return self.json("trust", "add", self.vault, *arguments, code=code)

    def approver(self, name, *roles, key=None, code=0):
        roles = [word for role in roles for word in ("--as", role)]
        return self.add("--role", "approver", "--name", name, "--key",
                        key or self.public_key(name), *roles, code=code)

    def test_witnesses_approvers_and_rules_are_added_and_shown(self):
        self.add("--role", "witness", "--name", "w1", "--key", self.public_key("w1"), "--url",
                 "https://w1.example/")
        self.approver("alice", "dpo")
        self.approver("bob", "owner", "dpo", key=self.public_key("bob", "EC"))
        self.json("trust", "rule", self.vault, "--action", "halt.resolve", "--as", "dpo", "--as",
                  "owner")
        policy = self.json("trust", "show", self.vault)
        self.assertEqual(policy["witnesses"],
                         {"threshold": 1, "addresses": [{"name": "w1",
                                                         "url": "https://w1.example/"}]})
        self.assertEqual(policy["approvals"]["rules"],
                         [{"action": "halt.resolve", "roles": ["dpo", "owner"], "threshold": 2}])
        text = self.text("trust", "show", self.vault)[0]
        for words in ("witness w1: Ed25519", "approver bob: ES256", "halt.resolve needs 2 persons"):
            self.assertIn(words, text)

    def test_what_the_format_refuses_changes_nothing(self):
        self.approver("alice", "dpo")
        before = (self.keys() / "trust.json").read_bytes()
        self.approver("mallory", "owner", key=self.home / "alice.pub", code=2)
        self.approver("Alice", "owner", code=2)
        self.approver("carol", code=2)
        self.approver("dave", "owner", key=self.passphrase, code=2)
        self.json("trust", "rule", self.vault, "--action", "purge", "--as", "dpo", code=2)
        self.add("--role", "witness", "--name", "w1", "--key", self.public_key("w1", "EC"), code=2)
        self.assertEqual((self.keys() / "trust.json").read_bytes(), before)

    def test_a_weak_key_is_refused(self):
        weak = self.home / "weak.pub"
        weak.write_text("-----BEGIN PUBLIC KEY-----\n"
                        "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                        "-----END PUBLIC KEY-----\n")
        error = self.approver("alice", "dpo", key=weak, code=2)["error"]
        self.assertIn("prime order", error["message"])

    def test_a_threshold_is_not_lowered_in_passing(self):
        for name in ("alice", "bob", "carol"):
            self.approver(name, "dpo")
        rule = ["trust", "rule", self.vault, "--action", "halt.resolve", "--as", "dpo"]
        self.json(*rule, "--threshold", "3")
        policy = self.json(*rule)["policy"]
        self.assertEqual(policy["approvals"]["rules"][0]["threshold"], 3)

    def test_what_is_added_at_once_is_all_there(self):
        keys = [self.public_key(f"w{i}") for i in range(8)]
        command = [ATP, "trust", "add", self.vault, "--role", "witness", "--json", "--name"]
        running = [subprocess.Popen([*command, f"w{i}", "--key", key], env=self.env,
                                    cwd=self.home, stdout=subprocess.DEVNULL)
                   for i, key in enumerate(keys)]
        done = {f"w{i}" for i, process in enumerate(running) if process.wait(60) == 0}
        policy = self.json("trust", "show", self.vault)
        self.assertEqual({key["name"] for key in policy["keys"] if "name" in key}, done)

    def test_a_policy_that_everybody_may_write_is_refused(self):
        (self.keys() / "trust.json").chmod(0o666)
        self.error("trust", "show", self.vault, code=6)

    def test_a_dry_run_writes_nothing(self):
        before = (self.keys() / "trust.json").read_bytes()
        key = self.public_key("w1")
        self.add("--role", "witness", "--name", "w1", "--key", key, "--dry-run")
        self.assertEqual((self.keys() / "trust.json").read_bytes(), before)
