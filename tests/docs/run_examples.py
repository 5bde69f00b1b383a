#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documentation that runs.

    run_examples.py pages              every marked block of README.md and of each guide, in order, a
                                       page in a scratch folder of its own
    run_examples.py examples FOLDER [MODULE]
                                       the programs of examples/, those of C++ built in FOLDER, and
                                       those of Python with the module in MODULE

A ```sh block below `<!-- run -->` is run; the ```text block that follows it is what it must print,
where `<word>` stands for something without blanks, `<...>` for the rest of its line, and a line
`...` for any lines. A ```cpp block below `<!-- from FILE -->` must stand in FILE.
"""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
EXPECTED = pathlib.Path(__file__).resolve().parent / "examples_expected"
ATP = pathlib.Path(os.environ.get("ATP_BIN", PROJECT / "build/bin/atp"))
GENERATE = pathlib.Path(os.environ.get("ATP_GENERATE", PROJECT / "build/bin/atp-generate"))
END = "\x1e"  # ends a block's output

BLOCK = re.compile(r"^<!-- (run|from (?P<file>\S+)) -->\n```(?P<language>\w+)\n(?P<code>.*?)^```\n"
                   r"(?:```text\n(?P<text>.*?)^```\n)?", re.MULTILINE | re.DOTALL)


class Failure(Exception):
    pass


def pattern_of(expected):
    """A regular expression of the text that `expected` describes."""
    pattern = ""
    for line in expected.splitlines():
        if line == "...":
            pattern += r"(?:.*\n)*"
            continue
        parts = re.split(r"(<\.\.\.>|<\w+>)", line)
        pattern += "".join({"<...>": ".*"}.get(part, r"\S+") if number % 2 else re.escape(part)
                           for number, part in enumerate(parts)) + r"\n"
    return pattern


def require_match(what, expected, found):
    if re.fullmatch(pattern_of(expected), found) is None:
        raise Failure(f"{what}\n--- expected\n{expected}--- found\n{found}---")


def environment(scratch):
    folders = [str(ATP.resolve().parent), str(GENERATE.resolve().parent), os.environ["PATH"]]
    instruments = {name: value for name, value in os.environ.items()
                   if "SAN_OPTIONS" in name or name == "LLVM_PROFILE_FILE"}
    return {"PATH": ":".join(folders), "HOME": str(scratch / "home"), "PROJECT": str(PROJECT),
            "LC_ALL": "C.UTF-8", **instruments}


def check_quoted(place, file, code):
    def unindented(text):
        return "\n".join(line.strip() for line in text.splitlines())

    if unindented(code) not in unindented((PROJECT / file).read_text()):
        raise Failure(f"{place}: does not stand in {file}")


def check_page(page, scratch):
    name = page.relative_to(PROJECT)
    text = page.read_text()
    blocks = list(BLOCK.finditer(text))
    marked = len(re.findall(r"^<!-- (?:run|from \S+) -->$", text, re.MULTILINE))
    if marked != len(blocks) or not blocks:
        raise Failure(f"{name}: {marked} marks, {len(blocks)} blocks below one")
    script, expected = "set -euo pipefail\nexec 2>&1\n", []
    for block in blocks:
        place = f"{name}, line {text.count(chr(10), 0, block.start()) + 1}"
        if block["file"]:
            check_quoted(place, block["file"], block["code"])
            continue
        script += f"{block['code']}printf '{END}'\n"
        expected.append((place, block["text"] or ""))
    done = subprocess.run(["bash", "-c", script], cwd=scratch / "work", env=environment(scratch),
                          stdout=subprocess.PIPE, text=True)
    outputs = done.stdout.split(END)
    for (place, text), found in zip(expected, outputs):
        require_match(place, text, found)
    if done.returncode != 0:
        place = expected[min(len(outputs), len(expected)) - 1][0]
        raise Failure(f"{place}: exit code {done.returncode}\n{outputs[-1]}")
    print(f"{len(expected)} blocks of {name} print what they say")


def check_examples(scratch, command_of):
    """The same story for each language: `command_of` has the command of an example."""
    env, work = environment(scratch), scratch / "work"

    def run(*command, code=0):
        done = subprocess.run([str(part) for part in command], cwd=work, env=env,
                              stdout=subprocess.PIPE, text=True)
        if done.returncode != code:
            raise Failure(f"{command}: exit code {done.returncode}, expected {code}\n{done.stdout}")
        return done.stdout

    def example(name, *arguments, code=0, expected=None):
        found = run(*command_of(name), *arguments, code=code)
        require_match(name, (EXPECTED / f"{expected or name}.txt").read_text(), found)
        return found

    run("atp", "init", "vault", "--region", "local", "--keys", "keys")
    run("atp-generate", "--out", "source", "--stream", "a", "--segments", "2", "--segment-bytes",
        "64K")
    taken = example("take_backup", "vault", "keys", "acme", "source")
    point = taken.split()[1]
    example("verify_point", "vault", "keys/trust.json", point)
    example("write_store", "vault", "keys/trust.json", point)
    example("read_records", "vault", "keys", point, "a", "000001", "3", "5")
    example("prove_record", "vault", "keys", point, "a", "000001", "3")
    example("export_records", "vault", "keys", point, "a/000001", "3", "5", "bundle")
    (work / "source/a/000002.jsonl.open").touch()
    example("take_backup", "vault", "keys", "acme", "source", expected="take_backup_partial")
    package = next((work / "vault/store/segments/acme/a").glob("000000.*"))
    stored = package.read_bytes()
    package.write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
    example("verify_point", "vault", "keys/trust.json", point, code=20,
            expected="verify_point_damaged")
    run(*command_of("verify_point"), "vault", "keys/trust.json", "RP-none", code=4)


def check_all_examples(folder, module):
    languages = {"C++": lambda name: [folder / name]}
    if module:
        languages["Python"] = lambda name: ["env", f"PYTHONPATH={module}", "/usr/bin/python3",
                                            PROJECT / f"examples/{name}.py"]
    for language, command_of in languages.items():
        with scratch_folder() as scratch:
            check_examples(scratch, command_of)
        print(f"the examples in {language} print what they should")


@contextlib.contextmanager
def scratch_folder():
    with tempfile.TemporaryDirectory(prefix="atp-docs-") as name:
        scratch = pathlib.Path(name)
        (scratch / "work").mkdir()
        (scratch / "home").mkdir()
        yield scratch


def main():
    arguments = [pathlib.Path(each).resolve() for each in sys.argv[2:]]
    try:
        if sys.argv[1:] == ["pages"]:
            for page in (PROJECT / "README.md", *sorted((PROJECT / "docs/guides").glob("*.md"))):
                with scratch_folder() as scratch:
                    check_page(page, scratch)
        elif sys.argv[1:2] == ["examples"] and len(arguments) in (1, 2):
            check_all_examples(arguments[0], arguments[1] if len(arguments) > 1 else None)
        else:
            sys.exit(__doc__)
    except Failure as failure:
        print(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
