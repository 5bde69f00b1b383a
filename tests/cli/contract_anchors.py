# SPDX-License-Identifier: Apache-2.0
"""ledger anchor and witness: cosignatures and time-stamps, from real services."""
import hashlib
import http.client
import json
import shutil
import subprocess

from atp_command import ATP
from command_case import CommandCase, record
from contract_keys import KeyCase
from services import POLICY, Authority, WitnessProcess


class AnchorCase(KeyCase):
    def setUp(self):
        super().setUp()
        self.init("--domain", "vault.example")
        self.log = self.home / "log.json"
        shutil.copy(self.keys() / "trust.json", self.log)
        self.days = 0

    def new_backup(self, code=0):
        self.days += 1
        self.put(f"api/{self.days}.jsonl", record(self.days % 28 + 1, id=f"r-{self.days}"))
        return self.backup(code=code)

    def anchor(self, code=0):
        return self.json("ledger", "anchor", self.vault, "--tenant", "acme", code=code)

    def audit(self, *arguments, code=0):
        return self.json("ledger", "audit", self.vault, "--tenant", "acme", *arguments, code=code)

    def states(self, report):
        return {check["name"]: check["state"] for check in report["checks"]}

    def authority(self, *options, name="tsa", days=400):
        authority = Authority(self.home / name, days)
        self.addCleanup(authority.close)
        self.trust_authority(authority, *options, name=name)
        return authority

    def trust_authority(self, authority, *options, name="tsa"):
        self.json("trust", "add", self.vault, "--role", "authority", "--name", name, "--root",
                  authority.folder / "ca.crt", "--signer", authority.folder / "tsa.crt",
                  "--policy", POLICY, "--url", authority.url, *options)


