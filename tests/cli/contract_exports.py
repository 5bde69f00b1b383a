# SPDX-License-Identifier: Apache-2.0
"""export and verify-export: records that are handed over, and what recipients see."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time

from atp_command import ATP, contents
from command_case import CommandCase, record, tree_hash
from contract_anchors import AnchorCase
from contract_approvals import ApprovalCase


class Exports(CommandCase):
    def setUp(self):
        super().setUp()
        self.init("--domain", "vault.example")
        self.put("api/1.jsonl", *(record(day) for day in range(1, 6)))
        self.put("2.jsonl", record(7), b"not JSON\n")
        self.point = self.backup()["recoveryPointId"]
        self.trust = self.home / "trusted.json"
        shutil.copy(self.keys() / "trust.json", self.trust)
        self.out = self.home / "out"

    def export(self, *arguments, code=0):
        return self.json("export", self.vault, self.point, *arguments, code=code)

    def usual(self):
        return self.export("--records", "api/1:1-2", "--records", "default/2", "--to", self.out)

    def check(self, folder=None, code=0):
        return self.json("verify-export", folder or self.out, "--trust", self.trust, code=code)

    def test_a_bundle_is_checked_with_a_trust_policy_and_nothing_else(self):
        exported = self.usual()
        shutil.rmtree(self.vault)
        shutil.rmtree(self.home / "config")
        moved = self.out.rename(self.home / "handed over")
        checked = self.check(moved)
        self.assertEqual(checked["verdict"], "verified")
        self.assertEqual(checked["manifest"], exported["manifest"])
        self.assertEqual(checked["manifest"]["records"], 4)
        self.assertEqual(checked["manifest"]["sha256"],
                         hashlib.sha256((moved / "manifest.json").read_bytes()).hexdigest())
        self.assertEqual(checked["checkpoint"], exported["checkpoint"])
        self.assertEqual((moved / "data/api/1.jsonl").read_bytes(), record(2) + record(3))
        self.assertEqual((moved / "data/default/2.jsonl").read_bytes(), record(7) + b"not JSON\n")

    def test_stock_tools_check_the_files(self):
        self.usual()
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt"],
                       cwd=self.out, check=True)
        sums = (self.out / "manifest-sha256.txt").read_text().splitlines()
        self.assertEqual({line.split("  ", 1)[1] for line in sums} | {"manifest-sha256.txt"},
                         set(contents(self.out)))
        manifest = (self.out / "manifest.json").read_bytes()
        self.assertEqual(subprocess.run(["jq", "-cSj", "."], input=manifest, check=True,
                                        capture_output=True).stdout, manifest)
        for proof in self.out.glob("proofs/*/*/*.txt"):
            self.json("check-proof", proof, "--trust", self.trust)

    def test_the_ledger_says_so_before_and_after(self):
        self.usual()
        entries = sorted((self.vault / "store/ledger/acme/0/entries").glob("0*"))
        actions = [json.loads(entry.read_bytes())["action"] for entry in entries[-2:]]
        self.assertEqual(actions, ["export.intended", "export.done"])
        self.json("ledger", "audit", self.vault, "--tenant", "acme")

    def test_a_changed_bundle_is_named(self):
        self.usual()
        (self.out / "data/api/1.jsonl").write_bytes(record(2) + record(4))
        checked = self.check(code=20)
        self.assertEqual(checked["verdict"], "failed")
        self.assertIsNone(checked["manifest"])
        text = self.text("verify-export", self.out, "--trust", self.trust, code=20)
        self.assertIn("data/api/1.jsonl", "".join(text))

    def test_links_are_no_files_of_a_bundle(self):
        self.usual()
        data = self.out / "data/api/1.jsonl"
        data.rename(self.home / "elsewhere")
        data.symlink_to(self.home / "elsewhere")
        self.check(code=20)
        data.unlink()
        (self.home / "elsewhere").rename(data)
        self.check()
        (self.out / "data/api").rename(self.home / "api")
        (self.out / "data/api").symlink_to(self.home / "api")
        self.check(code=20)

    def test_another_trust_policy_does_not_take_it(self):
        self.usual()
        other = self.home / "other.json"
        policy = json.loads(self.trust.read_text())
        policy["keys"] = [key for key in policy["keys"] if key["role"] != "document"]
        other.write_text(json.dumps(policy))
        self.json("verify-export", self.out, "--trust", other, code=21)

    def test_what_cannot_be_exported_is_refused_and_leaves_nothing(self):
        before = tree_hash(self.vault / "store")
        for code, *arguments in ((2, "--records", "api/1:0-5"), (2, "--records", "api/1:x"),
                                 (2, "--records", "api/1:2-1"), (2, "--records", "api"),
                                 (4, "--records", "api/9"), (2, "--records", "api/1:-1"),
                                 (2, "--records", f"api/1:{2**64}")):
            self.export(*arguments, "--to", self.out, code=code)
        self.export("--records", "api/1", code=2)
        self.export("--records", "api/1", "--to", self.vault / "out", code=2)
        self.export("--records", "api/1", "--to", self.home, code=11)
        self.assertEqual(before, tree_hash(self.vault / "store"))
        self.assertFalse(self.out.exists())

    def test_names_of_any_kind_come_out_as_they_are(self):
        self.put("a:5.jsonl", record(1), record(2))
        self.put("-ü %.jsonl", record(3))
        self.put("none.jsonl").write_bytes(b"")
        self.point = self.backup("--allow-empty")["recoveryPointId"]
        self.export("--records", "default/a:5", "--to", self.out, code=4)  # Record 5 of `a`.
        self.export("--records", "default/none", "--to", self.out, code=2)
        self.export("--records", "default/a:5:", "--records", "default/-ü %:0", "--to", self.out)
        self.assertEqual(self.check()["manifest"]["records"], 3)
        self.assertEqual((self.out / "data/default/-=C3=BC=20=25.jsonl").read_bytes(), record(3))

    def test_two_to_one_folder_do_not_harm_each_other(self):
        words = [ATP, "export", self.vault, self.point, "--records", "api/1", "--to", self.out,
                 "--quiet"]
        for _ in range(8):
            runs = [subprocess.Popen(words, env=self.env, cwd=self.home, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
                    for _ in range(2)]
            for run in runs:
                run.wait(timeout=60)
            self.assertEqual(sorted(run.returncode for run in runs), [0, 11])
            self.check()
            shutil.rmtree(self.out)
        self.json("ledger", "audit", self.vault, "--tenant", "acme")

    def test_a_dry_run_says_what_would_be_handed_over(self):
        before = tree_hash(self.home)
        plan = self.export("--records", "api/1:3", "--records", "api/1:2-3", "--dry-run")["plan"]
        self.assertEqual(plan, [{"name": "export.records", "value": "2"},
                                {"name": "export.run", "value": "api/1:2-3"}])
        self.assertEqual(before, tree_hash(self.home))

    def test_one_that_is_interrupted_leaves_nothing_and_is_told(self):
        self.put("many.jsonl", *(record(1, n=n) for n in range(5000)))
        self.point = self.backup()["recoveryPointId"]
        run = subprocess.Popen([ATP, "export", self.vault, self.point, "--records", "default/many",
                                "--to", self.out, "--quiet"], env=self.env, cwd=self.home,
                               stderr=subprocess.PIPE)
        unfinished = self.home / "out.unfinished"
        while not list(unfinished.glob("proofs/*/*/*")):
            self.assertIsNone(run.poll(), "it ended before it could be interrupted")
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        _, error = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, error)
        self.assertFalse(self.out.exists() or unfinished.exists())
        last = sorted((self.vault / "store/ledger/acme/0/entries").glob("0*"))[-1]
        self.assertEqual(json.loads(last.read_bytes())["action"], "export.abandoned")
        self.json("ledger", "audit", self.vault, "--tenant", "acme")

    def test_one_whose_process_was_killed_is_told_by_the_next_backup(self):
        self.put("many.jsonl", *(record(1, n=n) for n in range(5000)))
        self.point = self.backup()["recoveryPointId"]
        run = subprocess.Popen([ATP, "export", self.vault, self.point, "--records", "default/many",
                                "--to", self.out, "--quiet"], env=self.env, cwd=self.home)
        unfinished = self.home / "out.unfinished"
        while not list(unfinished.glob("proofs/*/*/*")):
            self.assertIsNone(run.poll(), "it ended before it could be killed")
            time.sleep(0.01)
        os.kill(run.pid, signal.SIGKILL)
        run.wait(timeout=60)
        self.json("ledger", "audit", self.vault, "--tenant", "acme", code=3)
        error = self.error("export", self.vault, self.point, "--records", "api/1", "--to", self.out,
                           code=11)
        self.assertIn("out.unfinished", error["subject"])
        self.assertFalse((unfinished / "manifest.json").exists())
        self.backup()
        self.json("ledger", "audit", self.vault, "--tenant", "acme")
        shutil.rmtree(unfinished)
        self.usual()


class ApprovedExports(ApprovalCase):
    def test_what_needs_approvals_is_not_handed_over_without(self):
        self.put("1.jsonl")
        point = self.backup()["recoveryPointId"]
        self.add_rule("export")
        words = ["export", self.vault, point, "--records", "default/1"]
        self.json(*words, "--to", self.home / "out", code=31)
        request = self.home / "request.json"
        self.json(*words, "--request", request, "--key", self.home / "dave.pem")
        shown = self.json("approve", request, "--trust", self.trust, "--dry-run")
        self.assertEqual(shown["plan"][1], {"name": "export.run", "value": "default/1:0-0"})
        approved = ["--approved", request, self.approve(request, "alice", "dpo"),
                    self.approve(request, "bob", "owner")]
        self.put("2.jsonl")
        self.backup()  # The point is as it was.
        self.json("export", self.vault, point, "--records", "default/1:0", "--to",
                  self.home / "out", *approved)
        self.json("export", self.vault, point, "--records", "default/1", "--to",
                  self.home / "again", *approved, code=31)
        self.json("verify-export", self.home / "out", "--trust", self.trust)
        self.json("ledger", "audit", self.vault, "--tenant", "acme")


class StampedExports(AnchorCase):
    def test_an_export_carries_its_time_stamp(self):
        authority = self.authority("--required")
        point = self.new_backup()["recoveryPointId"]
        words = ["export", self.vault, point, "--records", "api/1", "--to"]
        exported = self.json(*words, self.home / "out")
        self.assertTrue(exported["manifest"]["timestamped"])
        self.audit()  # The new checkpoint has its time-stamp, too.
        trust = self.keys() / "trust.json"
        checked = self.json("verify-export", self.home / "out", "--trust", trust)
        self.assertEqual(self.states(checked)["export.timestamp"], "verified")
        authority.change = lambda reply: b""
        self.json(*words, self.home / "late", code=5)
        self.assertFalse((self.home / "late").exists())

    def test_an_optional_time_stamp_is_pending(self):
        authority = self.authority()
        point = self.new_backup()["recoveryPointId"]
        authority.change = lambda reply: b""
        exported = self.json("export", self.vault, point, "--records", "api/1", "--to",
                             self.home / "out", code=3)
        self.assertEqual(len(exported["pending"]), 1)
        checked = self.json("verify-export", self.home / "out", "--trust",
                            self.keys() / "trust.json")
        self.assertEqual(self.states(checked)["export.timestamp"], "attested")
