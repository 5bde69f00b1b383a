# SPDX-License-Identifier: Apache-2.0
"""The edges of the system: a machine without descriptors or threads, umasks, large and odd input."""
import gzip
import json
import os
import resource
import shutil
import stat
import subprocess

from atp_command import ATP
from command_case import CommandCase, record


class Edges(CommandCase):
    def setUp(self):
        super().setUp()
        self.init()
        self.put("a/1.jsonl", record(1, id="one"))
        self.point = self.backup()["recoveryPointId"]

    def limited(self, prepare, *arguments):
        """A run of the command in a process that `prepare` was called in."""
        return subprocess.run([ATP, *map(str, arguments)], capture_output=True, cwd=self.home,
                              env=self.env, timeout=300, preexec_fn=prepare)

    def test_a_machine_without_descriptors_is_unavailable_in_every_command(self):
        for command in (("doctor", self.vault), ("points", self.vault), ("verify", self.vault),
                        ("catalog", "rebuild", self.vault),
                        ("backup", self.vault, "--tenant", "acme", "--from", self.source),
                        ("restore", self.vault, self.point, "--to", self.home / "out")):
            codes = []
            for descriptors in range(4, 12):
                def few(limit=(descriptors, descriptors)):
                    resource.setrlimit(resource.RLIMIT_NOFILE, limit)

                shutil.rmtree(self.home / "out", ignore_errors=True)
                done = self.limited(few, *command, "--quiet")
                self.assertIn(done.returncode, (0, 5), done)
                self.assertTrue(done.returncode == 0 or done.stderr + done.stdout, done)
                codes.append(done.returncode)
            self.assertTrue(5 in codes or command[0] in ("verify", "points"), (command, codes))
        self.assertEqual([p.name for p in self.vault.glob("catalog*")], ["catalog.db"])
        self.assertEqual(self.json("doctor", self.vault)["verdict"], "good")

    def test_a_machine_without_memory_says_nothing_of_a_record(self):
        self.put("long.jsonl", b'{"time":"2026-01-01T00:00:00Z","n":[%s]}\n' % (b"1," * 4499999 + b"1"))
        codes = []
        for megabytes in range(120, 400, 20):
            def little(limit=(megabytes << 20, megabytes << 20)):
                resource.setrlimit(resource.RLIMIT_AS, limit)

            done = self.limited(little, "backup", self.vault, "--tenant", f"t{megabytes}", "--from",
                                self.source, "--jobs", "1", "--quiet")
            self.assertIn(done.returncode, (0, 5), done)
            codes.append(done.returncode)
            for path in (self.vault / f"store/manifests/t{megabytes}").rglob("*.json"):
                self.assertEqual(json.loads(path.read_bytes())["opaqueRecords"], 0, megabytes)
        self.assertEqual(set(codes), {0, 5})

    def test_a_machine_without_threads_is_unavailable(self):
        def no_threads():  # No address space takes such a stack.
            hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
            resource.setrlimit(resource.RLIMIT_STACK, (1 << 47, hard))

        done = self.limited(no_threads, "points", self.vault)
        self.assertEqual(done.returncode, 5, done)
        self.assertIn(b"atp: ", done.stderr)

    def test_quiet_points_say_which_tenant_is_damaged(self):
        self.backup(tenant="other")
        entry = max((self.vault / "store/ledger/acme/0/entries").glob("0*"))
        entry.write_bytes(b"{}")
        done = self.run_atp("points", self.vault, "--quiet", code=20)
        self.assertIn(b"damaged  acme", done.stderr)

    def test_records_in_clear_are_for_their_owner_alone(self):
        given = self.home / "given"
        given.mkdir(mode=0o755)
        made = self.home / "made"
        proof, shown, bundle = (self.home / name for name in ("proof", "record", "bundle"))
        for umask in (0o000, 0o022, 0o077):
            def mask(umask=umask):
                os.umask(umask)

            for path in (proof, shown):
                path.unlink(missing_ok=True)
            for folder in (given / "a", made, bundle):
                shutil.rmtree(folder, ignore_errors=True)
            trust = self.keys() / "trust.json"
            for command in (
                    ("restore", self.vault, self.point, "--to", given),
                    ("restore", self.vault, self.point, "--to", made),
                    ("prove", self.vault, self.point, "--record", "a/1:0", "--to", proof),
                    ("check-proof", proof, "--trust", trust, "--to", shown),
                    ("export", self.vault, self.point, "--records", "a/1", "--to", bundle)):
                done = self.limited(mask, *command)
                self.assertEqual(done.returncode, 0, done)
            for path in (given / "a", made, bundle, proof, shown, *given.rglob("*"),
                         *made.rglob("*"), *bundle.rglob("*")):
                mode = stat.S_IMODE(path.stat().st_mode)
                self.assertEqual(mode, 0o700 if path.is_dir() else 0o600, path)

    def test_files_that_hold_no_records_obey_the_umask(self):
        def mask():
            os.umask(0o077)

        self.put("a/2.jsonl", record(2))
        self.assertEqual(self.limited(mask, "backup", self.vault, "--tenant", "acme", "--from",
                                      self.source).returncode, 0)
        published = self.home / "published"
        self.assertEqual(self.limited(mask, "ledger", "publish", self.vault, "--tenant", "acme",
                                      "--to", published).returncode, 0)
        for path in (*self.packages()[1:], published, *published.rglob("*")):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_a_key_folder_that_others_may_write_is_refused(self):
        keys = self.keys()
        for folder in (keys, keys.parent):
            folder.chmod(0o777)
            error = self.error("verify", self.vault, code=6)
            self.assertEqual((error["kind"], error["subject"]), ("permission_denied", str(folder)))
            self.assertIn("chmod", error["message"])
            folder.chmod(0o700)
        self.json("verify", self.vault)

    def test_input_that_is_whole_but_made_otherwise_is_unsupported(self):
        window_of_2_gib = b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x19\x00\x00{}\n"
        self.put("a/long.jsonl.zst", window_of_2_gib)
        self.put("a/bomb.jsonl.gz", gzip.compress((b"0" * 1023 + b"\n") * (80 << 10)))
        result = self.backup(code=3)
        self.assertEqual({s["name"]: s["reason"] for s in result["skipped"]},
                         {"a/long.jsonl.zst": "unsupported", "a/bomb.jsonl.gz": "unsupported"})

    def test_too_large_files_of_the_user_are_wrong_usage(self):
        large = self.home / "large"
        large.write_bytes(b" " * (65 << 20))
        trust = self.keys() / "trust.json"
        for command in (("verify", self.vault, "--trust", large),
                        ("check-proof", large, "--trust", trust)):
            self.assertEqual(self.error(*command, code=2)["kind"], "invalid_argument")

    def test_many_files_that_are_no_segments_are_counted(self):
        for i in range(1100):
            (self.source / f"{i}.open").touch()
        result = self.backup(code=3)
        self.assertEqual(len(result["skipped"]), 1001)
        self.assertEqual(result["skipped"][0], {"name": ".", "reason": "more",
                                                "detail": "100 others: 100 not_sealed"})
        shown = json.loads(self.run_atp("show", self.vault, result["recoveryPointId"], "--json")
                           .stdout)
        self.assertEqual(shown["skipped"], result["skipped"])