class Witnesses(AnchorCase):
    def witness(self, name, *threshold):
        public = self.public_key(name)
        (self.home / f"{name}.pem").chmod(0o600)
        witness = WitnessProcess(name, self.home / f"{name}.pem", self.home / f"state-{name}",
                                 self.log, env=self.env)
        self.addCleanup(witness.kill)
        self.json("trust", "add", self.vault, "--role", "witness", "--name", name, "--key", public,
                  "--url", witness.url, *threshold)
        return witness

    def test_a_backup_is_cosigned_and_outsiders_see_it(self):
        self.witness("w1.example")
        result = self.new_backup()
        self.assertEqual([each["witness"] for each in result["anchors"]["cosignatures"]],
                         ["w1.example"])
        self.assertTrue(result["anchors"]["complete"])
        self.assertEqual(self.states(self.audit())["ledger.cosignatures"], "verified")
        point = result["recoveryPointId"]
        report = self.json("verify", self.vault, point)
        self.assertEqual(self.states(report)["ledger.cosignatures"], "verified")
        note = self.text("ledger", "checkpoint", self.vault, "--tenant", "acme")[0]
        self.assertIn("\u2014 w1.example ", note)
        proof = self.home / "proof"
        self.json("prove", self.vault, point, "--record", "api/1:0", "--to", proof)
        checked = self.json("check-proof", proof, "--trust", self.keys() / "trust.json")
        self.assertEqual(self.states(checked)["ledger.cosignatures"], "verified")
        proof.write_bytes(b"".join(line for line in proof.read_bytes().splitlines(True)
                                   if b"w1.example" not in line))
        checked = self.json("check-proof", proof, "--trust", self.keys() / "trust.json", code=21)
        self.assertEqual(self.states(checked)["ledger.cosignatures"], "failed")
        self.json("check-proof", proof, "--trust", self.log)  # Who asks for no witness needs none.

    def test_what_is_pending_is_said_and_asked_for_again(self):
        witness = self.witness("w1.example")
        witness.kill()
        result = self.new_backup(code=3)
        self.assertFalse(result["anchors"]["complete"])
        self.assertEqual(result["anchors"]["pending"][0]["service"], "w1.example")
        point = result["recoveryPointId"]
        self.assertEqual(self.states(self.json("verify", self.vault, point, code=21))
                         ["ledger.cosignatures"], "failed")
        self.error("prove", self.vault, point, "--record", "api/1:0", code=11)
        self.json("restore", self.vault, point, "--to", self.home / "out")  # No restore waits.
        self.anchor(code=3)
        witness.start()
        self.assertTrue(self.anchor()["complete"])
        self.json("verify", self.vault, point)

    def test_a_quorum_is_of_different_witnesses(self):
        first, second = self.witness("w1.example"), self.witness("w2.example", "--threshold", "2")
        second.kill()
        self.assertFalse(self.new_backup(code=3)["anchors"]["complete"])
        second.start()
        self.assertEqual(len(self.anchor()["cosignatures"]), 2)
        first.kill()
        point = self.new_backup(code=3)["recoveryPointId"]
        self.json("verify", self.vault, point, code=21)

    def test_a_witness_exposes_an_older_copy_and_a_fork(self):
        self.witness("w1.example")
        self.new_backup()
        shutil.copytree(self.vault, self.home / "copy")
        self.new_backup()
        shutil.rmtree(self.vault)
        shutil.copytree(self.home / "copy", self.vault)
        pending, = self.anchor(code=20)["pending"]
        self.assertTrue(pending["contradicts"])
        self.assertIn("its tail was cut off", pending["problem"])
        self.days = 10
        result = self.new_backup(code=20)  # The fork.
        self.assertIn("forked", result["anchors"]["pending"][0]["problem"])
        self.assertEqual(len(list((self.home / "state-w1.example").glob("*.fork"))), 1)
        self.json("verify", self.vault, result["recoveryPointId"], code=21)
        result = self.new_backup(code=20)  # The fork has grown past what was cosigned.
        self.assertIn("does not go on", result["anchors"]["pending"][0]["problem"])

    def test_a_fork_counts_whatever_the_quorum(self):
        first, second = self.witness("w1.example"), self.witness("w2.example")
        self.new_backup()
        shutil.copytree(self.vault, self.home / "copy")
        second.kill()
        self.new_backup()
        second.start()
        shutil.rmtree(self.vault)
        shutil.copytree(self.home / "copy", self.vault)
        self.days = 10
        result = self.new_backup(code=20)
        self.assertTrue(result["anchors"]["complete"])  # By the second, who does not know.
        self.assertGreater(first.port, 0)

    def test_one_bad_witness_keeps_no_quorum_away(self):
        """What it sends beside its own line is not kept, nor what stands there already."""
        self.witness("w1.example")
        self.new_backup()
        stored, = (self.vault / "store/cosignatures/acme/0").rglob("[0-9a-f]" * 16)
        line = stored.read_bytes()
        for odd in ("-/0", f"{2:020}/-", f"{3:020}/-"):
            path = self.vault / "store/cosignatures/acme/0" / odd
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(line[:30] + b"AAAA" + line[34:] + b"junk\n" * 2000)
        point = self.new_backup()["recoveryPointId"]
        self.json("verify", self.vault, point)
        note = self.text("ledger", "checkpoint", self.vault, "--tenant", "acme")[0]
        self.assertEqual(note.count("\u2014"), 2)

    def test_consistency_and_audit_ask_for_the_quorum_too(self):
        witness = self.witness("w1.example")
        self.new_backup()
        kept = self.home / "kept.txt"
        kept.write_bytes(self.run_atp("ledger", "checkpoint", self.vault, "--tenant",
                                      "acme").stdout)
        arguments = ["ledger", "consistency", self.vault, "--tenant", "acme", "--old", kept]
        self.json(*arguments)
        witness.kill()
        self.new_backup(code=3)
        self.assertEqual(self.states(self.json(*arguments, code=3))["ledger.cosignatures"],
                         "not_checked")
        shutil.rmtree(self.vault / "store/cosignatures")
        self.assertEqual(self.states(self.json(*arguments, code=21))["ledger.cosignatures"],
                         "failed")
        shutil.rmtree(self.vault / "store/ledger/acme/0/checkpoints")
        self.assertEqual(self.states(self.audit(code=21))["ledger.cosignatures"], "failed")

    def test_two_vaults_of_one_domain_have_one_witness(self):
        self.witness("w1.example").kill()
        other = self.home / "other"
        self.json("init", other, "--region", "local", "--domain", "vault.example", "--keys",
                  self.home / "other-keys")
        both = WitnessProcess("w1.example", self.home / "w1.example.pem", self.home / "both",
                              self.home / "other-keys/trust.json", self.log, env=self.env)
        self.addCleanup(both.kill)
        trust = self.keys() / "trust.json"
        trust.write_text(trust.read_text().replace(
            json.loads(trust.read_text())["witnesses"]["addresses"][0]["url"], both.url))
        self.assertTrue(self.new_backup()["anchors"]["complete"])

    def test_it_survives_kill_9_and_knows_what_it_cosigned(self):
        witness = self.witness("w1.example")
        for _ in range(5):
            self.new_backup()
            witness.kill()
            witness.start()
        self.assertEqual(self.anchor()["pending"], [])
        self.assertEqual(witness.stop(), 0)

    def test_it_refuses_what_it_does_not_know(self):
        witness = self.witness("w1.example")
        self.new_backup()
        note = self.text("ledger", "checkpoint", self.vault, "--tenant", "acme")[0]

        def post(body, path="/add-checkpoint", method="POST"):
            connection = http.client.HTTPConnection("127.0.0.1", witness.port, timeout=10)
            connection.request(method, path, body.encode())
            response = connection.getresponse()
            found = response.status, response.getheader("content-type"), response.read()
            connection.close()
            return found

        self.assertEqual(post("old 0\n\n" + note), (409, "text/x.tlog.size", b"2\n"))
        self.assertEqual(post("old 2\n\n" + note)[0], 200)
        self.assertEqual(post("old 3\n\n" + note)[0], 400)
        self.assertEqual(post("old 2\n\n" + note.replace("vault.example/", "other.example/"))[0],
                         404)
        self.assertEqual(post("old 2\n\n" + note.replace("\n2\n", "\n3\n"))[0], 403)
        for body in ("", "old 2", "old 02\n\n" + note, "old -1\n\n" + note, "old 2\nAAAA\n\n" + note):
            self.assertEqual(post(body)[0], 400, body)
        self.assertEqual(post("", "/other")[0], 404)
        self.assertEqual(post("", method="GET")[0], 405)

    def test_one_process_has_the_memory(self):
        self.witness("w1.example")
        done = subprocess.run([ATP, "witness", "--state", self.home / "state-w1.example", "--name",
                               "w1.example", "--key", self.home / "w1.example.pem", "--log",
                               self.log, "--json"], env=self.env, capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 11, done.stdout)

    def test_a_memory_that_is_damaged_is_not_taken_for_an_empty_one(self):
        witness = self.witness("w1.example")
        self.new_backup()
        witness.kill()
        memory = next(path for path in (self.home / "state-w1.example").iterdir()
                      if path.name != "witness.lock")
        memory.write_bytes(b"")
        witness.start()
        result = self.new_backup(code=3)
        self.assertIn("500", result["anchors"]["pending"][0]["problem"])


