# SPDX-License-Identifier: Apache-2.0
"""prove, check-proof and ledger: what outsiders are given, and what they see."""
import base64
import hashlib
import shutil
import subprocess

from atp_command import ATP, contents
from command_case import CommandCase, record, tree_hash


class Proofs(CommandCase):
    def setUp(self):
        super().setUp()
        self.init("--domain", "vault.example")
        self.put("api/1.jsonl", *(record(day, id=f"r-{day}") for day in range(1, 6)))
        self.first = self.backup()["recoveryPointId"]
        self.put("api/2.jsonl", record(7, id="r-7"), record(8, id="r-8"), record(9, id="r-8"))
        self.point = self.backup()["recoveryPointId"]
        self.trust = self.home / "trusted.json"
        shutil.copy(self.keys() / "trust.json", self.trust)
        self.proof = self.home / "record.tlog-proof"

    def prove(self, place="api/1:2", point=None):
        self.proof.unlink(missing_ok=True)
        return self.json("prove", self.vault, point or self.point, "--record", place, "--to",
                         self.proof)

    def check(self, *arguments, code=0):
        return self.json("check-proof", self.proof, "--trust", self.trust, *arguments, code=code)

    def test_a_proof_is_checked_with_a_trust_policy_and_nothing_else(self):
        self.prove()
        shutil.rmtree(self.vault)
        shutil.rmtree(self.home / "config")
        checked = self.check()
        self.assertEqual(checked["verdict"], "verified")
        proven = checked["proven"]
        self.assertEqual(base64.b64decode(proven["recordBase64"]), record(3, id="r-3")[:-1])
        self.assertEqual((proven["tenantId"], proven["stream"], proven["segment"], proven["record"]),
                         ("acme", "api", "1", 2))
        self.assertEqual(proven["recoveryPointId"], self.point)
        self.assertTrue(proven["checkpoint"]["origin"].startswith("vault.example/"))

    def test_a_record_is_proven_by_its_own_id(self):
        by_id = self.text("prove", self.vault, self.point, "--record-id", "r-7")[0]
        self.assertEqual(by_id, self.text("prove", self.vault, self.point, "--record", "api/2:0")[0])
        error = self.error("prove", self.vault, self.point, "--record-id", "r-8", code=2)
        self.assertIn("api/2:1 and api/2:2", error["message"])
        self.error("prove", self.vault, self.point, "--record-id", "r-99", code=4)
        self.error("prove", self.vault, self.first, "--record-id", "r-7", code=4)

    def test_an_id_that_is_a_number_is_found_as_it_is_written(self):
        self.put("c/1.jsonl", b'{"id":4711}\n', b'{"id":1.50}\n')
        point = self.backup()["recoveryPointId"]
        for number, identifier in enumerate(("4711", "1.50")):
            by_id = self.text("prove", self.vault, point, "--record-id", identifier)[0]
            place = f"c/1:{number}"
            self.assertEqual(by_id, self.text("prove", self.vault, point, "--record", place)[0])
        self.error("prove", self.vault, point, "--record-id", "1.5", code=4)

    def test_what_could_not_be_read_is_not_said_to_lack_an_id(self):
        self.put("c/1.jsonl", b'{"id":"twice","x":1,"x":2}\n', b'no JSON\n')
        point = self.backup()["recoveryPointId"]
        words = ["prove", self.vault, point, "--record-id", "twice", "--to", self.proof]
        self.assertEqual(self.json(*words, code=3),
                         {"recoveryPointId": point, "record": None, "unsearched": 2})
        self.assertFalse(self.proof.exists())
        said = self.text(*words, code=3)[1]
        self.assertIn("not found in what could be read", said)
        self.assertIn("2 records", said)
        self.text("prove", self.vault, point, "--record-id", "r-7")

    def test_the_id_is_where_the_field_map_says(self):
        self.put("b/1.jsonl", b'{"meta":{"key":"k-1"}}\n')
        point = self.backup("--map", "id=meta.key")["recoveryPointId"]
        self.text("prove", self.vault, point, "--record-id", "k-1")
        self.text("prove", self.vault, point, "--record-id", "r-7")  # Under the policy of its time.

    def test_proofs_go_through_pipes_and_records_into_files(self):
        proof = self.run_atp("prove", self.vault, self.point, "--record", "api/1:0").stdout
        done = subprocess.run([ATP, "check-proof", "-", "--trust", self.trust, "--to",
                               self.home / "record"], input=proof, capture_output=True, env=self.env)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(b"vault.example/", done.stdout)
        self.assertEqual((self.home / "record").read_bytes(), record(1, id="r-1")[:-1])
        self.prove()
        self.error("check-proof", self.proof, "--trust", self.trust, "--to", self.home / "record",
                   code=11)
        self.error("prove", self.vault, self.point, "--record", "api/1:0", "--to", self.proof,
                   code=11)

    def test_a_forged_proof_is_named_and_writes_nothing(self):
        self.prove()
        text = self.proof.read_text()
        for old, new, code in (("index 2", "index 1", 20), ("\n— ", "\n- ", 21),
                               ("@v1", "@v2", 20), ("extra ", "extra A", 20)):
            self.assertIn(old, text)
            self.proof.write_text(text.replace(old, new))
            checked = self.check("--to", self.home / "out", code=code)
            self.assertEqual(checked["verdict"], "failed")
            self.assertIsNone(checked["proven"])
            self.assertFalse((self.home / "out").exists())

    def test_another_vaults_trust_policy_proves_nothing(self):
        self.prove()
        other = self.json("init", self.home / "other", "--region", "local", "--keys",
                          self.home / "other-keys")
        self.assertTrue(other["vaultId"])
        self.trust = self.home / "other-keys/trust.json"
        self.check(code=21)

    def test_a_record_does_not_speak_to_the_terminal(self):
        self.put("c/1.jsonl", b'\x1b]0;title\x07\x1b[2J{"a":1}\n')
        point = self.backup()["recoveryPointId"]
        self.prove("c/1:0", point)
        out, _ = self.text("check-proof", self.proof, "--trust", self.trust)
        self.assertNotIn("\x1b", out)
        self.assertIn("=1B", out)

    def test_what_cannot_be_proven_is_an_error_that_says_what(self):
        self.error("prove", self.vault, self.point, "--record", "api/1:5", code=2)
        self.error("prove", self.vault, self.point, "--record", "api/1", code=2)
        self.error("prove", self.vault, self.point, "--record", "api/1:-1", code=2)
        self.error("prove", self.vault, self.point, "--record", "api/9:0", code=4)
        self.error("prove", self.vault, "RP-none", "--record", "api/1:0", code=4)
        self.error("prove", self.vault, self.point, code=2)
        self.error("prove", self.vault, self.point, "--record", "api/1:0", "--to",
                   self.vault / "proof", code=2)
        self.error("check-proof", self.home / "none", "--trust", self.trust, code=4)
        (self.keys() / "vault.key").unlink()
        self.error("prove", self.vault, self.point, "--record", "api/1:0", code=6)

    def test_alarms_keep_nobody_from_proving(self):
        """They have no digests of segments, which would give short ones away."""
        self.put("api/1.jsonl", record(9, id="changed"))
        point = self.backup(code=20)["recoveryPointId"]
        stored = (self.vault / f"store/recovery-points/acme/{point}.json").read_text()
        for path in self.source.rglob("*.jsonl"):
            self.assertNotIn(hashlib.sha256(path.read_bytes()).hexdigest(), stored)
        self.prove("api/1:2", point)
        self.assertEqual(base64.b64decode(self.check()["proven"]["recordBase64"]),
                         record(3, id="r-3")[:-1])

    def test_proving_writes_nothing_into_the_vault(self):
        before = tree_hash(self.vault)
        self.text("prove", self.vault, self.point, "--record-id", "r-7")
        self.assertEqual(tree_hash(self.vault), before)


