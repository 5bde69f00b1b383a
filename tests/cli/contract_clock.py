# SPDX-License-Identifier: Apache-2.0
"""Dates from outside, and clocks that are wrong: `backup`, `show`, `doctor`, `verify` and
`ledger accept-clock`."""
import json
import os

from command_case import CommandCase, record
from contract_approvals import ApprovalCase

LIBRARY = f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketime.so.1"


class ClockCase(CommandCase):
    def setUp(self):
        super().setUp()
        if not isinstance(self, ApprovalCase):
            self.init()

    def ahead(self, offset, code=0, files_too=True, verb=None):
        """What `verb` (a backup) says by a clock that is `offset` ahead, with that of the file system
        or without it."""
        env = self.env
        options = env.get("ASAN_OPTIONS", "")
        self.env = {**env, "LD_PRELOAD": LIBRARY, "FAKETIME": offset,
                    "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0",
                    **({} if files_too else {"NO_FAKE_STAT": "1"})}
        try:
            return (verb or self.backup)(code=code)
        finally:
            self.env = env

    def entry(self, index):
        key = f"ledger/acme/0/entries/{index:020}"
        return key, json.loads((self.vault / "store" / key).read_bytes())

    def clock_checks(self, verb, code):
        found = self.json(*verb, self.vault, *(("--tenant", "acme") if "ledger" in verb else ()),
                          code=code)
        return [(check["name"], check["state"], check["subject"]) for check in found["checks"]
                if check["name"].endswith(".clock")]

    def accept(self, *arguments, code=0):
        return self.json("ledger", "accept-clock", self.vault, "--tenant", "acme", *arguments,
                         code=code)


class Dates(ClockCase):
    def test_T028_a_file_of_1970_is_kept_a_year_and_the_run_says_so(self):
        os.utime(self.put("epoch.jsonl", b"no date\n"), (0, 0))
        self.put("new.jsonl")
        result = self.backup("--retention", "P10Y", code=3)
        self.assertEqual((result["status"], result["segmentsNew"]), ("completed", 2))
        kept = result["kept"]
        self.assertEqual((kept["overdue"], kept["firstOverdue"]), (1, kept["first"]))
        manifests = [json.loads(path.read_bytes()) for path in
                     (self.vault / "store/manifests/acme/default").glob("0*.json")]
        written = next(each["createdAt"] for each in manifests if each["segment"] == "epoch")
        self.assertEqual(kept["first"][:4], str(int(written[:4]) + 1))
        self.assertEqual(kept["first"][4:], written[4:])
        packages = {each["name"]: each for each in
                    self.show(result["recoveryPointId"])["packages"]}
        self.assertEqual(packages["epoch"]["keptUntil"], kept["first"])
        self.assertEqual(packages["new"]["keptUntil"], kept["last"])
        text = self.text("show", self.vault, result["recoveryPointId"])[0]
        self.assertIn(f"kept until {kept['first']} to {kept['last']}", text)
        os.utime(self.put("old.jsonl", b"no date\n"), (1, 1))
        text = self.text("backup", self.vault, "--tenant", "acme", "--from", self.source, code=3)[0]
        self.assertIn("overdue  1 new segment came when the retention was over", text)
        packages = self.show(self.backup()["recoveryPointId"])["packages"]
        until = next(each["keptUntil"] for each in packages if each["name"] == "old")
        self.assertIn(f"the first until {until}", text)

    def test_T028_a_short_retention_is_possible(self):
        self.put("a.jsonl", b"no date\n")
        os.utime(self.put("old.jsonl", b"no date\n"), (0, 0))
        kept = self.backup("--retention", "P30D", code=3)["kept"]
        self.assertEqual(kept["overdue"], 1)

    def test_T086_what_is_dated_ahead_is_named_and_taken_by_who_insists(self):
        os.utime(self.put("file.jsonl", b"no date\n"), (4e9, 4e9))
        self.put("record.jsonl", b'{"time":"2200-01-01T00:00:00Z"}\n')
        self.put("good.jsonl")
        result = self.backup(code=3)
        self.assertEqual([(each["name"], each["reason"]) for each in result["skipped"]],
                         [("file.jsonl", "dated_ahead"), ("record.jsonl", "dated_ahead")])
        self.assertEqual(result["segmentsNew"], 1)
        self.assertEqual(self.backup(code=3)["recoveryPointId"], result["recoveryPointId"])
        self.assertEqual(self.backup("--clock-is-right")["segmentsNew"], 2)
        self.backup()


