#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns CloudTrail files, {"Records": [...]}, into segments of the stream `cloudtrail`.

Each source file becomes one sealed segment of its name, each event one line with its members in
their order. Such a folder is backed up with
    --map time=eventTime --map action=eventName --map actor.id=userIdentity.arn
"""
import argparse
import json
import pathlib
import sys

STREAM = "cloudtrail"


def convert(source: pathlib.Path, target: pathlib.Path) -> tuple[int, int]:
    """Events and bytes written; the final name appears only when the segment is complete."""
    events = json.loads(source.read_bytes())["Records"]
    lines = [json.dumps(event, separators=(",", ":"), ensure_ascii=False) for event in events]
    contents = "".join(line + "\n" for line in lines).encode("utf-8")
    unsealed = target.with_name(target.name + ".tmp")
    unsealed.write_bytes(contents)
    unsealed.rename(target)
    return len(events), len(contents)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=pathlib.Path, help="folder of CloudTrail .json files")
    parser.add_argument("target", type=pathlib.Path, help="folder for the stream, made if absent")
    options = parser.parse_args()

    sources = sorted(options.source.glob("*.json"))
    if not sources:
        print(f"{options.source}: no .json files", file=sys.stderr)
        return 1
    stream = options.target / STREAM
    stream.mkdir(parents=True, exist_ok=True)
    sizes = [convert(source, stream / f"{source.stem}.jsonl") for source in sources]
    events, size = (sum(column) for column in zip(*sizes))
    print(f"{len(sources)} segments, {events} events, {size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
