#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One table of how the command's cost grows with what a vault holds: entries of a ledger, segments,
streams, tenants, and the size of one segment.

Each vault is made by the command itself. Its clock is then set 100 days ahead and a few runs are
taken, so that nothing is measured while all of it is new: documents have come due, and runs read
old objects again. CPU seconds are user and system, the least of three runs where a verb can be
repeated, so that other work on the machine counts little; a ratio is against the smallest vault of
the same table. `--check` fails where a ratio is over its bar.
"""
import argparse
import itertools
import json
import os
import pathlib
import shutil
import sys
import tempfile

from compare import Command, measure

PROJECT = pathlib.Path(__file__).resolve().parent.parent
FAKETIME = pathlib.Path(f"/usr/lib/{os.uname().machine}-linux-gnu/faketime/libfaketime.so.1")
AHEAD = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+100d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
SIZES = {"entries": (10, 100, 300), "segments": (100, 1000, 10000), "streams": (10, 100, 1000),
         "tenants": (1, 30, 300), "bytes": (64 << 20, 256 << 20, 1 << 30)}
LINE = b'{"time":"2024-03-01T12:00:00Z","action":"login","actor":{"id":"u%06d"},"id":"r%09d"}\n'


class Vault:
    def __init__(self, atp, folder):
        self.atp, self.folder, self.ahead = str(atp), folder, {}
        self.source = folder / "source"
        self.source.mkdir()
        self.names = itertools.count()
        self.run("init", "--region", "bench")

    def run(self, verb, *arguments):
        vault = str(self.folder / "vault")
        return measure(Command([[self.atp, *verb.split(), vault, *map(str, arguments), "--keys",
                                 str(self.folder / "keys"), "--json", "--quiet"]],
                               env=self.ahead))

    def seal(self, stream="", records=1):
        number = next(self.names)
        (self.source / stream).mkdir(exist_ok=True)
        block = min(records, 10000)  # What this script takes, its children have taken, too.
        with open(self.source / stream / f"s{number:08}.jsonl", "wb") as segment:
            for _ in range(max(records // block, 1)):
                segment.write(LINE % (number, number) * block)

    def backup(self, tenant="acme"):
        return self.run("backup", "--tenant", tenant, "--from", self.source, "--clock-is-right")

    def settle(self):
        """Time passes: what was granted when the vault was made is due."""
        self.ahead = AHEAD
        self.run("doctor")
        for _ in range(5):
            self.seal()
            self.backup()

    def new_segment(self):
        self.seal()
        return self.backup()


def least(action, times=3):
    """The cost of the run that took the least CPU time."""
    return min((action() for _ in range(times)), key=lambda cost: cost.cpu)


def newest_point(vault):
    points = vault.run("points", "--tenant", "acme").output.splitlines()
    return json.loads(points[-1])["recoveryPointId"]


def of_one_tenant(vault):
    """The verbs that people use every day, and what each costs."""
    yield "backup, nothing new", least(vault.backup)
    yield "backup, one new segment", least(vault.new_segment)
    point = newest_point(vault)
    yield "show", least(lambda: vault.run("show", point))
    name = sorted(vault.source.rglob("*.jsonl"))[0]
    stream = "default" if name.parent == vault.source else name.parent.name
    targets = itertools.count()

    def restore():
        return vault.run("restore", point, "--segment", f"{stream}/{name.stem}", "--to",
                         vault.folder / f"restored{next(targets)}")

    yield "restore of one segment", least(restore)
    yield "prove", least(lambda: vault.run("prove", point, "--record", f"{stream}/{name.stem}:0"))


def entries(vault, size):
    for _ in range(size):
        vault.seal()
        vault.backup()
    vault.settle()
    yield from of_one_tenant(vault)
    yield "points", least(lambda: vault.run("points", "--tenant", "acme"))
    yield "verify of all", vault.run("verify", "--depth", "stored")
    yield "verify of every point", vault.run("verify", "--all", "--depth", "stored")
    yield "doctor", vault.run("doctor")


def segments(vault, size):
    for _ in range(size):
        vault.seal()
    yield "first backup", vault.backup()
    vault.settle()
    yield from of_one_tenant(vault)


def streams(vault, size):
    for number in range(size):
        vault.seal(f"stream{number:05}")
    yield "first backup", vault.backup()
    vault.settle()
    yield from of_one_tenant(vault)


def tenants(vault, size):
    vault.seal()
    for number in range(size - 1):
        vault.backup(f"tenant{number:05}")
    vault.backup()
    vault.settle()
    yield from of_one_tenant(vault)
    yield "verify of all", vault.run("verify", "--depth", "stored")
    yield "doctor", vault.run("doctor")
    yield "catalog rebuild", vault.run("catalog rebuild")


def segment_bytes(vault, size):
    vault.seal(records=size // len(LINE % (0, 0)))
    yield "first backup", vault.backup()
    yield "verify", vault.run("verify")


# What grows, how, and up to which ratio a verb may: `None` is as much as the size itself.
GROWTHS = {
    "entries": (entries, {"backup, nothing new": 1.5, "backup, one new segment": 1.5, "show": 1.5,
                          "restore of one segment": 1.5, "prove": 3, "points": None, "verify of all": None,
                          "doctor": None}),
    "segments": (segments, {"first backup": None}),
    "streams": (streams, {"first backup": None, "backup, nothing new": None}),
    "tenants": (tenants, {"backup, nothing new": 1.2, "backup, one new segment": 1.2, "show": 1.2,
                          "restore of one segment": 1.2, "prove": 1.2, "verify of all": None,
                          "doctor": None, "catalog rebuild": None}),
    "bytes": (segment_bytes, {"first backup": None, "verify": None}),
}


def rows_of(kind, atp, sizes, scratch):
    """(size, verb, cost, ratio, bar) of each verb at each size."""
    grow, bars = GROWTHS[kind]
    smallest = {}
    for size in sizes:
        folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        for verb, cost in grow(Vault(atp, folder), size):
            ratio = cost.cpu / smallest.setdefault(verb, cost.cpu)
            bar = bars[verb] if bars.get(verb) else size / sizes[0] * 1.2 if verb in bars else None
            yield size, verb, cost, ratio, bar
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(GROWTHS)}; all if none")
    parser.add_argument("--atp", type=pathlib.Path, default=PROJECT / "build/bin/atp")
    parser.add_argument("--sizes", type=int, nargs="+", help="instead of the usual ones")
    parser.add_argument("--scratch", type=pathlib.Path, help="where vaults are made")
    parser.add_argument("--check", action="store_true", help="fail where a ratio is over its bar")
    options = parser.parse_args()
    unknown = set(options.kinds) - set(GROWTHS)
    if unknown:
        parser.error(f"no such growth: {', '.join(sorted(unknown))}")
    if not FAKETIME.exists():
        raise SystemExit(f"{FAKETIME} is missing: apt-get install faketime")
    over = 0
    for kind in options.kinds or GROWTHS:
        print(f"{kind:>10}  {'verb':26} {'CPU s':>8} {'ratio':>7} {'bar':>7} {'peak MB':>8}")
        sizes = options.sizes or SIZES[kind]
        for size, verb, cost, ratio, bar in rows_of(kind, options.atp, sizes, options.scratch):
            is_over = bar is not None and ratio > bar
            over += is_over
            print(f"{size:10}  {verb:26} {cost.cpu:8.3f} {ratio:7.2f} "
                  f"{'' if bar is None else f'{bar:7.1f}':>7} {cost.rss / 1e6:8.1f}"
                  f"{'  over' if is_over else ''}", flush=True)
        print()
    return 1 if over and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