class Timestamps(AnchorCase):
    def tokens(self):
        return sorted((self.vault / "store/timestamps").rglob("*.tsr"))

    def test_points_and_checkpoints_are_stamped_and_stock_openssl_agrees(self):
        authority = self.authority()
        result = self.new_backup()
        self.assertEqual(result["anchors"]["timestampsAdded"], 2)
        report = self.json("verify", self.vault, result["recoveryPointId"])
        self.assertEqual(self.states(report)["point.timestamp"], "verified")
        states = self.states(self.audit())
        self.assertEqual((states["point.timestamp"], states["ledger.timestamp"]),
                         ("verified", "verified"))
        for token in self.tokens():
            subprocess.run(["openssl", "ts", "-verify", "-digest", token.parent.name, "-in", token,
                            "-CAfile", authority.folder / "ca.crt"], check=True,
                           capture_output=True)

    def test_where_they_are_required_nothing_is_complete_without(self):
        authority = self.authority("--required")
        authority.change = lambda reply: b""
        error = self.new_backup(code=5)["error"]
        self.assertIn("time-stamp", error["message"])
        self.assertEqual(self.lines("points", self.vault), [])
        self.assertEqual(list((self.vault / "store").glob("recovery-points/acme/*")), [])
        authority.change = lambda reply: reply
        point = self.backup()["recoveryPointId"]
        self.json("verify", self.vault, point)

    def test_where_they_are_optional_they_are_pending_until_a_later_run(self):
        authority = self.authority()
        authority.change = lambda reply: b""
        result = self.new_backup()
        self.assertEqual([each["service"] for each in result["anchors"]["pending"]], ["tsa"] * 2)
        point = result["recoveryPointId"]
        report = self.json("verify", self.vault, point)
        self.assertEqual(self.states(report)["point.timestamp"], "attested")
        self.assertEqual(self.states(self.audit())["point.timestamp"], "attested")
        authority.change = lambda reply: reply
        self.assertEqual(self.anchor()["timestampsAdded"], 2)
        self.assertEqual(self.states(self.json("verify", self.vault, point))["point.timestamp"],
                         "verified")
        asked = authority.asked
        self.assertEqual(self.anchor()["timestampsAdded"], 0)
        self.assertEqual(authority.asked, asked)

    def test_a_required_one_that_is_gone_or_false_fails_the_verification(self):
        self.authority("--required")
        point = self.new_backup()["recoveryPointId"]
        kept = {token: token.read_bytes() for token in self.tokens()}
        for token in kept:
            token.write_bytes(b"no token")
        self.assertEqual(self.states(self.json("verify", self.vault, point, code=22))
                         ["point.timestamp"], "failed")
        self.audit(code=22)
        first, second = kept
        first.write_bytes(kept[second])  # Each in the other's place.
        second.write_bytes(kept[first])
        report = self.json("verify", self.vault, point, code=22)
        self.assertIn("wrong_imprint", str(report["checks"]))
        for token in kept:
            token.unlink()
        self.json("verify", self.vault, point, code=22)
        self.json("restore", self.vault, point, "--to", self.home / "out")

    def test_an_authority_that_is_not_trusted_counts_for_nothing(self):
        authority = self.authority()
        other = Authority(self.home / "other")
        self.addCleanup(other.close)
        authority.change = lambda reply: other.reply((authority.folder / "query").read_bytes())
        result = self.new_backup()
        self.assertIn("untrusted_authority", result["anchors"]["pending"][0]["problem"])
        self.assertEqual(self.tokens(), [])

    def test_a_reply_to_another_request_is_refused(self):
        authority = self.authority()
        replies = []
        authority.change = lambda reply: (replies.append(reply), replies[0])[1]
        self.new_backup()  # The second request gets the first one's reply.
        result = self.new_backup()
        self.assertIn("wrong_imprint", result["anchors"]["pending"][0]["problem"])

    def test_an_authority_with_a_new_signer_keeps_the_old_one(self):
        authority = self.authority("--required")
        point = self.new_backup()["recoveryPointId"]
        before = json.loads((self.keys() / "trust.json").read_text())["timestamps"]["authorities"]
        for name in ("tsa.key", "tsa.csr", "tsa.crt"):
            (authority.folder / name).unlink()
        authority.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                          "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa2")
        authority.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                          "-CAcreateserial", "-out", "tsa.crt", "-days", "400", "-extfile",
                          "tsa.cnf", "-extensions", "ext")
        self.trust_authority(authority)
        after = json.loads((self.keys() / "trust.json").read_text())["timestamps"]["authorities"]
        self.assertEqual(len(after[0]["signers"]), len(before[0]["signers"]) + 1)
        self.json("verify", self.vault, point)
        self.json("verify", self.vault, self.new_backup()["recoveryPointId"])

    def test_what_somebody_else_puts_there_keeps_no_time_stamp_away(self):
        authority = self.authority()
        authority.change = lambda reply: b""
        point = self.new_backup()["recoveryPointId"]
        manifest = self.vault / f"store/recovery-points/acme/{point}.json"
        folder = self.vault / "store/timestamps/acme" / hashlib.sha256(
            manifest.read_bytes()).hexdigest()
        folder.mkdir(parents=True)
        (folder / "-.tsr").write_bytes(b"garbage")
        (folder / "0.tsr").write_bytes(bytes(100_000))
        self.json("verify", self.vault, point, code=22)
        authority.change = lambda reply: reply
        self.assertEqual(self.anchor()["timestampsAdded"], 2)
        self.assertEqual(self.anchor()["timestampsAdded"], 0)
        self.json("verify", self.vault, point)  # One holds.

    def test_a_proof_carries_its_time_stamp(self):
        authority = self.authority("--required")
        point = self.new_backup()["recoveryPointId"]
        proof = self.home / "proof"
        self.json("prove", self.vault, point, "--record", "api/1:0", "--to", proof)
        trust = self.keys() / "trust.json"
        checked = self.json("check-proof", proof, "--trust", trust)
        self.assertEqual(self.states(checked)["point.timestamp"], "verified")
        policy = json.loads(trust.read_text())
        del policy["timestamps"]
        plain = self.home / "plain.json"
        plain.write_text(json.dumps(policy))
        self.json("check-proof", proof, "--trust", plain)
        proof.unlink()
        self.json("prove", self.vault, point, "--record", "api/1:0", "--to", proof, "--trust", plain)
        checked = self.json("check-proof", proof, "--trust", trust, code=22)
        self.assertEqual(self.states(checked)["point.timestamp"], "failed")
        self.assertGreater(authority.asked, 0)

    def test_parents_need_theirs_too(self):
        self.authority("--required")
        self.new_backup()
        parents = self.tokens()
        child = self.new_backup()["recoveryPointId"]
        for token in parents:
            token.unlink()
        self.json("verify", self.vault, child, code=22)

    def test_tokens_are_renewed_before_their_certificate_ends(self):
        ending = self.authority(days=30)
        self.new_backup()
        self.assertEqual(len(self.tokens()), 2)
        later = self.authority(name="later")
        policy = json.loads((self.keys() / "trust.json").read_text())
        policy["timestamps"]["addresses"] = [
            each for each in policy["timestamps"]["addresses"] if each["name"] == "later"]
        (self.keys() / "trust.json").write_text(json.dumps(policy))
        self.assertEqual(self.anchor()["timestampsAdded"], 2)
        self.assertEqual(len(self.tokens()), 4)
        self.assertEqual(self.anchor()["timestampsAdded"], 0)
        self.audit()
        self.assertGreater(later.asked, 0)
        self.assertGreater(ending.asked, 0)
