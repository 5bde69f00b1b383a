#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real CloudTrail events through the real `atp`: backed up with a field map, verified, restored.

The events are those of shared/data/cloudtrail. Some segments come compressed, some come later than
the others; which ones a time range names is worked out here from the events themselves.
"""
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from atp_command import PROJECT, atp, contents, require_equal

SHARED = pathlib.Path(os.environ.get("ATP_SHARED", PROJECT.parent / "shared"))
EVENTS = SHARED / "data/cloudtrail/CloudTrail"
EXPECTED_EVENTS = 2900
SKIPPED = 77
TENANT = "cloudtrail-user"
MAP = ["--map", "time=eventTime", "--map", "action=eventName",
       "--map", "actor.id=userIdentity.arn"]
LATER = 10  # segments that come after the first backup


def require(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


class RealDataTest:
    def __init__(self, work: pathlib.Path):
        self.work, self.source = work, work / "source"
        self.vault, self.keys = work / "vault", work / "keys"
        self.plain: dict[str, bytes] = {}  # every segment's decoded bytes by restored name

    def convert(self) -> None:
        subprocess.run([sys.executable, PROJECT / "bench/cloudtrail_to_segments.py", EVENTS,
                        self.source], check=True, stdout=subprocess.DEVNULL)
        self.plain = contents(self.source)
        events = sum(text.count(b"\n") for text in self.plain.values())
        require(events == EXPECTED_EVENTS, f"expected {EXPECTED_EVENTS} events, found {events}")

    def compress_some(self) -> None:
        """Of every five segments one becomes gzip and one zstd."""
        for number, name in enumerate(sorted(self.plain)):
            path = self.source / name
            if number % 5 == 1:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            elif number % 5 == 3:
                subprocess.run(["zstd", "-q", path, "-o", f"{path}.zst"], check=True)
            else:
                continue
            path.unlink()

    def backup(self, *more: str) -> dict:
        return atp("backup", self.vault, "--tenant", TENANT, "--from", self.source, *more,
                   keys=self.keys)[0]

    def back_up_in_two_parts(self) -> tuple[str, str]:
        """Points of all segments but the later ones, and of all."""
        later = sorted(self.source.rglob("*.jsonl*"))[::len(self.plain) // LATER][:LATER]
        aside = self.work / "later"
        aside.mkdir()
        places = {shutil.move(path, aside): path for path in later}
        first = self.backup(*MAP)
        require(first["segmentsNew"] == len(self.plain) - LATER, f"first backup: {first}")
        for path, place in places.items():
            shutil.move(path, place)
        second = self.backup()
        require((second["segmentsNew"], second["backupType"]) == (LATER, "incremental"),
                f"second backup: {second}")
        require(first["records"] + second["records"] == EXPECTED_EVENTS,
                f"expected {EXPECTED_EVENTS} records, found {first['records']} and "
                f"{second['records']}")
        require(self.backup()["status"] == "unchanged", "a third backup found something new")
        return first["recoveryPointId"], second["recoveryPointId"]

    def verify(self) -> None:
        reports = atp("verify", self.vault, "--all", keys=self.keys)
        verdicts = [report["verdict"] for report in reports]
        require(verdicts == ["verified"] * 2, f"verdicts: {verdicts}")

    def restore(self, point: str, *scope: str) -> dict[str, bytes]:
        target = self.work / "restored"
        atp("restore", self.vault, point, "--to", target, *scope, keys=self.keys)
        found = contents(target)
        shutil.rmtree(target)
        return found

    def check_times(self, point: str) -> None:
        """Times in RFC 3339 and UTC sort as text."""
        times = {name: sorted(json.loads(line)["eventTime"] for line in text.splitlines())
                 for name, text in self.plain.items()}
        everything = sorted(time for each in times.values() for time in each)
        for since, until in [(0.25, 0.5), (0.5, 0.55), (0, 0.1), (0.9, 1)]:
            begin, end = (everything[int(part * (len(everything) - 1))] for part in (since, until))
            expected = {name: self.plain[name] for name, each in times.items()
                        if each and each[0] < end and each[-1] >= begin}
            require(0 < len(expected) < len(self.plain), "a range that names none or all")
            found = self.restore(point, "--since", begin, "--until", end)
            require_equal(f"{begin} to {end}", expected, found)

    def check_opaque(self) -> None:
        """Through the map every event has its time: none is opaque."""
        for path in (self.vault / "store/manifests").rglob("*.json"):
            manifest = json.loads(path.read_bytes())
            require(manifest["opaqueRecords"] == 0, f"{path.name}: opaque records")

    def run(self) -> None:
        self.convert()
        self.compress_some()
        atp("init", self.vault, "--region", "here", keys=self.keys)
        first, second = self.back_up_in_two_parts()
        self.verify()
        require_equal("all segments", self.plain, self.restore(second))
        require(len(self.restore(first)) == len(self.plain) - LATER, "the first point has others")
        self.check_times(second)
        self.check_opaque()
        print(f"{EXPECTED_EVENTS} events in {len(self.plain)} segments came back byte for byte")


def main() -> int:
    missing = f"no CloudTrail events in {EVENTS}" if not EVENTS.is_dir() else None
    if shutil.which("zstd") is None:
        missing = "no zstd command"
    if missing:
        print(missing)
        return 1 if os.environ.get("ATP_CI") == "1" else SKIPPED
    with tempfile.TemporaryDirectory(prefix="atp-real-data-") as folder:
        RealDataTest(pathlib.Path(folder)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
