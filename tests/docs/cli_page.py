#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/cli.md is what `--help` of every command says. Without --write: fails where it is not."""

import os
import pathlib
import re
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs/cli.md"
ATP = os.environ.get("ATP_BIN", PROJECT / "build/bin/atp")
HEAD = """# The command

What `--help` prints, and `man atp-COMMAND` shows. The [README](../README.md) has the tasks and the exit codes,
[`guides/operator.md`](guides/operator.md) what to run when.
"""


def help_of(*words):
    return subprocess.run([ATP, *words, "--help"], capture_output=True, text=True, check=True).stdout


def subcommands(text):
    _, _, listed = text.partition("\nSubcommands:\n")
    return re.findall(r"^  (\S+)", listed, re.MULTILINE)


def sections(*words):
    text = help_of(*words)
    yield f"\n## atp {' '.join(words)}".rstrip() + f"\n\n```text\n{text.rstrip()}\n```\n"
    for name in subcommands(text):
        yield from sections(*words, name)


def main():
    page = HEAD + "".join(sections())
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page)
    elif not PAGE.exists() or PAGE.read_text() != page:
        sys.exit("docs/cli.md is not what --help says: run tests/docs/cli_page.py --write")


if __name__ == "__main__":
    main()
