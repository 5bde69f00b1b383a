# SPDX-License-Identifier: Apache-2.0
"""The contract of the command, verb by verb: what it prints and how it ends."""

import json
import pathlib

from atp_command import contents
from command_case import CommandCase, record, tree_hash

BACKUP_KEYS = {"recoveryPointId", "tenantId", "region", "backupType", "status", "segmentsNew",
               "segmentsUnchanged", "records", "bytes", "storedBytes", "merkleRoot", "skipped",
               "alarms", "kept", "scrub", "clockWarning", "anchors", "gone"}
CHECK_KEYS = {"name", "state", "subject", "stream", "segment", "frame", "records", "expected",
              "found"}


class Init(CommandCase):
    def test_prints_where_everything_is(self):
        made = self.init()
        self.assertEqual(set(made), {"vaultId", "store", "catalog", "identity", "signingKey",
                                     "ledgerKey", "trust"})
        self.assertRegex(made.pop("vaultId"), "^[0-9a-f]{32}$")
        for path in map(pathlib.Path, made.values()):
            self.assertTrue(path.is_absolute() and path.exists(), path)
        for name in ("identity", "signingKey", "ledgerKey"):
            self.assertEqual(pathlib.Path(made[name]).stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.keys().stat().st_mode & 0o777, 0o700)

    def test_takes_domain_and_key_folder(self):
        made = self.init("--domain", "audit.example.com", "--keys", self.home / "keys")
        self.assertEqual(made["identity"], str(self.home / "keys/vault.key"))
        vault = json.loads((self.vault / "store/vault.json").read_bytes())
        self.assertEqual(vault["domain"], "audit.example.com")
        self.assertFalse((self.home / "config").exists())

    def test_refuses_keys_inside_the_vault(self):
        error = self.error("init", self.vault, "--region", "local", "--keys", self.vault / "keys",
                           code=2)
        self.assertEqual(error["kind"], "invalid_argument")
        self.assertFalse((self.vault / "keys").exists())

    def test_refuses_a_second_time(self):
        self.init()
        before = tree_hash(self.home)
        self.assertEqual(self.error("init", self.vault, "--region", "local", code=11)["kind"],
                         "already_exists")
        self.assert_unchanged(before)

    def test_dry_run_makes_nothing(self):
        before = tree_hash(self.home)
        self.assertTrue(self.init("--dry-run")["dryRun"])
        self.assert_unchanged(before)

    def test_refuses_a_bad_region_before_it_makes_anything(self):
        before = tree_hash(self.home)
        self.error("init", self.vault, "--region", "r" * 33, code=2)
        self.error("init", self.vault, "--region", "", code=2)
        self.assert_unchanged(before)