class ClockAhead(ClockCase):
    def setUp(self):
        super().setUp()
        self.put("0.jsonl")
        self.right = self.backup()["recoveryPointId"]
        self.put("1.jsonl")

    def test_T086_where_the_store_says_another_time_nothing_is_written(self):
        for offset in ("+1d", "+70d", "+3000d"):
            with self.subTest(offset):
                error = self.ahead(offset, code=5, files_too=False)["error"]
                self.assertEqual(error["kind"], "clock_untrusted")
                self.assertIn("the store's file system says", error["message"])
        self.assertEqual(len(list((self.vault / "store/ledger/acme/0/entries").glob("0*"))), 2)
        self.assertEqual(self.backup()["segmentsNew"], 1)

    def test_T086_nor_is_anything_handed_over(self):
        def export(*arguments, code):
            return self.json("export", self.vault, self.right, "--records", "default/0", "--to",
                             self.home / "out", *arguments, code=code)

        error = self.ahead("+70d", code=5, files_too=False, verb=export)["error"]
        self.assertEqual(error["kind"], "clock_untrusted")
        self.assertEqual(len(list((self.vault / "store/ledger/acme/0/entries").glob("0*"))), 2)
        self.assertFalse((self.home / "out").exists())
        export(code=0)

    def test_T086_what_nothing_but_the_files_confirms_is_warned_of(self):
        self.assertIsNone(self.backup()["clockWarning"])
        self.put("2.jsonl")
        self.assertIn("after the newest entry", self.ahead("+70d", code=3)["clockWarning"])

    def test_T086_after_a_run_ahead_the_tenant_goes_on_once_the_clock_is_accepted(self):
        ahead = self.ahead("+70d", code=3)["recoveryPointId"]
        self.put("2.jsonl")
        error = self.backup(code=5)["error"]
        self.assertIn("atp ledger accept-clock", error["message"])
        self.backup("--clock-is-right", "--type", "full", code=5)

        key = self.entry(2)[0]
        expected = [("ledger.clock", "not_checked", key),
                    ("point.clock", "not_checked", f"recovery-points/acme/{ahead}.json")]
        self.assertEqual(self.clock_checks(["verify"], 3), expected)
        self.assertEqual(self.clock_checks(["ledger", "audit"], 3), expected[:1])
        doctor = self.json("doctor", self.vault, code=3)
        self.assertEqual(doctor["verdict"], "doubtful")
        finding = next(each for each in doctor["findings"] if each["name"] == "ledger")
        self.assertIn(key, finding["detail"])
        self.assertIn("by 69 days", finding["detail"])

        accepted = self.accept()
        self.assertEqual((accepted["entries"], accepted["first"], accepted["last"]), (1, 2, 2))
        self.assertEqual(accepted["newestAt"], self.entry(2)[1]["createdAt"])
        key, statement = self.entry(3)
        self.assertEqual((statement["action"], statement["subjectId"]), ("clock.corrected", "2"))
        self.accept(code=4)
        self.assertEqual(self.backup()["segmentsNew"], 1)
        self.assertEqual(self.json("doctor", self.vault)["verdict"], "good")
        attested = [("ledger.clock", "attested", key)]
        self.assertEqual(self.clock_checks(["verify"], 0), attested)
        self.assertEqual(self.clock_checks(["ledger", "audit"], 0), attested)
        self.assertEqual(len(self.restored(ahead)), 2)


class ClockApprovals(ApprovalCase, ClockCase):
    def test_two_persons_accept_a_clock(self):
        self.add_rule("clock.correct")
        self.put("0.jsonl")
        self.backup()
        self.put("1.jsonl")
        self.ahead("+70d", code=3)
        self.accept(code=31)
        request = self.home / "request.json"
        self.accept("--request", request, "--key", self.home / "dave.pem")
        approvals = [self.approve(request, "alice", "dpo"), self.approve(request, "bob", "owner")]
        self.accept("--approved", request, approvals[0], code=31)
        self.accept("--approved", request, *approvals)
        self.assertEqual(len(self.entry(3)[1]["approvedBy"]["approvals"]), 2)
        self.put("2.jsonl", record(2))
        self.backup()
