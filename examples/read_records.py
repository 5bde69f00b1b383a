# SPDX-License-Identifier: Apache-2.0
"""Prints some records of a segment: read_records.py VAULT KEYS POINT STREAM SEGMENT FROM TO"""

import sys

import atp_backup as ab


def main(folder: str, keys: str, point: str, stream: str, segment: str, start: str, stop: str) -> None:
    with ab.open_vault(folder, keys=keys) as vault:
        name = f"{stream}/{segment}"
        records = vault.read_records(point, name, start=int(start), stop=int(stop))
        for number, record in enumerate(records, int(start)):
            print(number, record.decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