class Backup(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.put("a/1.jsonl", record(1), record(2))
        self.put("b/1.jsonl", record(3))

    def test_first_point_is_full(self):
        result = self.backup()
        self.assertEqual(set(result), BACKUP_KEYS)
        self.assertEqual(
            {name: result[name] for name in ("tenantId", "region", "backupType", "status",
                                             "segmentsNew", "segmentsUnchanged", "records", "bytes",
                                             "skipped", "alarms", "gone")},
            {"tenantId": "acme", "region": "local", "backupType": "full", "status": "completed",
             "segmentsNew": 2, "segmentsUnchanged": 0, "records": 3, "bytes": 3 * len(record()),
             "skipped": [], "alarms": [], "gone": []})
        self.assertEqual(result["storedBytes"], sum(p.stat().st_size for p in self.packages()))
        self.assertRegex(result["merkleRoot"], "^[0-9a-f]{64}$")

    def test_unchanged_input_makes_no_point(self):
        first = self.backup()
        again = self.backup()
        self.assertEqual((again["status"], again["recoveryPointId"], again["segmentsNew"],
                          again["segmentsUnchanged"]),
                         ("unchanged", first["recoveryPointId"], 0, 2))
        self.assertEqual(len(self.lines("points", self.vault)), 1)

    def test_incremental_lists_the_new_and_restores_the_union(self):
        first = self.backup()
        self.put("a/2.jsonl")
        second = self.backup()
        self.assertEqual((second["backupType"], second["segmentsNew"], second["segmentsUnchanged"]),
                         ("incremental", 1, 2))
        shown = self.show(second["recoveryPointId"])
        self.assertEqual([p["name"] for p in shown["packages"]], ["2"])
        self.assertEqual(shown["parent"]["recoveryPointId"], first["recoveryPointId"])
        self.assertEqual(self.restored(second["recoveryPointId"]), contents(self.source))

    def test_full_lists_everything_and_copies_nothing(self):
        self.backup()
        before = self.packages()
        full = self.backup("--type", "full")
        self.assertEqual((full["backupType"], full["status"]), ("full", "completed"))
        shown = self.show(full["recoveryPointId"])
        self.assertEqual([(p["stream"], p["name"]) for p in shown["packages"]],
                         [("a", "1"), ("b", "1")])
        self.assertEqual(self.packages(), before)

    def test_late_segment_is_appended(self):
        self.put("a/9.jsonl")
        self.backup()
        self.put("a/5.jsonl")
        late = self.backup()
        self.assertEqual((late["status"], late["segmentsNew"]), ("completed", 1))
        package = self.show(late["recoveryPointId"])["packages"][0]
        self.assertEqual((package["name"], package["sequence"]), ("5", 2))

    def test_segment_gone_at_the_source_is_reported_and_kept(self):
        first = self.backup()
        everything = contents(self.source)
        (self.source / "a/1.jsonl").unlink()
        again = self.backup()
        self.assertEqual((again["status"], again["gone"]), ("unchanged", ["a/1"]))
        full = self.backup("--type", "full")
        self.assertEqual(full["gone"], ["a/1"])
        self.assertEqual(self.restored(full["recoveryPointId"]), everything)
        self.assertEqual(self.restored(first["recoveryPointId"]), everything)

    def test_reread_reads_what_stat_says_is_unchanged(self):
        self.backup()
        self.assertEqual(self.backup("--dry-run")["toRead"], [])
        self.assertEqual(self.backup("--dry-run", "--reread")["toRead"], ["a/1.jsonl", "b/1.jsonl"])
        self.assertEqual(self.backup("--reread")["status"], "unchanged")

    def test_touched_file_is_read_again_and_unchanged(self):
        self.backup()
        (self.source / "a/1.jsonl").touch()
        self.assertEqual(self.backup("--dry-run")["toRead"], ["a/1.jsonl"])
        self.assertEqual(self.backup()["status"], "unchanged")

    def test_dry_run_writes_nothing(self):
        before = tree_hash(self.home)
        plan = self.backup("--dry-run")
        self.assertEqual(set(plan), {"dryRun", "tenantId", "backupType", "toRead", "bytesToRead",
                                     "segmentsUnchanged", "skipped"})
        self.assertEqual(plan["toRead"], ["a/1.jsonl", "b/1.jsonl"])
        self.assert_unchanged(before)

    def test_retention_makes_the_next_policy(self):
        first = self.backup()
        self.put("a/2.jsonl")
        second = self.backup("--retention", "P10Y")
        self.put("a/3.jsonl")
        third = self.backup()
        versions = [self.show(point["recoveryPointId"])["policyVersion"]
                    for point in (first, second, third)]
        self.assertEqual(versions, [1, 2, 2])
        package = next(p for p in self.packages() if p.name.startswith("2."))
        retention = json.loads((package.parent / f".{package.name}.retention").read_bytes())
        sealed = json.loads((self.vault / "store/manifests/acme/a/00000000000000000001.json")
                            .read_bytes())["sealedAt"]
        self.assertEqual(retention["retainUntil"][:4], str(int(sealed[:4]) + 10))
        self.backup("--retention", "7 years", code=2)

    def test_field_map_says_where_times_are(self):
        self.put("c/1.jsonl", b'{"eventTime":"2024-06-30T00:00:00Z"}\n', record())
        result = self.backup("--map", "time=eventTime")
        self.assertEqual(self.show(result["recoveryPointId"])["policyVersion"], 1)
        manifest = json.loads((self.vault / "store/manifests/acme/c/00000000000000000000.json")
                              .read_bytes())
        self.assertEqual((manifest["firstTime"], manifest["lastTime"], manifest["opaqueRecords"]),
                         ("2024-06-30T00:00:00.000000000Z", "2024-06-30T00:00:00.000000000Z", 1))

    def test_refuses_maps_that_name_nothing(self):
        for wrong in (["time"], ["time="], ["=x"], ["tiem=x"], ["time=a", "--map", "time=b"]):
            with self.subTest(wrong):
                self.backup("--map", *wrong, code=2)
        self.assertFalse((self.vault / "store/policies").exists())

    def test_T070_tenants_with_like_names_do_not_mix(self):
        self.backup(tenant="acme-corp")
        self.put("a/2.jsonl")
        self.backup(tenant="acme")
        self.assertEqual(len(self.lines("points", self.vault, "--tenant", "acme")), 1)
        self.assertEqual(len(self.lines("points", self.vault, "--tenant", "acme-corp")), 1)
        self.assertEqual(self.lines("points", self.vault, "--tenant", "acm"), [])
        self.assertEqual(len(self.lines("points", self.vault)), 2)


class PointsAndShow(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()

    def test_an_empty_vault_has_no_points(self):
        self.assertEqual(self.lines("points", self.vault), [])
        self.assertEqual(self.text("points", self.vault), ("", "no recovery points\n"))
        self.assertEqual(self.text("points", self.vault, "--quiet"), ("", ""))

    def test_an_empty_vault_has_nothing_to_verify(self):
        self.assertEqual(self.error("verify", self.vault, code=4)["kind"], "not_found")

    def test_points_are_listed_one_a_line(self):
        self.put("1.jsonl")
        first = self.backup()
        self.put("2.jsonl")
        second = self.backup()
        listed = self.lines("points", self.vault)
        self.assertEqual([point["recoveryPointId"] for point in listed],
                         [first["recoveryPointId"], second["recoveryPointId"]])
        self.assertEqual(set(listed[0]),
                         {"recoveryPointId", "tenantId", "region", "backupType", "createdAt",
                          "completedAt", "segments", "records", "bytes", "storedBytes", "skipped",
                          "alarms", "merkleRoot"})

    def test_show_prints_the_manifest_and_its_packages(self):
        self.put("1.jsonl")
        result = self.backup()
        shown = self.show(result["recoveryPointId"])
        stored = json.loads((self.vault / "store/recovery-points/acme" /
                             f"{result['recoveryPointId']}.json").read_bytes())
        self.assertEqual({name: shown[name] for name in stored}, stored)
        self.assertEqual(set(shown) - set(stored), {"packages", "sha256", "signatureState"})
        self.assertEqual(set(shown["packages"][0]), {"name", "stream", "sequence", "key", "sha256",
                                                     "bytes", "records", "keptUntil", "merkleRoot"})

    def test_show_knows_no_other_point(self):
        self.assertEqual(self.error("show", self.vault, "RP-none", code=4)["kind"], "not_found")


class Verify(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.put("a/1.jsonl")
        self.put("b/1.jsonl")
        self.point = self.backup()["recoveryPointId"]

    def test_reports_every_check(self):
        report = self.json("verify", self.vault, self.point)
        self.assertEqual(set(report), {"recoveryPointId", "verdict", "checks"})
        self.assertEqual((report["recoveryPointId"], report["verdict"]), (self.point, "verified"))
        for check in report["checks"]:
            self.assertEqual(set(check), CHECK_KEYS)
            self.assertEqual(check["state"], "verified")
        self.assertEqual([(c["stream"], c["segment"]) for c in report["checks"]
                          if c["name"] == "package.content"], [("a", "1"), ("b", "1")])

    def test_takes_the_newest_point_of_each_tenant(self):
        self.put("a/2.jsonl")
        newest = self.backup()["recoveryPointId"]
        other = self.backup(tenant="other")["recoveryPointId"]
        self.assertEqual([r["recoveryPointId"] for r in self.lines("verify", self.vault)],
                         [newest, other])
        self.assertEqual([r["recoveryPointId"] for r in self.lines("verify", self.vault, "--all")],
                         [self.point, newest, other])
        self.error("verify", self.vault, self.point, "--all", code=2)

    def test_one_segment_only(self):
        report = self.json("verify", self.vault, self.point, "--segment", "b/1")
        self.assertEqual({(c["stream"], c["segment"]) for c in report["checks"]
                          if c["name"].startswith("package.")}, {("b", "1")})
        self.error("verify", self.vault, self.point, "--segment", "b/2", code=4)
        self.error("verify", self.vault, self.point, "--segment", "1", code=2)

    def test_stored_depth_needs_no_identity(self):
        (self.keys() / "vault.key").unlink()
        report = self.json("verify", self.vault, "--depth", "stored")
        self.assertEqual(report["verdict"], "verified")
        self.assertNotIn("package.content", {check["name"] for check in report["checks"]})

    def test_T045_without_identity_content_is_not_checked(self):
        (self.keys() / "vault.key").unlink()
        report = self.json("verify", self.vault, code=3)
        self.assertEqual(report["verdict"], "not_checked")
        self.assertEqual({c["name"] for c in report["checks"] if c["state"] == "not_checked"},
                         {"package.content"})

    def test_T045_without_trust_policy_nothing_signed_is_verified(self):
        (self.keys() / "trust.json").unlink()
        report = self.json("verify", self.vault, code=3)
        unchecked = {c["name"] for c in report["checks"] if c["state"] == "not_checked"}
        self.assertLessEqual({"vault", "ledger.signatures", "point.manifest", "manifest.chain"},
                             unchecked)

    def test_T047_keys_that_are_not_trusted_verify_nothing(self):
        other = self.json("init", self.home / "other", "--region", "local", "--keys",
                          self.home / "other-keys")
        trust = json.loads(pathlib.Path(other["trust"]).read_bytes())
        trust["vaultId"] = json.loads((self.keys() / "trust.json").read_bytes())["vaultId"]
        (self.home / "trust.json").write_text(json.dumps(trust, sort_keys=True,
                                                         separators=(",", ":")))
        report = self.json("verify", self.vault, "--trust", self.home / "trust.json", code=21)
        self.assertEqual(report["verdict"], "failed")


class Restore(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.put("flat.jsonl", record(1))
        self.put("a/1.jsonl", record(2), record(3))
        self.put("b/1.jsonl", record(20), b"no json")
        self.put("b/2.jsonl", record(20))
        self.point = self.backup()["recoveryPointId"]

    def test_gives_back_every_byte(self):
        folder = self.home / "out"
        result = self.json("restore", self.vault, self.point, "--to", folder)
        self.assertEqual(set(result), {"recoveryPointId", "folder", "verdict", "segments",
                                       "segmentsResumed", "records", "bytes", "failures"})
        self.assertEqual((result["verdict"], result["segments"], result["records"],
                          result["failures"]), ("verified", 4, 6, []))
        self.assertEqual(result["folder"], str(folder))
        self.assertEqual(contents(folder), contents(self.source))

    def test_scopes(self):
        self.assertEqual(set(self.restored(self.point, "--stream", "a")), {"a/1.jsonl"})
        self.assertEqual(set(self.restored(self.point, "--stream", "default")), {"flat.jsonl"})
        self.assertEqual(set(self.restored(self.point, "--segment", "b/2")), {"b/2.jsonl"})
        # b/1 holds a record without time, which every time range covers.
        self.assertEqual(set(self.restored(self.point, "--since", "2025-01-03")),
                         {"a/1.jsonl", "b/1.jsonl", "b/2.jsonl"})
        self.assertEqual(set(self.restored(self.point, "--until", "2025-01-02")),
                         {"flat.jsonl", "a/1.jsonl", "b/1.jsonl"})
        self.assertEqual(set(self.restored(self.point, "--until", "2025-01-02T12:00:00Z")),
                         {"flat.jsonl", "b/1.jsonl"})

    def test_refuses_scopes_that_name_nothing(self):
        before = tree_hash(self.home)
        to = ("--to", self.home / "out")
        self.error("restore", self.vault, self.point, *to, "--stream", "c", code=4)
        self.error("restore", self.vault, self.point, *to, "--segment", "a/2", code=4)
        self.error("restore", self.vault, self.point, *to, "--segment", "a/1", "--stream", "a",
                   code=2)
        self.error("restore", self.vault, self.point, *to, "--since", "2025-02-01", "--until",
                   "2025-01-01", code=2)
        self.error("restore", self.vault, self.point, *to, "--since", "tomorrow", code=2)
        self.error("restore", self.vault, "RP-none", *to, code=4)
        self.assert_unchanged(before)

    def test_dry_run_writes_nothing(self):
        before = tree_hash(self.home)
        plan = self.json("restore", self.vault, self.point, "--to", self.home / "out", "--dry-run")
        self.assertEqual(set(plan), {"dryRun", "recoveryPointId", "segments", "bytes"})
        self.assertEqual(sorted(item["name"] for item in plan["segments"]),
                         ["a/1", "b/1", "b/2", "default/flat"])
        self.assert_unchanged(before)

    def test_refuses_a_folder_with_something_in_it(self):
        (self.home / "out").mkdir()
        (self.home / "out/mine").write_text("mine")
        self.error("restore", self.vault, self.point, "--to", self.home / "out", code=11)
        self.assertEqual(contents(self.home / "out"), {"mine": b"mine"})

    def test_records_in_clear_stay_out_of_the_vault(self):
        before = tree_hash(self.home)
        (self.home / "link").symlink_to(self.vault / "store")
        for folder in (self.vault, self.vault / "store/out", self.home / "link/out"):
            self.error("restore", self.vault, self.point, "--to", folder, code=2)
        self.error("backup", self.vault, "--tenant", "acme", "--from", self.vault / "store", code=2)
        (self.home / "link").unlink()
        self.assert_unchanged(before)

    def test_takes_up_an_unfinished_restore(self):
        package = next(p for p in self.packages() if p.parent.name == "a")
        package.rename(self.home / "aside")
        failed = self.json("restore", self.vault, self.point, "--to", self.home / "out", code=20)
        self.assertEqual(failed["verdict"], "failed")
        self.assertEqual([p.name for p in (self.home / "out").iterdir()], ["RESTORE-UNFINISHED"])
        self.error("restore", self.vault, self.point, "--to", self.home / "out", "--stream", "b",
                   code=11)
        (self.home / "aside").rename(package)
        again = self.json("restore", self.vault, self.point, "--to", self.home / "out")
        self.assertEqual((again["segments"], again["segmentsResumed"]), (4, 3))
        self.assertEqual(contents(self.home / "out"), contents(self.source))
