# SPDX-License-Identifier: Apache-2.0
"""Takes a recovery point: take_backup.py VAULT KEYS TENANT SOURCE"""

import sys

import atp_backup as ab


def main(folder: str, keys: str, tenant: str, source: str) -> None:
    with ab.open_vault(folder, keys=keys) as vault:
        result = vault.take_backup(source, tenant=tenant)
        print(result.status, result.recovery_point_id)
        print(f"{result.segments_new} new segments, {result.records} records")
        for each in result.skipped:
            print(f"skipped {each.name}: {each.reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
