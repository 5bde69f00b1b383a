#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One table: the hot functions by themselves, then whole commands beside restic, borg and
`tar | zstd | age`, on the same data in the same run.

The functions are those of build/bin/atp-bench (Google Benchmark), medians over the same number of
rounds. Then each round takes every peer once through backup, verified restore and verify, with another peer
first each time. The data is read before every step so that caches are alike, everything is synced
between steps, and each peer syncs its own output as it always does (the pipe does not at all).
Times are medians over the rounds, peaks the highest; that of a pipe is the sum over its commands.
No peak is below this script's own, some 15 MB: a child inherits it until it runs its command.
"""
import argparse
import contextlib
import dataclasses
import filecmp
import json
import os
import pathlib
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
STEPS = ("backup", "restore", "verify")
SEGMENT_BYTES = 64 << 20
MEGABYTE = 1_000_000


@dataclasses.dataclass
class Command:
    """Commands joined by pipes."""

    parts: list[list[str]]
    cwd: pathlib.Path | None = None
    env: dict[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        line = " | ".join(shlex.join(part) for part in self.parts)
        env = "".join(f"{name}={shlex.quote(value)} " for name, value in self.env.items())
        return (f"cd {shlex.quote(str(self.cwd))} && " if self.cwd else "") + env + line


@dataclasses.dataclass
class Cost:
    wall: float  # seconds
    cpu: float  # seconds, user and system
    rss: int  # bytes at the peak
    output: str = dataclasses.field(repr=False)


def measure(command: Command) -> Cost:
    """Runs the command; a failing part ends the comparison."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        children, source = [], subprocess.DEVNULL
        for part in command.parts:
            last = part is command.parts[-1]
            child = subprocess.Popen(part, stdin=source, cwd=command.cwd,
                                     stdout=output if last else subprocess.PIPE,
                                     env=os.environ | command.env)
            if children:
                source.close()
            source = child.stdout
            children.append(child)
        usages = [wait(child) for child in children]
        wall = time.monotonic() - started
        output.seek(0)
        return Cost(wall=wall, cpu=sum(usage.ru_utime + usage.ru_stime for usage in usages),
                    rss=sum(usage.ru_maxrss for usage in usages) * 1024,
                    output=output.read().decode())


def wait(child: subprocess.Popen):
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"exit {child.returncode}: {shlex.join(child.args)}")
    return usage


class Atp:
    name = "atp"

    def __init__(self, options, data: pathlib.Path, folder: pathlib.Path):
        self.atp, self.data = str(options.atp), data
        self.vault, self.keys, self.point = str(folder / "vault"), str(folder / "keys"), ""
        measure(self.command("init", self.vault, "--region", "bench"))

    def command(self, verb: str, *arguments: str) -> Command:
        return Command([[self.atp, verb, *arguments, "--keys", self.keys, "--json", "--quiet"]])

    def backup(self) -> Command:
        return self.command("backup", self.vault, "--tenant", "bench", "--from", str(self.data))

    def backed_up(self, output: str) -> None:
        self.point = json.loads(output)["recoveryPointId"]

    def restore(self, target: pathlib.Path) -> Command:
        return self.command("restore", self.vault, self.point, "--to", str(target))

    def verify(self) -> Command:
        return self.command("verify", self.vault, self.point)

    def stored_bytes(self) -> int:
        return tree_bytes(pathlib.Path(self.vault))

    @staticmethod
    def version(options) -> list[str]:
        return [str(options.atp), "--version"]


class Restic:
    name = "restic"

    def __init__(self, options, data: pathlib.Path, folder: pathlib.Path):
        self.data, self.repository = data, folder / "repository"
        password = folder / "password"
        password.write_text("a password for the benchmark\n")
        self.env = {"RESTIC_REPOSITORY": str(self.repository),
                    "RESTIC_PASSWORD_FILE": str(password),
                    "RESTIC_CACHE_DIR": str(folder / "cache")}
        measure(self.command("init"))

    def command(self, *arguments: str, cwd: pathlib.Path | None = None) -> Command:
        return Command([["restic", "--quiet", *arguments]], cwd=cwd, env=self.env)

    def backup(self) -> Command:
        return self.command("backup", ".", cwd=self.data)

    def backed_up(self, output: str) -> None:
        pass

    def restore(self, target: pathlib.Path) -> Command:
        return self.command("restore", "latest", "--verify", "--target", str(target))

    def verify(self) -> Command:
        return self.command("check", "--read-data")

    def stored_bytes(self) -> int:
        return tree_bytes(self.repository)

    @staticmethod
    def version(options) -> list[str]:
        return ["restic", "version"]


