# SPDX-License-Identifier: Apache-2.0
"""Runs the built `atp` for the tests written in Python."""
import json
import os
import pathlib
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def program(variable: str, name: str) -> str:
    return os.environ.get(variable, str(PROJECT / "build/bin" / name))


ATP = program("ATP_BIN", "atp")
STRANGER = PROJECT / "tests/stranger/verify.py"
GENERATE = program("ATP_GENERATE", "atp-generate")


# What a build with sanitizers or coverage wants to know, wherever the environment is made anew.
INSTRUMENTS = {name: value for name, value in os.environ.items()
               if "SAN_OPTIONS" in name or name == "LLVM_PROFILE_FILE"}


def atp(verb: str, *arguments, keys: pathlib.Path, expect: tuple[int, ...] = (0,)) -> list[dict]:
    """The objects that `atp VERB ... --json` prints; another exit code than expected is an error."""
    command = [ATP, *verb.split(), *map(str, arguments), "--keys", str(keys), "--json", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in expect:
        raise AssertionError(f"exit {done.returncode}, expected {expect}: {' '.join(command)}\n"
                             f"{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    """Every file below `folder` by its relative name."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def require_equal(what: str, expected: dict[str, bytes], found: dict[str, bytes]) -> None:
    names = [name for name in sorted(expected.keys() | found.keys())
             if expected.get(name) != found.get(name)]
    if names:
        raise AssertionError(f"{what}: these differ or are on one side only: {', '.join(names)}")