class Ledgers(CommandCase):
    def setUp(self):
        super().setUp()
        self.init("--domain", "vault.example")
        self.put("1.jsonl")
        self.backup()
        self.old = self.home / "old.txt"
        self.old.write_text(self.ledger_text("checkpoint"))
        for number in range(2, 5):
            self.put(f"{number}.jsonl")
            self.backup()

    def ledger_text(self, verb, *arguments, code=0):
        return self.text("ledger", verb, self.vault, "--tenant", "acme", *arguments, code=code)[0]

    def ledger(self, verb, *arguments, code=0):
        return self.json("ledger", verb, self.vault, "--tenant", "acme", *arguments, code=code)

    def entries(self):
        return sorted(self.vault.glob("store/ledger/acme/0/entries/0*"))

    def checkpoints(self):
        return sorted(self.vault.glob("store/ledger/acme/0/checkpoints/0*"))

    def test_a_checkpoint_is_the_note_that_is_stored(self):
        self.assertEqual(self.ledger_text("checkpoint"), self.checkpoints()[-1].read_text())
        printed = self.ledger("checkpoint")
        self.assertEqual((printed["size"], printed["note"]),
                         (5, self.checkpoints()[-1].read_text()))

    def test_a_kept_checkpoint_is_consistent_with_what_came_after(self):
        printed = self.ledger("consistency", "--old", self.old)
        self.assertEqual(printed["verdict"], "verified")
        self.assertEqual((printed["old"]["size"], printed["new"]["size"]), (2, 5))
        self.assertEqual(len(printed["consistencyProof"]), 2)
        self.assertIn("is unchanged", self.ledger_text("consistency", "--old", self.old))

    def test_T046_T052_a_tail_cut_off_is_seen_by_who_kept_a_checkpoint(self):
        kept = self.home / "kept.txt"
        kept.write_text(self.ledger_text("checkpoint"))
        for path in (self.entries()[-1], self.checkpoints()[-1]):
            path.unlink()
        for path in self.vault.glob("store/recovery-points/acme/*"):
            path.unlink()
        printed = self.ledger("consistency", "--old", kept, code=20)
        self.assertIn("ledger.consistency", [check["name"] for check in printed["checks"]
                                             if check["state"] == "failed"])
        self.assertEqual(self.ledger("consistency", "--old", self.old)["verdict"], "verified")

    def test_a_note_that_nobody_trusted_signed_is_21(self):
        self.old.write_text(self.old.read_text().replace("\n2\n", "\n3\n"))
        self.ledger("consistency", "--old", self.old, code=21)
        self.old.write_text("no note")
        self.ledger("consistency", "--old", self.old, code=21)
        self.error("ledger", "consistency", self.vault, "--tenant", "acme", "--old",
                   self.home / "none", code=4)

    def test_an_audit_looks_at_every_entry_checkpoint_and_document(self):
        printed = self.ledger("audit")
        self.assertEqual((printed["entries"], printed["checkpoints"], printed["documents"]),
                         (5, 4, 4))
        for victim in [*self.entries(), *self.checkpoints(),
                       *sorted(self.vault.glob("store/recovery-points/acme/R*"))]:
            kept = victim.read_bytes()
            mode = victim.stat().st_mode
            victim.chmod(0o644)
            victim.write_bytes(kept[:50] + bytes([kept[50] ^ 1]) + kept[51:])
            printed = self.ledger("audit", code=None)
            self.assertEqual(printed["verdict"], "failed", victim)
            victim.unlink()
            printed = self.ledger("audit", code=None)
            self.assertTrue(printed["verdict"] == "failed" or "checkpoints" in str(victim), victim)
            victim.write_bytes(kept)
            victim.chmod(mode)
        self.assertEqual(self.ledger("audit")["verdict"], "verified")

    def test_a_published_ledger_has_the_entries_and_goes_on(self):
        folder = self.home / "published"
        first = self.ledger("publish", "--to", folder)
        self.assertEqual((first["size"], first["filesWritten"]), (5, 2))
        bundle = (folder / "tile/entries/000.p/5").read_bytes()
        entries = []
        while bundle:
            size = int.from_bytes(bundle[:2], "big")
            entries.append(bundle[2:2 + size])
            bundle = bundle[2 + size:]
        self.assertEqual(entries, [path.read_bytes() for path in self.entries()])
        self.assertEqual(self.ledger("publish", "--to", folder)["filesWritten"], 0)
        self.put("9.jsonl")
        self.backup()
        self.assertEqual(self.ledger("publish", "--to", folder)["filesWritten"], 2)
        self.assertEqual((folder / "checkpoint").read_text(), self.checkpoints()[-1].read_text())

    def test_T046_another_ledger_is_not_published_over_one(self):
        folder = self.home / "published"
        self.ledger("publish", "--to", folder)
        before = contents(folder)
        self.backup(tenant="other")
        self.error("ledger", "publish", self.vault, "--tenant", "other", "--to", folder, code=20)
        self.assertEqual(contents(folder), before)

    def test_no_link_leads_what_is_published_out_of_its_folder(self):
        folder, elsewhere = self.home / "published", self.home / "elsewhere"
        elsewhere.mkdir()
        folder.mkdir()
        (folder / "tile").symlink_to(elsewhere)
        self.error("ledger", "publish", self.vault, "--tenant", "acme", "--to", folder, code=20)
        self.assertEqual(list(elsewhere.iterdir()), [])

    def test_T014_a_halted_tenant_waits_for_the_operator(self):
        entry = self.entries()[1]
        kept = entry.read_bytes()
        entry.unlink()
        entry.symlink_to("/etc/hostname")
        self.put("9.jsonl")
        self.error("backup", self.vault, "--tenant", "acme", "--from", self.source, code=20)
        self.error("ledger", "resolve", self.vault, "--tenant", "acme", code=20)
        entry.unlink()
        entry.write_bytes(kept)
        error = self.error("backup", self.vault, "--tenant", "acme", "--from", self.source, code=11)
        self.assertIn("atp ledger resolve", error["message"])
        self.json("verify", self.vault)
        self.json("backup", self.vault, "--tenant", "other", "--from", self.source)
        resolved = self.ledger("resolve", "--old", self.old)
        self.assertEqual(resolved["tenantId"], "acme")
        self.backup()
        self.error("ledger", "resolve", self.vault, "--tenant", "acme", code=4)

    def test_of_no_such_tenant_is_4(self):
        for verb, rest in (("checkpoint", ()), ("audit", ()), ("publish", ("--to", "p")),
                           ("consistency", ("--old", self.old))):
            self.error("ledger", verb, self.vault, "--tenant", "acm", *rest, code=4)