class Borg:
    name = "borg"

    def __init__(self, options, data: pathlib.Path, folder: pathlib.Path):
        self.data, self.repository = data, folder / "repository"
        self.archive = f"{self.repository}::archive"
        self.env = {"BORG_PASSPHRASE": "a password for the benchmark",
                    "BORG_BASE_DIR": str(folder / "home")}
        measure(self.command("init", "--encryption", "repokey-blake2", str(self.repository)))

    def command(self, *arguments: str, cwd: pathlib.Path | None = None) -> Command:
        return Command([["borg", *arguments]], cwd=cwd, env=self.env)

    def backup(self) -> Command:
        return self.command("create", "--compression", "zstd,3", self.archive, ".", cwd=self.data)

    def backed_up(self, output: str) -> None:
        pass

    def restore(self, target: pathlib.Path) -> Command:
        """Every chunk's MAC is checked as it is extracted; borg syncs nothing here."""
        target.mkdir()
        return self.command("extract", self.archive, cwd=target)

    def verify(self) -> Command:
        return self.command("check", "--verify-data", str(self.repository))

    def stored_bytes(self) -> int:
        return tree_bytes(self.repository)

    @staticmethod
    def version(options) -> list[str]:
        return ["borg", "--version"]


class Pipe:
    """No index, no manifest, no digest of the plain bytes, no access to one segment."""

    name = "tar-zstd-age"

    def __init__(self, options, data: pathlib.Path, folder: pathlib.Path):
        self.data, self.archive, self.key = data, folder / "archive.age", folder / "key"
        subprocess.run(["age-keygen", "-o", self.key], check=True, capture_output=True)
        answer = subprocess.run(["age-keygen", "-y", self.key], check=True, capture_output=True)
        self.recipient = answer.stdout.decode().strip()

    def backup(self) -> Command:
        return Command([["tar", "-C", str(self.data), "-cf", "-", "."],
                        ["zstd", "-q", "-T2", "-3"],
                        ["age", "-r", self.recipient, "-o", str(self.archive)]])

    def backed_up(self, output: str) -> None:
        pass

    def opened(self) -> list[str]:
        return ["age", "-d", "-i", str(self.key), str(self.archive)]

    def restore(self, target: pathlib.Path) -> Command:
        target.mkdir()
        return Command([self.opened(), ["zstd", "-q", "-d"],
                        ["tar", "-C", str(target), "-xf", "-"]])

    def verify(self) -> Command:
        return Command([self.opened(), ["zstd", "-q", "-t"]])

    def stored_bytes(self) -> int:
        return self.archive.stat().st_size

    @staticmethod
    def version(options) -> list[str]:
        return ["age", "--version"]


PEERS = {peer.name: peer for peer in (Atp, Restic, Borg, Pipe)}


