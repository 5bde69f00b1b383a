# SPDX-License-Identifier: Apache-2.0
"""The command and the module show a result in one form."""

import dataclasses
import json
import os
import subprocess

import pytest

import atp_backup as ab


@pytest.fixture
def printed():
    """What the command prints, an object a line."""
    command = os.environ.get("ATP_BIN")
    if command is None:
        if os.environ.get("ATP_CI") == "1":
            pytest.fail("ATP_BIN does not say where atp is")
        pytest.skip("ATP_BIN does not say where atp is")

    def run(*arguments):
        done = subprocess.run([command, "--json", "--quiet", *arguments], capture_output=True, text=True)
        return [json.loads(text) for text in done.stdout.splitlines()]

    return run


def test_what_the_command_prints_is_read_as_the_same_values(vault, source, printed):
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    folder = vault.folder
    assert [ab.Report.of(each) for each in printed("verify", folder)] == [vault.verify_point(point)]
    [checkpoint] = printed("ledger", "checkpoint", folder, "--tenant", "acme")
    assert ab.Checkpoint.of(checkpoint) == vault.newest_checkpoint(tenant="acme").checkpoint
    [anchors] = printed("ledger", "anchor", folder, "--tenant", "acme")
    assert ab.Anchors.of(anchors) == vault.anchor_ledger(tenant="acme")
    [doctor] = printed("doctor", folder, "--dry-run")
    assert [ab.Finding.of(each) for each in doctor["findings"]] == vault.examine(mend=False)
    [rebuilt] = printed("catalog", "rebuild", folder)
    assert ab.RebuildResult.of(rebuilt) == vault.rebuild_catalog()
    again = [ab.BackupResult.of(each) for each in printed("backup", folder, "--tenant", "acme", "--from", source)]
    again.append(vault.take_backup(source, tenant="acme"))
    assert again[0].scrub and again[1].scrub
    first, second = (dataclasses.replace(each, anchors=ab.Anchors(), scrub=again[0].scrub)
                     for each in again)
    assert first == second and first.tenant == "acme" and first.status == "unchanged"


def test_a_damaged_package_is_named_by_both(vault, source, printed):
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    path = next(vault.folder.glob("store/**/000000.*.age"))
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 2] ^= 1
    path.write_bytes(stored)
    [report] = [ab.Report.of(each) for each in printed("verify", vault.folder)]
    assert report == vault.verify_point(point)
    assert any(check.segment is not None for check in report.failures)


def test_a_proof_is_read_as_the_command_prints_it(vault, source, trust, printed, tmp_path):
    point = vault.take_backup(source, tenant="acme")
    proof = vault.prove_record(point, "audit/000000", 2)
    (tmp_path / "proof").write_text(proof)
    checked = ab.check_record_proof(proof, trust=trust)
    [found] = printed("check-proof", tmp_path / "proof", "--trust", trust)
    assert found["verdict"] == checked.report.verdict
    assert ab.CheckedProof.of({"report": checked.report, "proven": found["proven"]}) == checked


def test_bytes_that_are_no_text_are_shown_in_one_way(tmp_path):
    with pytest.raises(ab.NotFoundError) as raised:
        ab.open_vault(os.fsencode(tmp_path) + b"/n\xff", keys=tmp_path)
    assert raised.value.subject.endswith("/n=FF")
