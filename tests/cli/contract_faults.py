# SPDX-License-Identifier: Apache-2.0
"""The contract of the command where something is wrong: input, objects, keys, catalog, usage."""

import fcntl
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from atp_command import ATP, GENERATE, contents
from command_case import CommandCase, record, tree_hash

RECORD_LIMIT = 16 << 20


class Input(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.put("good.jsonl")

    def reasons(self, result):
        return {each["name"]: each["reason"] for each in result["skipped"]}

    def test_what_is_not_sealed_is_skipped_by_name(self):
        self.put("growing.jsonl.open")
        self.put("a/copy.jsonl.tmp")
        result = self.backup(code=3)
        self.assertEqual((result["status"], result["segmentsNew"]), ("partial", 1))
        self.assertEqual(self.reasons(result), {"growing.jsonl.open": "not_sealed",
                                                "a/copy.jsonl.tmp": "not_sealed"})
        self.assertEqual(set(result["skipped"][0]), {"name", "reason", "detail"})
        shown = self.show(result["recoveryPointId"])
        self.assertEqual(len(shown["skipped"]), 2)
        out, _ = self.text("backup", self.vault, "--tenant", "acme", "--from", self.source, code=3)
        self.assertIn("growing.jsonl.open", out)

    def test_record_over_the_limit_is_skipped_with_its_place(self):
        fits = b"x" * RECORD_LIMIT + b"\n"
        self.put("long.jsonl", record(), b"y" * (RECORD_LIMIT + 1) + b"\n")
        self.put("longest.jsonl", fits)
        result = self.backup(code=3)
        self.assertEqual(self.reasons(result), {"long.jsonl": "record_too_long"})
        self.assertIn(f"record 1 at byte {len(record())}", result["skipped"][0]["detail"])
        self.assertEqual(set(self.restored(result["recoveryPointId"])),
                         {"good.jsonl", "longest.jsonl"})

    def test_empty_segments_only_when_asked_for(self):
        (self.source / "empty.jsonl").touch()
        self.assertEqual(self.reasons(self.backup(code=3)), {"empty.jsonl": "empty"})
        taken = self.backup("--allow-empty")
        self.assertEqual((taken["status"], taken["segmentsNew"]), ("completed", 1))
        self.assertEqual(self.restored(taken["recoveryPointId"])["empty.jsonl"], b"")

    def test_compressed_segments_are_taken_decoded(self):
        lines = record(1) + record(2)
        (self.source / "zipped.jsonl.gz").write_bytes(gzip.compress(lines))
        result = self.backup()
        self.assertEqual((result["records"], result["bytes"]), (3, 3 * len(record())))
        self.assertEqual(self.restored(result["recoveryPointId"])["zipped.jsonl"], lines)

    def test_T056_damaged_compressed_segment_is_never_taken(self):
        packed = gzip.compress(record() * 100)
        (self.source / "cut.jsonl.gz").write_bytes(packed[:-9])
        (self.source / "trailing.jsonl.gz").write_bytes(packed + b"x")
        result = self.backup(code=3)
        self.assertEqual(self.reasons(result), {"cut.jsonl.gz": "damaged",
                                                "trailing.jsonl.gz": "damaged"})
        self.assertEqual(result["segmentsNew"], 1)

    def test_altered_segment_is_an_alarm_and_the_sealed_one_stays(self):
        sealed = contents(self.source)
        first = self.backup()
        self.put("good.jsonl", record(9))
        altered = self.backup(code=20)
        self.assertEqual((altered["status"], altered["segmentsNew"]), ("alarm", 0))
        self.assertEqual(set(altered["alarms"][0]), {"stream", "segment", "sequence", "foundBytes",
                                                     "foundChangedAt"})
        self.assertNotEqual(altered["recoveryPointId"], first["recoveryPointId"])
        self.assertEqual(self.restored(altered["recoveryPointId"]), sealed)
        self.assertEqual(self.backup(code=20)["recoveryPointId"], altered["recoveryPointId"])
        self.assertEqual(len(self.packages()), 1)
        self.put("good.jsonl", record(8))  # Altered again, and not longer.
        again = self.backup(code=20)
        self.assertEqual(again["alarms"][0]["foundBytes"], altered["alarms"][0]["foundBytes"])
        self.assertNotEqual(again["recoveryPointId"], altered["recoveryPointId"])

    def test_T033_hostile_names_stay_inside_and_come_back(self):
        for name in ("-rf", "b c", "$(id)", "q'uote", "ü", "%2e%2e", "CON", "a:b", "x" * 120):
            self.put(f"{name}.jsonl")
            if len(name) < 120:
                self.put(f"s {name}/{name}.jsonl")
        result = self.backup(tenant="../Acme & Söhne/./x")
        self.assertEqual(self.restored(result["recoveryPointId"]), contents(self.source))
        for path in (self.vault / "store").rglob("*"):
            self.assertRegex(path.name, r"^[A-Za-z0-9._=-]+$")
        self.assertEqual({p.name for p in self.home.iterdir()} & {"Acme & Söhne", "x"}, set())

    def test_T061_control_characters_never_reach_the_terminal(self):
        for name in ("esc\x1b[31m", "nl\nx", "tab\tx", "c1\u009b31m"):
            self.put(f"{name}.jsonl")
        (pathlib.Path(os.fsdecode(bytes(self.source) + b"/not-utf8-\xff.jsonl"))).touch()
        arguments = ("backup", self.vault, "--tenant", "acme", "--from", self.source)
        out, error = self.text(*arguments, code=3)
        point = self.lines("points", self.vault)[0]["recoveryPointId"]
        out += error + "".join(self.text("show", self.vault, point))
        out += "".join(self.text("verify", self.home / "esc\x1b[31m", code=10))
        self.assertEqual({c for c in out if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)},
                         set())
        self.assertIn("nl=0Ax.jsonl", out)

    def test_folders_that_cannot_be_told_apart_are_refused(self):
        before = tree_hash(self.vault / "store")
        self.put("default/1.jsonl")
        self.assertIn("default", self.backup(code=2)["error"]["subject"])
        shutil.rmtree(self.source / "default")
        (self.source / "good.jsonl.gz").write_bytes(gzip.compress(record()))
        self.assertIn("good", self.backup(code=2)["error"]["subject"])
        self.assertFalse((self.vault / "store/segments").exists(), before)

    def test_missing_source_is_not_found(self):
        self.error("backup", self.vault, "--tenant", "acme", "--from", self.home / "none", code=4)
        self.error("backup", self.vault, "--tenant", "", "--from", self.source, code=2)


