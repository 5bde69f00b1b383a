#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of docs/threat-model.md: it has the claimed threats, each with folders whose tests name
it, in bold where a mutation brings it back. `--write` puts in all folders and the bold ids."""

import pathlib
import re
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
TESTS = PROJECT / "tests"
PAGE = PROJECT / "docs/threat-model.md"
ROW = re.compile(r"^\| (\*\*)?(T\d{3})(?:\*\*)? \| (.*) \| (.*) \|$", re.MULTILINE)

sys.path.insert(0, str(TESTS))
import check_threats  # noqa: E402


def folders_by_id():
    """Threat id to the folders below tests/ whose tests name it."""
    folders = {}
    for path in sorted(TESTS.rglob("*_test.cpp")) + sorted(TESTS.rglob("contract_*.py")):
        for threat in re.findall(r"(?<![A-Za-z0-9])T\d{3}(?=_)", path.read_text(encoding="utf-8")):
            folders.setdefault(threat, []).append(path.parent.name)
    return {threat: sorted(set(names)) for threat, names in folders.items()}


def main():
    folders = folders_by_id()
    mutated = {path.name[:4] for path in (TESTS / "mutations").glob("T???_*.patch")}

    def row(match):
        shown = f"**{match[2]}**" if match[2] in mutated else match[2]
        return f"| {shown} | {match[3]} | {', '.join(folders.get(match[2], []))} |"

    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv[1:]:
        page = ROW.sub(row, page)
        PAGE.write_text(page, encoding="utf-8")
    listed = [match[2] for match in ROW.finditer(page)]
    claimed = check_threats.claimed_ids()
    problems = [f"claimed and not in the table: {threat}" for threat in claimed
                if threat not in listed]
    problems += [f"in the table and not claimed: {threat}" for threat in listed
                 if threat not in claimed]
    for match in ROW.finditer(page):
        missing = set(match[4].split(", ")) - set(folders.get(match[2], []))
        if missing:
            problems.append(f"{match[2]}: no test names it in: {' '.join(sorted(missing))}")
        if bool(match[1]) != (match[2] in mutated):
            problems.append(f"{match[2]}: bold means that a mutation brings it back")
    if listed != sorted(set(listed)):
        problems.append("rows are not in order of their ids")
    if problems:
        problems.append("`tests/docs/check_threat_model.py --write` corrects folders and bold ids")
    print("\n".join(problems) or f"{len(listed)} threats are where the table says")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