def files_of(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def tree_bytes(folder: pathlib.Path) -> int:
    return sum(path.stat().st_size for path in files_of(folder))


def warm_up(folder: pathlib.Path) -> None:
    buffer = bytearray(1 << 20)
    for path in files_of(folder):
        with open(path, "rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def remove_tree(folder: pathlib.Path) -> None:
    """Of read-only files and folders too."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


def check_restored(name: str, data: pathlib.Path, target: pathlib.Path) -> None:
    for path in files_of(data):
        copy = target / path.relative_to(data)
        if not copy.is_file() or not filecmp.cmp(path, copy, shallow=False):
            raise SystemExit(f"{name}: {copy} is not the {path} that was backed up")


class Comparison:
    def __init__(self, options, data: pathlib.Path, work: pathlib.Path):
        self.options, self.data, self.work = options, data, work
        self.costs = {name: {step: [] for step in STEPS} for name in options.peers}
        self.stored = {name: [] for name in options.peers}
        self.commands = {name: {} for name in options.peers}

    def run(self) -> None:
        for number in range(self.options.rounds):
            first = number % len(self.options.peers)
            order = self.options.peers[first:] + self.options.peers[:first]
            folder = self.work / f"round-{number}"
            peers = {}
            for name in order:
                (folder / name).mkdir(parents=True)
                peers[name] = PEERS[name](self.options, self.data, folder / name)
            for step in STEPS:
                for name in order:
                    self.take(step, peers[name], folder / name / "restored")
            remove_tree(folder)

    def take(self, step: str, peer, target: pathlib.Path) -> None:
        command = peer.restore(target) if step == "restore" else getattr(peer, step)()
        if step not in self.commands[peer.name]:
            self.commands[peer.name][step] = str(command)
            print(f"{peer.name:13} {step:8} {command}", flush=True)
        os.sync()
        warm_up(self.data)
        cost = measure(command)
        self.costs[peer.name][step].append(cost)
        print(f"{peer.name:13} {step:8} {cost.wall:8.2f} s", file=sys.stderr, flush=True)
        if step == "backup":
            peer.backed_up(cost.output)
            self.stored[peer.name].append(peer.stored_bytes())
        if step == "restore":
            check_restored(peer.name, self.data, target)
            remove_tree(target)

    def median(self, name: str, step: str, field: str) -> float:
        return statistics.median(getattr(cost, field) for cost in self.costs[name][step])

    def stored_median(self, name: str) -> float:
        return statistics.median(self.stored[name])

    def rows(self) -> list[dict]:
        rows = []
        for step in STEPS:
            for name in self.options.peers:
                walls = [cost.wall for cost in self.costs[name][step]]
                rows.append({"step": step, "peer": name, "wall": self.median(name, step, "wall"),
                             "wallMin": min(walls), "wallMax": max(walls),
                             "cpu": self.median(name, step, "cpu"),
                             "rss": max(cost.rss for cost in self.costs[name][step])})
        return rows

    def ratios(self) -> list[dict]:
        """How many times a peer's speed atp has, and its output as a part of the peer's."""
        if Atp.name not in self.options.peers:
            return []
        ratios = []
        for name in self.options.peers:
            if name == Atp.name:
                continue
            ratio = {step: self.median(name, step, "wall") / self.median(Atp.name, step, "wall")
                     for step in STEPS}
            ratio["output"] = self.stored_median(Atp.name) / self.stored_median(name)
            ratios.append({"peer": name} | ratio)
        return ratios

    def missed(self) -> list[str]:
        """The targets that atp does not meet."""
        against = {ratio["peer"]: ratio for ratio in self.ratios()}.get(Restic.name)
        if against is None:
            return ["expected atp and restic among the peers"]
        peak = max(row["rss"] for row in self.rows() if row["peer"] == Atp.name)
        wanted = [
            ("backup at least 1.3 times restic's speed", against["backup"] >= 1.3),
            ("output no larger than restic's", against["output"] <= 1.0),
            ("verified restore at least 1.5 times restic's speed", against["restore"] >= 1.5),
            ("peak memory under 300 MB", peak < 300 * MEGABYTE),
        ]
        return [text for text, met in wanted if not met]


def machine(options) -> dict:
    model = "unknown"
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="ascii") as info:
        model = next((line.split(":", 1)[1].strip() for line in info
                      if line.startswith("model name")), model)
    versions = {name: subprocess.run(PEERS[name].version(options), check=True,
                                     capture_output=True).stdout.decode().strip()
                for name in options.peers}
    return {"processors": os.cpu_count(), "model": model, "kernel": platform.release(),
            "versions": versions}


def measure_functions(options) -> list[dict]:
    """Medians of the hot functions, in seconds, and what each gets through in a second."""
    output = measure(Command([[str(options.functions), "--benchmark_format=json",
                               f"--benchmark_repetitions={options.rounds}"]])).output
    runs: dict[str, list[dict]] = {}
    for run in json.loads(output)["benchmarks"]:
        if run["run_type"] == "iteration":
            runs.setdefault(run["run_name"], []).append(run)
    units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
    rows = []
    for name, tries in runs.items():
        walls = [run["real_time"] * units[run["time_unit"]] for run in tries]
        rate = {field: statistics.median(run[field] for run in tries)
                for field in ("bytes_per_second", "items_per_second") if field in tries[0]}
        rows.append({"function": name, "wall": statistics.median(walls), "wallMin": min(walls),
                     "wallMax": max(walls)} | rate)
    return rows


def print_functions(rows: list[dict]) -> None:
    print(f"\n{'function':36} {'median ms':>10} {'min-max':>19} {'rate':>16}")
    for row in rows:
        spread = f"{row['wallMin'] * 1e3:.3f}-{row['wallMax'] * 1e3:.3f}"
        rate = (f"{row['bytes_per_second'] / MEGABYTE:,.0f} MB/s" if "bytes_per_second" in row
                else f"{row['items_per_second']:,.0f} /s")
        print(f"{row['function']:36} {row['wall'] * 1e3:10.3f} {spread:>19} {rate:>16}")


def print_report(comparison: Comparison, size: int) -> None:
    print(f"\n{'step':8} {'peer':13} {'wall s':>8} {'min-max':>15} {'MB/s':>8} {'cpu s':>8} "
          f"{'peak MB':>8} {'output MB':>10}")
    for row in comparison.rows():
        spread = f"{row['wallMin']:.2f}-{row['wallMax']:.2f}"
        output = comparison.stored_median(row["peer"]) / MEGABYTE if row["step"] == "backup" else 0
        print(f"{row['step']:8} {row['peer']:13} {row['wall']:8.2f} {spread:>15} "
              f"{size / row['wall'] / MEGABYTE:8.0f} {row['cpu']:8.2f} "
              f"{row['rss'] / MEGABYTE:8.0f} " + (f"{output:10.1f}" if output else ""))
    for ratio in comparison.ratios():
        speeds = ", ".join(f"{step} {ratio[step]:.2f} times the speed" for step in STEPS)
        print(f"atp beside {ratio['peer']}: {speeds}, output {ratio['output']:.3f}")


def parse_size(text: str) -> int:
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1]) * units[text[-1]] if text[-1:] in units else int(text)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, help="folder of flat segments; generated if absent")
    parser.add_argument("--size", type=parse_size, default="2G", help="of generated data: 200M, 2G")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--work", type=pathlib.Path, help="existing folder for data and vaults")
    parser.add_argument("--atp", type=pathlib.Path, default=PROJECT / "build/bin/atp")
    parser.add_argument("--functions", type=pathlib.Path, help="atp-bench, whose functions come first")
    parser.add_argument("--generate", type=pathlib.Path, default=PROJECT / "build/bin/atp-generate")
    parser.add_argument("--json", type=pathlib.Path, help="file for all figures")
    parser.add_argument("--check", action="store_true", help="exit 1 where a target is missed")
    options = parser.parse_args()
    if options.rounds < 1 or options.size < 1:
        parser.error("--rounds and --size are at least 1")
    options.peers = list(dict.fromkeys(options.peers))
    options.atp = options.atp.resolve()
    return options


def generated(options, work: pathlib.Path) -> pathlib.Path:
    segments = max(1, round(options.size / SEGMENT_BYTES))
    command = [options.generate, "--out", work / "data", "--segments", str(segments),
               "--segment-bytes", str(options.size // segments)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return work / "data"


def main() -> int:
    options = parse_options()
    work = pathlib.Path(tempfile.mkdtemp(prefix="atp-compare-", dir=options.work))
    try:
        data = options.data.resolve() if options.data else generated(options, work)
        size, about = tree_bytes(data), machine(options)
        print(f"{about['processors']} x {about['model']}, {size / MEGABYTE:.1f} MB of data, "
              f"{options.rounds} rounds; " + "; ".join(about["versions"].values()))
        functions = measure_functions(options) if options.functions else []
        comparison = Comparison(options, data, work)
        comparison.run()
    finally:
        remove_tree(work)
    if functions:
        print_functions(functions)
    print_report(comparison, size)
    missed = comparison.missed() if options.check else []
    for text in missed:
        print(f"missed: {text}")
    if options.json:
        options.json.write_text(json.dumps(
            {"machine": about, "bytes": size, "rounds": options.rounds, "functions": functions,
             "commands": comparison.commands, "steps": comparison.rows(),
             "stored": comparison.stored, "ratios": comparison.ratios(), "missed": missed},
            indent=2) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
