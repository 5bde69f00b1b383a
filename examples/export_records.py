# SPDX-License-Identifier: Apache-2.0
"""Hands records over, and checks what was handed over:
export_records.py VAULT KEYS POINT STREAM/SEGMENT START STOP BUNDLE"""

import sys

import atp_backup as ab


def main(folder: str, keys: str, point: str, segment: str, start: str, stop: str,
         bundle: str) -> int:
    with ab.open_vault(folder, keys=keys) as vault:
        vault.export_records(point, records=[(segment, range(int(start), int(stop)))], to=bundle)
    report = ab.verify_export(bundle, trust=f"{keys}/trust.json")
    for check in report.failures:
        print(check.name, check.subject, check.found)
    if report.manifest:
        print(f"{report.manifest.records} records, {len(report.manifest.files)} files")
    return 0 if report else 20


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