class Damage(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.put("a/1.jsonl", *[record(n % 28 + 1, salt=os.urandom(20).hex()) for n in range(6000)])
        self.put("b/1.jsonl")
        self.point = self.backup()["recoveryPointId"]
        self.package = next(p for p in self.packages() if p.parent.name == "a")
        self.whole = self.package.read_bytes()

    def failures(self, code=20, depth="content"):
        report = self.json("verify", self.vault, self.point, "--depth", depth, code=code)
        return [check for check in report["checks"] if check["state"] == "failed"]

    def test_a_changed_byte_anywhere_in_a_package_is_named(self):
        key = str(self.package.relative_to(self.vault / "store"))
        for place in (0, 30, 60, 150, len(self.whole) // 2, len(self.whole) - 1):
            with self.subTest(place=place):
                changed = bytearray(self.whole)
                changed[place] ^= 1
                self.package.write_bytes(changed)
                for depth in ("stored", "content"):
                    failures = self.failures(depth=depth)
                    self.assertEqual({f["subject"] for f in failures}, {key})
                    self.assertIn(("a", "1"), {(f["stream"], f["segment"]) for f in failures})
        self.package.write_bytes(self.whole)
        self.assertEqual(self.failures(code=0), [])

    def test_damage_says_which_frame_and_records(self):
        changed = bytearray(self.whole)
        changed[len(self.whole) // 2] ^= 1
        self.package.write_bytes(changed)
        frames = [f for f in self.failures() if f["name"] == "package.frame"]
        self.assertTrue(frames)
        for frame in frames:
            self.assertLessEqual(frame["records"]["first"], frame["records"]["last"])

    def test_T012_empty_zeroed_cut_and_missing_packages_are_damage(self):
        for bytes_now in (b"", bytes(len(self.whole)), self.whole[:-1], self.whole + b"x"):
            self.package.write_bytes(bytes_now)
            self.assertTrue(self.failures())
        self.package.unlink()
        self.assertTrue(self.failures())

    def test_every_document_that_was_changed_is_named(self):
        store = self.vault / "store"
        for name in ( f"recovery-points/acme/{self.point}.json",
                     "manifests/acme/a/00000000000000000000.json",
                     "ledger/acme/0/entries/00000000000000000000",
                     "policies/acme/00000000000000000001.json"):
            with self.subTest(name):
                before = (store / name).read_bytes()
                (store / name).write_bytes(before.replace(b"acme", b"acne"))
                self.assertIn(name, {failure["subject"] for failure in self.failures()})
                (store / name).write_bytes(before)
        vault = store / "vault.json"
        vault.write_bytes(vault.read_bytes().replace(b'"local"', b'"lokal"'))
        self.assertEqual([f["subject"] for f in self.failures(code=21)], ["vault.json"])

    def test_a_signature_that_nobody_trusted_made_is_trust_in_every_command(self):
        """Exit code 21, whichever command meets it."""
        store = self.vault / "store"
        restore = ("restore", self.vault, self.point, "--to", self.home / "out")
        commands = {
            "vault.json": [restore, (*restore, "--dry-run"),
                           ("backup", self.vault, "--tenant", "acme", "--from", self.source),
                           ("points", self.vault), ("doctor", self.vault),
                           ("catalog", "rebuild", self.vault), ("verify", self.vault, self.point)],
            "policies/acme/00000000000000000001.json": [
                ("backup", self.vault, "--tenant", "acme", "--from", self.source)],
            "manifests/acme/a/00000000000000000000.json": [
                ("doctor", self.vault), ("catalog", "rebuild", self.vault)],
        }
        for name, meeting in commands.items():
            before = (store / name).read_bytes()
            at = before.index(b'"signature":"') + 20
            forged = before[:at] + (b"A" if before[at:at + 1] != b"A" else b"B") + before[at + 1:]
            (store / name).write_bytes(forged)
            for command in meeting:
                with self.subTest(name=name, command=command[0]):
                    self.run_atp(*command, "--json", code=21)
            (store / name).write_bytes(before)
        self.assertEqual(self.failures(code=0), [])

    def test_damaged_package_restores_nothing(self):
        self.package.write_bytes(self.whole[:-1])
        result = self.json("restore", self.vault, self.point, "--to", self.home / "out", code=20)
        self.assertEqual({f["segment"] for f in result["failures"]}, {"1"})
        self.assertEqual([p.name for p in (self.home / "out").iterdir()], ["RESTORE-UNFINISHED"])

    def test_T052_cut_off_ledger_tail_is_seen(self):
        self.put("z/9.jsonl")
        self.backup()
        for kind, last in (("entries", 2), ("checkpoints", 3)):
            (self.vault / f"store/ledger/acme/0/{kind}/{last:020}").unlink()
        error = self.backup(code=20)["error"]
        self.assertEqual(error["kind"], "corrupt")
        report = self.json("doctor", self.vault, code=20)
        self.assertEqual((report["verdict"], set(report)), ("bad", {"verdict", "findings"}))


class Catalog(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.put("a/1.jsonl")
        self.point = self.backup()["recoveryPointId"]
        self.catalog = self.vault / "catalog.db"

    def assert_read_only_until_rebuilt(self):
        before = tree_hash(self.vault / "store")
        error = self.backup(code=5)["error"]
        self.assertEqual(error["kind"], "unavailable")
        self.assertIn("catalog rebuild", error["message"])
        self.assertEqual(tree_hash(self.vault / "store"), before)
        self.assertEqual(self.json("verify", self.vault)["verdict"], "verified")
        self.restored(self.point)
        rebuilt = self.json("catalog", "rebuild", self.vault)
        self.assertEqual(set(rebuilt), {"tenants", "segments", "points", "damaged", "kept"})
        self.assertEqual(rebuilt["damaged"], [])
        self.assertEqual(self.backup()["status"], "unchanged")
        self.assertEqual(self.json("doctor", self.vault)["verdict"], "good")
        return rebuilt

    def test_T015_lost_catalog_is_not_replaced_by_an_empty_one(self):
        self.catalog.unlink()
        self.backup(code=5)
        self.assertFalse(self.catalog.exists())
        self.assertEqual(self.assert_read_only_until_rebuilt()["kept"], None)

    def test_T015_damaged_catalog_is_kept_aside(self):
        self.catalog.write_bytes(b"x" * 4096)
        kept = pathlib.Path(self.assert_read_only_until_rebuilt()["kept"])
        self.assertEqual((self.home / kept).read_bytes(), b"x" * 4096)

    def test_T014_an_older_catalog_takes_up_what_was_signed_since(self):
        old = self.catalog.read_bytes()
        self.put("a/2.jsonl")
        self.point = self.backup()["recoveryPointId"]
        self.catalog.write_bytes(old)
        self.assertEqual(self.backup()["recoveryPointId"], self.point)
        self.assertEqual(self.json("doctor", self.vault)["verdict"], "good")

    def test_T006_a_damaged_tenant_is_named_and_the_others_go_on(self):
        self.backup(tenant="other")
        manifest = next(path for path in (self.vault / "store/manifests/acme").rglob("0*.json"))
        stored = manifest.read_bytes()
        manifest.write_bytes(stored.replace(b'"records":', b'"records" :'))
        self.catalog.unlink()
        rebuilt = self.json("catalog", "rebuild", self.vault, code=20)
        self.assertEqual([each["tenantId"] for each in rebuilt["damaged"]], ["acme"])
        self.assertIn("damaged  acme", self.text("catalog", "rebuild", self.vault, code=20)[0])
        self.put("a/9.jsonl")
        self.backup(code=20)
        self.assertEqual(self.backup(tenant="other")["segmentsNew"], 1)
        manifest.write_bytes(stored)
        self.json("catalog", "rebuild", self.vault)
        self.assertEqual(self.backup()["segmentsNew"], 1)

    def test_T033_stray_files_of_one_tenant_stop_nobody(self):
        before = self.restored(self.point)
        store = self.vault / "store"
        for stray in ("timestamps/zzz/bad name", "recovery-points/aaa/@eaDir/x",
                      "ledger/aaa/0/entries/k~", "documents/other~"):
            (store / stray).parent.mkdir(parents=True, exist_ok=True)
            (store / stray).touch()
        os.mkfifo(store / "manifests/pipe")
        (store / "keys/link").symlink_to("/etc/passwd")
        self.assertEqual(self.restored(self.point), before)
        self.assertEqual(self.json("verify", self.vault, self.point)["verdict"], "verified")
        self.assertEqual(self.backup()["status"], "unchanged")

    def test_rebuild_dry_run_writes_nothing(self):
        self.catalog.unlink()
        before = tree_hash(self.home)
        self.assertEqual(self.json("catalog", "rebuild", self.vault, "--dry-run"),
                         {"dryRun": True, "tenants": 1, "segments": 1, "points": 1})
        self.assert_unchanged(before)

    def test_doctor_finds_nothing_and_its_dry_run_writes_nothing(self):
        before = tree_hash(self.home)
        report = self.json("doctor", self.vault, "--dry-run")
        self.assertEqual(report["verdict"], "good")
        for finding in report["findings"]:
            self.assertEqual(set(finding), {"name", "state", "subject", "detail"})
        self.assert_unchanged(before)
        self.assertEqual({f["name"] for f in self.json("doctor", self.vault)["findings"]},
                         {"vault", "store", "temporaries", "ledger", "kept", "scrub", "keys", "catalog"})

    def test_rebuild_is_refused_while_a_job_runs(self):
        with open(self.vault / "vault.lock", "r+b") as lock:
            fcntl.lockf(lock, fcntl.LOCK_SH, 1, 0)
            error = self.error("catalog", "rebuild", self.vault, code=11)
        self.assertEqual(error["kind"], "precondition_failed")
        self.json("catalog", "rebuild", self.vault)

    def test_backup_is_refused_while_the_catalog_is_rebuilt(self):
        with open(self.vault / "vault.lock", "r+b") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX, 1, 0)
            self.assertEqual(self.backup(code=11)["error"]["kind"], "precondition_failed")
        self.backup()


class Keys(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.put("1.jsonl")
        self.point = self.backup()["recoveryPointId"]

    def restore_error(self, code, *arguments):
        error = self.error("restore", self.vault, self.point, "--to", self.home / "out",
                           *arguments, code=code)
        self.assertFalse((self.home / "out").exists())
        return error

    def test_writing_needs_the_signing_keys(self):
        for name in ("signing.pem", "ledger.pem", "trust.json"):
            aside = self.home / "aside"
            (self.keys() / name).rename(aside)
            self.put(f"{name}.jsonl")
            self.assertEqual(self.backup(code=6)["error"]["kind"], "unauthenticated")
            aside.rename(self.keys() / name)
        self.assertEqual(self.backup()["status"], "completed")

    def test_restoring_needs_identity_and_trust(self):
        (self.keys() / "vault.key").rename(self.home / "aside")
        self.assertEqual(self.restore_error(6)["kind"], "unauthenticated")
        (self.home / "aside").rename(self.keys() / "vault.key")
        (self.keys() / "trust.json").unlink()
        self.assertEqual(self.restore_error(6)["kind"], "unauthenticated")

    def test_T041_identity_of_another_vault_is_the_wrong_key(self):
        other = self.json("init", self.home / "other", "--region", "local", "--keys",
                          self.home / "mixed")
        shutil.copy(self.keys() / "trust.json", other["trust"])
        self.assertEqual(self.restore_error(12, "--keys", self.home / "mixed")["kind"],
                         "unauthenticated")

    def test_T042_secrets_that_others_may_read_are_refused(self):
        (self.keys() / "vault.key").chmod(0o644)
        error = self.error("verify", self.vault, code=6)
        self.assertEqual((error["kind"], error["subject"]),
                         ("permission_denied", str(self.keys() / "vault.key")))

    def test_key_folder_that_is_not_there(self):
        self.error("verify", self.vault, "--keys", self.home / "none", code=4)
        self.error("verify", self.vault, "--trust", self.home / "none", code=4)
        self.error("verify", self.vault, "--keys", self.keys() / "trust.json", code=4)

    def test_T042_no_secret_in_output_arguments_environment_or_vault(self):
        subprocess.run([GENERATE, "--out", self.source, "--stream", "s", "--segments", "4",
                        "--segment-bytes", "8M"], check=True, capture_output=True)
        secrets = self.secrets()
        self.assertEqual(len(secrets), 3)
        with subprocess.Popen([ATP, "backup", str(self.vault), "--tenant", "acme", "--from",
                               str(self.source)], env=self.env, cwd=self.home,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
            seen = b""
            time.sleep(0.05)
            for name in ("cmdline", "environ"):
                try:
                    seen += pathlib.Path(f"/proc/{running.pid}/{name}").read_bytes()
                except PermissionError:
                    continue  # Not even readable: the process is not dumpable.
            limits = pathlib.Path(f"/proc/{running.pid}/limits").read_text()
            seen += running.stdout.read()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        for name, stored in contents(self.vault).items():
            seen += name.encode() + stored
        seen += b"".join(self.run_atp(*arguments).stdout for arguments in (
            ("show", self.vault, self.point), ("verify", self.vault, "--json"),
            ("doctor", self.vault, "--json"), ("points", self.vault, "--json")))
        for secret in secrets:
            self.assertNotIn(secret, seen)


class Signals(CommandCase):
    def test_a_signal_ends_the_run_and_the_next_one_takes_up_the_work(self):
        self.init()
        subprocess.run([GENERATE, "--out", self.source, "--stream", "s", "--segments", "8",
                        "--segment-bytes", "8M"], check=True, capture_output=True)
        command = [ATP, "backup", str(self.vault), "--tenant", "acme", "--from", str(self.source),
                   "--jobs", "1"]
        temporaries = self.vault / "store/.tmp"
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            with subprocess.Popen(command, env=self.env, cwd=self.home, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as running:
                while running.poll() is None and not list(temporaries.glob("*")):
                    time.sleep(0.002)  # Until the first package is being written.
                running.send_signal(number)
                out, error = running.communicate(timeout=60)
            self.assertEqual(running.returncode, code, (out, error))
            self.assertEqual(self.lines("points", self.vault), [])
        with subprocess.Popen(["nohup", *command], env=self.env, cwd=self.home,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            while running.poll() is None and not list(temporaries.glob("*")):
                time.sleep(0.002)
            running.send_signal(signal.SIGHUP)
            self.assertEqual(running.wait(timeout=120), 0)
        self.assertEqual(len(self.lines("points", self.vault)), 1)
        self.assertEqual(self.backup()["status"], "unchanged")
        result = self.backup("--type", "full")
        self.assertEqual((result["status"], result["segmentsUnchanged"]), ("completed", 8))
        self.assertEqual(self.restored(result["recoveryPointId"]), contents(self.source))
