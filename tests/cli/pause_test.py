#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""T010: one of two runs on a tenant is stopped (SIGSTOP) at a random moment, the other goes on to its
end, then the stopped one wakes up and goes on too.

Each round gives both the same new segment. Whatever the moment, afterwards each segment is sealed
once, the ledger has every acknowledged point once and in its order, all of it verifies, by the
stranger's verifier as well, and a restore equals the source. A run may be refused, but not for
damage: nobody has damaged anything.

ATP_PAUSE_RUNS says how many rounds (20), ATP_PAUSE_SEED repeats a sequence of them.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from atp_command import ATP, STRANGER, atp, contents, require_equal

RUNS = int(os.environ.get("ATP_PAUSE_RUNS", "20"))
SEED = int(os.environ.get("ATP_PAUSE_SEED", str(time.time_ns() % 1_000_000)))
TENANT = "acme"


class PauseTest:
    def __init__(self, work: pathlib.Path):
        self.dice = random.Random(SEED)
        self.vault, self.keys, self.source = work / "vault", work / "keys", work / "source"
        self.restored = work / "restored"
        self.source.mkdir()
        self.acknowledged: list[str] = []
        self.stopped = 0
        atp("init", self.vault, "--region", "here", keys=self.keys)

    def start(self) -> subprocess.Popen:
        return subprocess.Popen([ATP, "backup", self.vault, "--tenant", TENANT, "--from", self.source,
                                 "--keys", self.keys, "--json", "--quiet"],
                                stdout=subprocess.PIPE, text=True)

    def end(self, run: subprocess.Popen) -> None:
        output, _ = run.communicate(timeout=120)
        printed = json.loads(output) if output else {}
        if run.returncode == 0:
            self.acknowledged.append(printed["recoveryPointId"])
        elif run.returncode not in (5, 11):  # Try again; in use.
            raise AssertionError(f"exit code {run.returncode}: {printed}")

    def round(self, number: int, typical: float) -> None:
        (self.source / f"{number:06}.jsonl").write_text(f'{{"n":{number}}}\n' * 50)
        sleeper = self.start()
        time.sleep(self.dice.uniform(0, typical))
        if sleeper.poll() is None:
            sleeper.send_signal(signal.SIGSTOP)
            self.stopped += 1
        other = self.start()
        time.sleep(self.dice.uniform(0, 3 * typical))
        if self.dice.random() < 0.5:  # A lock of the sleeper's can keep the other waiting.
            sleeper.send_signal(signal.SIGCONT)
        try:
            other.wait(timeout=2)
        except subprocess.TimeoutExpired:
            pass
        sleeper.send_signal(signal.SIGCONT)
        for run in (sleeper, other):
            self.end(run)

    def check(self, rounds: int) -> None:
        atp("backup", self.vault, "--tenant", TENANT, "--from", self.source, keys=self.keys)
        completed = []
        for path in sorted((self.vault / "store/ledger/acme/0/entries").glob("0*")):
            statement = json.loads(path.read_bytes())
            if statement["action"] == "recovery_point.completed":
                completed.append(statement["subjectId"])
        assert len(completed) == len(set(completed)), "a point is completed twice"
        assert set(self.acknowledged) <= set(completed), "an acknowledged point is lost"
        segments = [json.loads(path.read_bytes())["segment"]
                    for path in (self.vault / "store/manifests/acme/default").glob("0*.json")]
        assert sorted(segments) == [f"{n:06}" for n in range(rounds)], "sealed twice, or not at all"
        atp("verify", self.vault, "--all", keys=self.keys)
        atp("ledger audit", self.vault, "--tenant", TENANT, keys=self.keys)
        subprocess.run([sys.executable, STRANGER, "vault", self.vault / "store",
                        self.keys / "trust.json", "--point", completed[-1]],
                       check=True, stdout=subprocess.DEVNULL)
        atp("restore", self.vault, completed[-1], "--to", self.restored, keys=self.keys)
        require_equal("restored", contents(self.source), contents(self.restored))


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="atp-pause-") as name:
        test = PauseTest(pathlib.Path(name))
        begun = time.monotonic()
        test.end(test.start())
        typical = time.monotonic() - begun
        for number in range(RUNS):
            test.round(number, typical)
        test.check(RUNS)
    print(f"seed {SEED}: {RUNS} rounds, {test.stopped} stopped in time, "
          f"{len(set(test.acknowledged))} points acknowledged")
    if test.stopped < RUNS // 4:
        print("too few were stopped in the midst of their work")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
