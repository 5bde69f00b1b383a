#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of the real `atp` at many last steps: nothing acknowledged is lost, all can go on.

Each run starts from a copy of a prepared vault and is killed: mostly right after one certain call
that changes the file system (kill_after.cpp, preloaded, counts them; a write may be torn in half),
else at a random moment. It counts if it had begun and not finished. Then the vault is recovered,
sometimes with a kill in the midst of that too, and everything is checked: what was acknowledged
before still verifies, the next backup finishes, all points verify, a restore equals the source,
the catalog equals the store.

ATP_KILL_RUNS says how many runs must count (60), ATP_KILL_SEED repeats a sequence of them.
"""
import collections
import contextlib
import dataclasses
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from atp_command import ATP, GENERATE, atp, contents, require_equal

SHIM = os.environ.get("ATP_KILL_SHIM", "")
RUNS = int(os.environ.get("ATP_KILL_RUNS", "60"))
SEED = int(os.environ.get("ATP_KILL_SEED", str(time.time_ns() % 1_000_000)))
TENANT = "acme"
FEWEST_LAST_STEPS = 20

# What a path under the working folder is, first match first.
KINDS = [(re.compile(pattern), kind) for pattern, kind in (
    (r"vault/store/\.tmp/", "temporary"),
    (r"vault/store/.*/\.[^/]*\.retention$", "retention"),
    (r"vault/store/\.lock", "store lock"),
    (r"vault/store/vault\.json$", "vault.json"),
    (r"vault/store/\.vault\.json\.retention$", "retention"),
    (r"vault/store/policies/.*\.json$", "policy"),
    (r"vault/store/keys/.*\.age$", "key wrap"),
    (r"vault/store/keys/.*\.json$", "key epoch"),
    (r"vault/store/segments/.*\.age$", "package"),
    (r"vault/store/manifests/.*\.json$", "segment manifest"),
    (r"vault/store/lists/.*\.json$", "list page"),
    (r"vault/store/recovery-points/.*\.json$", "recovery point"),
    (r"vault/store/ledger/.*/entries/\d+$", "ledger entry"),
    (r"vault/store/ledger/.*/checkpoints/\d+$", "checkpoint"),
    (r"vault/store/(policies|keys|segments|manifests|lists|recovery-points|ledger)\b", "folder"),
    (r"vault/store/probes", "probe"),
    (r"vault/store", "store"),
    (r"vault/\.tmp-", "new catalog"),
    (r"vault/catalog\.db\.kept", "kept catalog"),
    (r"vault/catalog\.db-journal$", "catalog journal"),
    (r"vault/catalog\.db$", "catalog"),
    (r"vault/vault\.lock$", "vault.lock"),
    (r"vault$", "vault"),
    (r"keys/\.tmp-", "new key"),
    (r"keys/vault\.key$", "identity"),
    (r"keys/signing", "signing key"),
    (r"keys/ledger", "ledger key"),
    (r"keys/trust", "trust policy"),
    (r"keys", "key folder"),
    (r"restored/RESTORE-UNFINISHED/restore\.json", "restore marker"),
    (r"restored/RESTORE-UNFINISHED/\.tmp-", "new restore marker"),
    (r"restored/RESTORE-UNFINISHED/files/.*\.part$", "restored part"),
    (r"restored/RESTORE-UNFINISHED/files/.*\.jsonl$", "restored file, staged"),
    (r"restored/RESTORE-UNFINISHED", "restore staging"),
    (r"restored/.*\.jsonl$", "restored file"),
    (r"restored", "restore folder"),
    (r"\.$", "folder above"),
)]


def kind_of(path: str, work: pathlib.Path) -> str:
    relative = os.path.relpath(path, work)
    return next((kind for pattern, kind in KINDS if pattern.match(relative)), relative)


@dataclasses.dataclass(frozen=True)
class Step:
    call: str
    kind: str


@dataclasses.dataclass
class Scenario:
    name: str
    base: str  # the state it starts from
    verb: str
    arguments: list[str]
    steps: list[Step] = dataclasses.field(default_factory=list)
    seconds: float = 0


@dataclasses.dataclass
class Killed:
    counts: bool
    last: Step | None


class KillTest:
    def __init__(self, work: pathlib.Path):
        self.work, self.dice = work, random.Random(SEED)
        self.states, self.run_folder = work / "states", work / "run"
        self.source, self.vault, self.keys, self.restored = (
            work / "source", self.run_folder / "vault", self.run_folder / "keys",
            self.run_folder / "restored")
        self.histogram = collections.Counter()
        self.acknowledged: list[str] = []  # points of the state a run began with

    # The states that runs begin with, and a whole run of each scenario.

    def generate(self, first: int, segments: int) -> None:
        for streams in (["--stream", "docs", "--stream", "sign-in"], []):
            subprocess.run([GENERATE, "--out", self.source, "--first", str(first), "--segments",
                            str(segments), "--segment-bytes", "64K", *streams],
                           check=True, capture_output=True)

    def prepare(self) -> list[Scenario]:
        self.run_folder.mkdir(parents=True)
        self.save("nothing")
        atp("init", self.vault, "--region", "here", keys=self.keys)
        self.save("empty vault")
        self.generate(0, 2)
        self.backup()
        self.generate(2, 1)
        self.save("one point")
        point = self.backup()
        self.save("two points")
        (self.vault / "catalog.db").unlink()
        self.save("no catalog")
        backup = [str(self.vault), "--tenant", TENANT, "--from", str(self.source)]
        vault = [str(self.vault)]
        restore = [str(self.vault), point, "--to", str(self.restored)]
        scenarios = [
            Scenario("init", "nothing", "init", [*vault, "--region", "here"]),
            Scenario("first backup", "empty vault", "backup", backup),
            Scenario("next backup", "one point", "backup", backup),
            Scenario("full backup", "two points", "backup", [*backup, "--type", "full"]),
            Scenario("unchanged backup", "two points", "backup", backup),
            Scenario("restore", "two points", "restore", restore),
            Scenario("rebuild", "two points", "catalog rebuild", vault),
            Scenario("rebuild of a lost catalog", "no catalog", "catalog rebuild", vault),
            Scenario("doctor", "two points", "doctor", vault),
        ]
        for scenario in scenarios:
            self.load(scenario.base)
            started = time.monotonic()
            process, trace = self.start(scenario)
            output = process.communicate()[0]
            scenario.seconds = time.monotonic() - started
            if process.returncode != 0:
                raise AssertionError(f"{scenario.name}: exit {process.returncode}: {output}")
            scenario.steps = self.read_trace(trace)
        return scenarios

    def save(self, state: str) -> None:
        shutil.copytree(self.run_folder, self.states / state, symlinks=True)

    def load(self, state: str) -> None:
        shutil.rmtree(self.run_folder)
        shutil.copytree(self.states / state, self.run_folder, symlinks=True)

    # Running and killing.

    def start(self, scenario: Scenario, after: int | None = None, torn: bool = False):
        trace = self.work / "trace"
        trace.unlink(missing_ok=True)
        env = os.environ | {"LD_PRELOAD": SHIM, "KILL_TRACE": str(trace)}
        if after is not None:
            env |= {"KILL_AFTER": str(after)}
        if torn:
            env |= {"KILL_TORN": "1"}
        command = [ATP, *scenario.verb.split(), *scenario.arguments, "--keys", str(self.keys),
                   "--json", "--quiet"]
        return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT), trace

    def read_trace(self, trace: pathlib.Path) -> list[Step]:
        lines = trace.read_text().splitlines() if trace.exists() else []
        return [Step(call, kind_of(path, self.run_folder))
                for call, path in (line.split(" ", 1) for line in lines)]

    def kill(self, scenario: Scenario) -> Killed:
        """At a step of a kind that was drawn, so that rare ones come as often as common ones."""
        if self.dice.random() < 0.2:
            process, trace = self.start(scenario)
            time.sleep(self.dice.uniform(0, scenario.seconds))
            process.kill()
        else:
            positions = collections.defaultdict(list)
            for number, step in enumerate(scenario.steps[:-1], start=1):
                positions[step].append(number)
            step = self.dice.choice(sorted(positions, key=str))
            after = self.dice.choice(positions[step])
            process, trace = self.start(scenario, after, torn=self.dice.random() < 0.5)
        process.communicate()
        steps = self.read_trace(trace)
        return Killed(counts=process.returncode == -9 and len(steps) > 0,
                      last=steps[-1] if steps else None)

    def counted_kill(self, scenario: Scenario) -> bool:
        killed = self.kill(scenario)
        if killed.counts:
            self.histogram[scenario.name, killed.last.call, killed.last.kind] += 1
        return killed.counts

    # What must hold afterwards.

    def backup(self) -> str:
        return atp("backup", self.vault, "--tenant", TENANT, "--from", self.source,
                   keys=self.keys)[0]["recoveryPointId"]

    def points(self) -> list[str]:
        return [point["recoveryPointId"] for point in atp("points", self.vault, keys=self.keys)]

    def check_restore(self, point: str) -> None:
        atp("restore", self.vault, point, "--to", self.restored, keys=self.keys)
        require_equal("restored", contents(self.source), contents(self.restored))

    def recover(self, scenario: Scenario) -> None:
        """By the command itself, the next backup or the doctor, which may die as well."""
        again = [scenario]
        if scenario.verb == "backup":
            again.append(Scenario("doctor", "", "doctor", [str(self.vault)], scenario.steps,
                                  scenario.seconds))
        while self.dice.random() < 0.25:
            self.counted_kill(self.dice.choice(again))
        chosen = self.dice.choice(again)
        codes = (11,) if self.had_all_done(chosen) else (0,)
        atp(chosen.verb, *chosen.arguments, keys=self.keys, expect=codes)

    def had_all_done(self, scenario: Scenario) -> bool:
        """Whether the killed run had done everything but exit, so that another one is refused."""
        if scenario.verb == "restore":
            unfinished = self.restored / "RESTORE-UNFINISHED"
            return not unfinished.exists() and any(self.restored.glob("*"))
        return scenario.verb == "init" and (self.vault / "store/vault.json").exists()

    def check(self, scenario: Scenario) -> None:
        for point in self.acknowledged:
            atp("verify", self.vault, point, keys=self.keys)
        self.recover(scenario)
        if scenario.verb == "restore":
            require_equal("restored", contents(self.source), contents(self.restored))
            return
        newest = self.backup()
        missing = set(self.acknowledged) - set(self.points())
        if missing:
            raise AssertionError(f"these points are gone: {missing}")
        for report in atp("verify", self.vault, "--all", keys=self.keys):
            if report["verdict"] != "verified":
                raise AssertionError(f"not verified: {report}")
        self.check_restore(newest)
        self.check_doctor()

    def check_doctor(self) -> None:
        """It mends at most once; after it the store has no temporary left."""
        atp("doctor", self.vault, keys=self.keys)
        answer = atp("doctor", self.vault, keys=self.keys)[0]
        if answer["verdict"] != "good":
            raise AssertionError(f"doctor: {answer}")
        left = list((self.vault / "store/.tmp").iterdir())
        if left:
            raise AssertionError(f"temporaries are left: {left}")

    def run(self) -> int:
        scenarios = self.prepare()
        acknowledged = {}
        for state in ("one point", "two points"):
            self.load(state)
            acknowledged[state] = self.points()
        acknowledged["no catalog"] = acknowledged["two points"]
        started = 0
        while self.histogram.total() < RUNS:
            scenario = scenarios[started % len(scenarios)]
            started += 1
            self.load(scenario.base)
            self.acknowledged = acknowledged.get(scenario.base, [])
            try:
                if self.counted_kill(scenario):
                    self.check(scenario)
            except AssertionError as error:
                print(f"run {started}, {scenario.name}, seed {SEED}: {error}", file=sys.stderr)
                return 1
        return self.report(started)

    def report(self, started: int) -> int:
        print(f"{'runs':>5}  killed in                  right after")
        for (name, call, kind), runs in sorted(self.histogram.items()):
            print(f"{runs:5}  {name:25}  {call} of {kind}")
        total, steps = self.histogram.total(), len(self.histogram)
        print(f"{total} runs that had begun and not finished, at {steps} different last steps "
              f"(seed {SEED})")
        if steps < FEWEST_LAST_STEPS:
            print(f"expected {FEWEST_LAST_STEPS} or more different last steps", file=sys.stderr)
            return 1
        return 0


def main() -> int:
    if not pathlib.Path(SHIM).is_file():
        print("ATP_KILL_SHIM: expected the library built from kill_after.cpp", file=sys.stderr)
        return 1
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="atp-kill-"))
        return KillTest(pathlib.Path(folder)).run()


if __name__ == "__main__":
    sys.exit(main())
