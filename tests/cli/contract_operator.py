# SPDX-License-Identifier: Apache-2.0
"""The contract of the command: what operators do to it."""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile

from atp_command import ATP, INSTRUMENTS
from command_case import CommandCase, record


class Operator(CommandCase):
    def run_with(self, *arguments, code, **options):
        done = subprocess.run([ATP, *map(str, arguments)], cwd=self.home, check=False,
                              **({"env": self.env, "capture_output": True} | options))
        self.assertEqual(done.returncode, code, done)
        return done

    def flip(self, path):
        stored = path.read_bytes()
        path.write_bytes(stored[:-2] + bytes([stored[-2] ^ 1]) + stored[-1:])

    def test_closed_descriptors_take_no_part_in_the_vault(self):
        """The catalog was opened as standard output, and written over."""
        self.init()
        self.put("1.jsonl")
        backup = ("backup", self.vault, "--tenant", "acme", "--from", self.source)
        for arguments in (backup, ("points", self.vault), ("doctor", self.vault),
                          ("catalog", "rebuild", self.vault), ("points", self.vault, "--json")):
            for closed in ((0,), (1,), (2,), (0, 1, 2)):
                with self.subTest(arguments=arguments[0], closed=closed):
                    subprocess.run([ATP, *map(str, arguments)], env=self.env, check=False,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda closed=closed: [os.close(n) for n in closed],
                                   close_fds=False)
                    self.assertEqual(self.json("doctor", self.vault)["verdict"], "good")

    def test_T045_a_tenant_whose_ledger_is_damaged_is_not_passed_over(self):
        self.init()
        self.put("1.jsonl")
        good = self.backup(tenant="good")["recoveryPointId"]
        self.backup(tenant="bad")
        entries = self.vault / "store/ledger/bad/0/entries"
        kept = {path: path.read_bytes() for path in entries.parent.rglob("*") if path.is_file()}
        for name in sorted(path.name for path in entries.iterdir() if path.name[0] != "."):
            for damage in (self.flip, lambda path: path.write_bytes(b""), lambda path: path.unlink()):
                damage(entries / name)
                for scope in ((), ("--all",)):
                    done = self.run_atp("verify", self.vault, "--json", "--quiet", *scope, code=None)
                    self.assertIn(done.returncode, (20, 21))
                    self.assertIn(good, done.stdout.decode())
                for path, data in kept.items():
                    path.write_bytes(data)
        shutil.rmtree(self.vault / "store/ledger/bad")
        reports = self.lines("verify", self.vault, code=3)
        self.assertEqual([report["verdict"] for report in reports], ["not_checked", "verified"])
        self.assertEqual((reports[0]["recoveryPointId"], reports[0]["tenantId"]), (None, "bad"))
        shutil.rmtree(self.vault / "store/ledger/good")
        self.lines("verify", self.vault, code=3)

    def test_T047_keys_that_the_trust_policy_does_not_take_sign_nothing(self):
        self.init()
        self.put("1.jsonl")
        self.backup()
        other = self.home / "other"
        self.json("init", other, "--region", "r", "--keys", self.home / "other-keys")
        self.put("2.jsonl", record(2))
        for name in ("signing.pem", "ledger.pem"):
            mixed = self.home / f"mixed-{name}"
            shutil.copytree(self.keys(), mixed)
            shutil.copy(self.home / "other-keys" / name, mixed / name)
            for tenant in ("acme", "fresh"):
                before = {path for path in (self.vault / "store").rglob("*") if ".tmp" not in str(path)}
                error = self.error("backup", self.vault, "--tenant", tenant, "--from", self.source,
                                   "--keys", mixed, code=6)
                self.assertEqual(error["subject"], name)
                after = {path for path in (self.vault / "store").rglob("*") if ".tmp" not in str(path)}
                self.assertEqual(after, before)
        self.assertEqual(self.backup()["segmentsNew"], 1)

    def test_one_segment_is_verified_wherever_it_is(self):
        self.init()
        self.put("s/1.jsonl")
        self.backup()
        self.put("s/2.jsonl", record(2))
        self.backup()
        self.backup(tenant="other")
        self.assertEqual(len(self.lines("verify", self.vault, "--all", "--segment", "s/1")), 3)
        self.assertEqual(len(self.lines("verify", self.vault, "--all", "--segment", "s/2")), 2)
        self.error("verify", self.vault, "--all", "--segment", "s/3", code=4)

    def test_a_package_that_may_not_be_read_leaves_the_others_checked(self):
        """As a user who is not root, from a place where that user may look."""
        self.init()
        for day in (1, 2, 3):
            self.put(f"{day}.jsonl", record(day))
        self.backup()
        place = pathlib.Path(tempfile.mkdtemp(prefix="atp-cli-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        shutil.copytree(self.vault, place / "vault")
        shutil.copy(self.keys() / "trust.json", place)
        shutil.copy(ATP, place / "atp")
        for path in [place, *place.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.name == "atp" else 0o644)
        packages = [path for path in place.rglob("*.jsonl.zst.age") if path.name[0] != "."]
        packages[1].chmod(0)
        nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        done = subprocess.run([*(nobody if os.geteuid() == 0 else []), place / "atp", "verify",
                               place / "vault", "--depth", "stored", "--trust", place / "trust.json"],
                              check=False, capture_output=True, env={"PATH": os.environ["PATH"], **INSTRUMENTS})
        self.assertEqual(done.returncode, 3, done)
        self.assertEqual(done.stdout.count(b"not_checked  package.stored"), 1, done.stdout)

    def test_without_a_home_what_needs_no_key_works(self):
        self.init()
        self.put("1.jsonl")
        point = self.backup()["recoveryPointId"]
        keys = self.keys()
        self.env = {"PATH": os.environ["PATH"], **INSTRUMENTS}
        self.json("verify", self.vault, point, "--depth", "stored", "--trust", keys / "trust.json")
        self.json("verify", self.vault, point, code=3)
        self.json("verify", self.vault, point, "--keys", keys)
        self.error("init", self.home / "v2", "--region", "r", code=2)

    def test_T011_a_file_size_limit_is_no_space(self):
        self.init()
        self.put("1.jsonl", *[record(1, filler=os.urandom(500).hex()) for _ in range(2000)])
        limit = 64 << 10
        done = self.run_with(
            "backup", self.vault, "--tenant", "acme", "--from", self.source, "--json", code=5,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertIn(b'"kind":"no_space"', done.stdout)
        self.assertEqual(self.backup()["segmentsNew"], 1)
        leftovers = list((self.vault / "store/.tmp").iterdir())
        self.assertEqual(leftovers, [])

    def test_points_are_listed_without_the_catalog(self):
        self.init()
        self.put("1.jsonl")
        listed = [self.backup(tenant=tenant)["recoveryPointId"] for tenant in ("a", "b")]
        with_catalog = self.lines("points", self.vault)
        (self.vault / "catalog.db").unlink()
        self.assertEqual(self.lines("points", self.vault), with_catalog)
        self.assertEqual([point["recoveryPointId"] for point in with_catalog], listed)
        self.assertIn("catalog", self.text("points", self.vault)[1])

    def test_one_tenants_damage_hides_no_other(self):
        self.init()
        self.put("1.jsonl")
        points = {tenant: self.backup(tenant=tenant)["recoveryPointId"] for tenant in ("a", "b", "c")}
        self.flip(self.vault / "store/ledger/b/0/entries" / f"{1:020}")
        listed = self.lines("points", self.vault, code=20)
        self.assertEqual([point["tenantId"] for point in listed], ["a", "c"])
        (self.vault / "catalog.db").unlink()
        (self.vault / f"store/recovery-points/a/{points['a']}.json").unlink()
        listed = self.lines("points", self.vault, code=20)
        self.assertIn("c", [point["tenantId"] for point in listed])
        reports = self.lines("verify", self.vault, code=None)
        self.assertEqual(reports[-1]["verdict"], "verified")

    def test_T033_a_ledger_that_cannot_be_listed_costs_its_tenant_alone(self):
        self.init()
        self.put("1.jsonl")
        for tenant in ("a", "b"):
            self.backup(tenant=tenant)
        ledger = self.vault / "store/ledger/a"
        ledger.rename(self.home / "moved")
        ledger.symlink_to(self.home / "moved")
        reports = self.lines("verify", self.vault, code=20)
        self.assertEqual([report["verdict"] for report in reports], ["failed", "verified"])
        audit = self.json("ledger", "audit", self.vault, "--tenant", "a", code=20)
        self.assertEqual(audit["verdict"], "failed")
        ledger.unlink()
        (self.home / "moved").rename(ledger)

    def test_T048_a_ledger_key_that_had_ended_signs_no_checkpoint(self):
        self.init()
        self.put("1.jsonl")
        self.backup()
        trust = json.loads((self.keys() / "trust.json").read_text())
        for key in trust["keys"]:
            if key["role"] == "ledger":
                key["notAfter"] = "2020-01-01T00:00:00.000000000Z"
        other = self.home / "ended.json"
        other.write_text(json.dumps(trust))
        report = self.json("verify", self.vault, "--trust", other, code=21)
        self.assertEqual(report["verdict"], "failed")
