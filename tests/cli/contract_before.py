# SPDX-License-Identifier: Apache-2.0
"""A vault, catalog and proof of format version 1, made by the command before its catalogs and
halts were what they are now (`before.tar.gz`; tenant `held` was halted): all of it still holds."""
import pathlib
import shutil
import tarfile

from command_case import CommandCase

ARCHIVE = pathlib.Path(__file__).with_name("before.tar.gz")


class Before(CommandCase):
    def setUp(self):
        super().setUp()
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(self.home)
        self.source = self.home / "src"
        self.point = (self.home / "point").read_text().strip()

    def atp(self, verb, *arguments, code=0):
        return self.lines(*verb.split(), *arguments, "--keys", self.home / "keys", code=code)

    def back_up(self, tenant, code=0):
        return self.atp("backup", self.vault, "--tenant", tenant, "--from", self.source, code=code)

    def test_it_opens_verifies_and_restores(self):
        self.assertEqual(len(self.atp("points", self.vault, "--tenant", "acme")), 2)
        self.assertEqual(self.atp("verify", self.vault, self.point)[0]["verdict"], "verified")
        self.atp("restore", self.vault, self.point, "--to", self.home / "out")
        self.assertEqual((self.home / "out/audit/two.jsonl").read_bytes(),
                         (self.source / "audit/two.jsonl").read_bytes())

    def test_it_is_written_on(self):
        (self.source / "audit/three.jsonl").write_bytes(b'{"id":"r4"}\n')
        added = self.back_up("acme")[0]
        self.assertEqual((added["segmentsNew"], added["backupType"]), (1, "incremental"))
        self.assertEqual(self.atp("verify", self.vault, added["recoveryPointId"])[0]["verdict"],
                         "verified")

    def test_what_it_proved_is_still_proven(self):
        trust = self.home / "keys/trust.json"
        old = self.json("check-proof", self.home / "proof.txt", "--trust", trust)
        self.assertEqual(old["proven"]["record"], 0)
        (self.source / "audit/three.jsonl").write_bytes(b'{"id":"r4"}\n')
        self.back_up("acme")
        self.atp("prove", self.vault, self.point, "--record", "audit/two:0",
                 "--to", self.home / "again.txt")
        new = self.json("check-proof", self.home / "again.txt", "--trust", trust)
        self.assertEqual(new["proven"]["recordBase64"], old["proven"]["recordBase64"])

    def test_its_halt_outlives_its_catalog_and_stays_resolved(self):
        catalog = self.vault / "catalog.db"
        old = self.home / "old.db"
        shutil.copy(catalog, old)
        self.back_up("acme")  # Opens the vault: the halt moves to the store.
        catalog.unlink()
        self.atp("catalog rebuild", self.vault)
        self.back_up("held", code=11)
        self.atp("ledger resolve", self.vault, "--tenant", "held")
        self.back_up("held")
        shutil.copy(old, catalog)
        self.back_up("held")
        self.assertEqual(len(list((self.vault / "store/halts/held").glob("0*"))), 1)
