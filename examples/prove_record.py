# SPDX-License-Identifier: Apache-2.0
"""What shows one record to a court, and what the court does with it:
prove_record.py VAULT KEYS POINT STREAM SEGMENT NUMBER"""

import sys

import atp_backup as ab


def main(folder: str, keys: str, point: str, stream: str, segment: str, number: str) -> int:
    with ab.open_vault(folder, keys=keys) as vault:
        proof = vault.prove_record(point, f"{stream}/{segment}", int(number))
    # From here on, no vault and no secret: only the proof and a trust policy.
    checked = ab.check_record_proof(proof, trust=f"{keys}/trust.json")
    print(checked.report.verdict)
    if checked.proven:
        shown = checked.proven
        print(f"entry {shown.entry} of {shown.checkpoint.size}: {shown.record.decode()}")
    return 0 if checked else 20


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
