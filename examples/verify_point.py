# SPDX-License-Identifier: Apache-2.0
"""What an auditor does, with a copy of the vault and public keys: verify_point.py VAULT TRUST POINT"""

import sys

import atp_backup as ab


def main(folder: str, trust: str, point: str) -> int:
    with ab.open_vault(folder, trust=trust) as vault:
        report = vault.verify_point(point, depth="stored")
    for check in report.failures:
        print(f"{check.name} {check.subject}: expected {check.expected}, found {check.found}")
    print(report.verdict)
    return 0 if report else 20


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except ab.NotFoundError as error:
        print(error, file=sys.stderr)
        sys.exit(4)
