# SPDX-License-Identifier: Apache-2.0
"""approve, and ledger resolve with approvals: nobody does it alone."""
import json

from contract_keys import KeyCase


class ApprovalCase(KeyCase):
    def setUp(self):
        super().setUp()
        self.init()
        for name, *roles in (("alice", "dpo"), ("bob", "owner"), ("dave", "operator")):
            public = self.public_key(name)
            (self.home / f"{name}.pem").chmod(0o600)
            self.json("trust", "add", self.vault, "--role", "approver", "--name", name, "--key",
                      public, *(word for role in roles for word in ("--as", role)))
        self.trust = self.keys() / "trust.json"

    def add_rule(self, action):
        self.json("trust", "rule", self.vault, "--action", action, "--as", "dpo", "--as", "owner")

    def approve(self, request, by, role, code=0):
        file = self.home / f"{by}.json"
        file.unlink(missing_ok=True)
        self.json("approve", request, "--trust", self.trust, "--key", self.home / f"{by}.pem",
                  "--as", role, "--to", file, code=code)
        return file


class Approvals(ApprovalCase):
    def setUp(self):
        super().setUp()
        self.add_rule("halt.resolve")
        self.backup()
        self.halt()

    def halt(self):
        """An entry goes, a backup sees it, it comes back."""
        self.put("2.jsonl")
        entry = max((self.vault / "store/ledger/acme/0/entries").glob("0*"))
        kept = entry.read_bytes()
        entry.unlink()
        self.backup(code=20)
        entry.write_bytes(kept)
        self.backup(code=11)

    def resolve(self, *arguments, code=0):
        return self.json("ledger", "resolve", self.vault, "--tenant", "acme", *arguments, code=code)

    def request(self, by="dave", code=0):
        file = self.home / "request.json"
        file.unlink(missing_ok=True)
        self.resolve("--request", file, "--key", self.home / f"{by}.pem", code=code)
        return file

    def test_two_persons_let_a_halted_tenant_go_on(self):
        self.resolve(code=31)
        request = self.request()
        shown = self.json("approve", request, "--trust", self.trust, "--dry-run")
        self.assertEqual((shown["action"], shown["requestedBy"]), ("halt.resolve", "dave"))
        self.assertIn("halted.by", [step["name"] for step in shown["plan"]])
        text = self.text("approve", request, "--trust", self.trust, "--dry-run")[1]
        self.assertIn("dave asks to approve halt.resolve of acme", text)
        approvals = [self.approve(request, "alice", "dpo"), self.approve(request, "bob", "owner")]
        self.resolve("--approved", request, approvals[0], code=31)
        self.resolve("--approved", request, *approvals)
        self.backup()
        entry = sorted((self.vault / "store/ledger/acme/0/entries").iterdir())[-2]
        self.assertEqual(len(json.loads(entry.read_bytes())["approvedBy"]["approvals"]), 2)
        states = self.approval_states()
        self.assertEqual(states, ["attested"])
        self.halt()
        self.resolve("--approved", request, *approvals, code=31)  # They were good for one act.

    def approval_states(self, code=0):
        report = self.json("ledger", "audit", self.vault, "--tenant", "acme", "--trust", self.trust,
                           code=code)
        return [each["state"] for each in report["checks"] if each["name"] == "ledger.approval"]

    def test_an_audit_shows_an_act_without_the_approvals_it_needs(self):
        """Whoever has the keys may use another trust policy: then the ledger says what was done."""
        policy = json.loads(self.trust.read_text())
        policy["approvals"]["rules"] = []
        mine = self.home / "mine.json"
        mine.write_text(json.dumps(policy))
        self.resolve("--trust", mine)
        self.assertEqual(self.approval_states(code=3), ["not_checked"])

    def test_approvals_that_are_gone_are_missed(self):
        request = self.request()
        self.resolve("--approved", request, self.approve(request, "alice", "dpo"),
                     self.approve(request, "bob", "owner"))
        for path in (self.vault / "store/documents").rglob("*.age"):
            path.unlink()
        self.assertEqual(self.approval_states(code=20), ["failed"])

    def test_nothing_is_signed_unseen(self):
        request = self.request()
        done = self.run_atp("approve", request, "--trust", self.trust, "--key",
                            self.home / "bob.pem", "--as", "owner")
        self.assertIn(b"dave asks to approve halt.resolve", done.stderr)
        self.json("approve", request, "--trust", self.trust, "--dry-run", "--sha256", "0" * 64,
                  code=31)

    def test_nobody_approves_what_they_asked_for_or_for_another(self):
        request = self.request("alice")
        self.approve(request, "alice", "dpo", code=31)
        self.approve(request, "bob", "dpo", code=31)
        bob = self.approve(request, "bob", "owner")
        self.resolve("--approved", request, bob, bob, code=31)

    def test_what_was_changed_is_refused(self):
        request = self.request()
        approvals = [self.approve(request, "alice", "dpo"), self.approve(request, "bob", "owner")]
        document = json.loads(approvals[1].read_bytes())
        document["role"] = "dpo"
        approvals[1].write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
        self.resolve("--approved", request, *approvals, code=21)

    def test_approvals_go_through_pipes(self):
        request = self.request()
        done = self.run_atp("approve", request, "--trust", self.trust, "--key",
                            self.home / "bob.pem", "--as", "owner")
        bob = self.home / "piped.json"
        bob.write_bytes(done.stdout)
        self.resolve("--approved", request, self.approve(request, "alice", "dpo"), bob)
