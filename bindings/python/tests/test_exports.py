# SPDX-License-Identifier: Apache-2.0
import pickle

import pytest

import atp_backup as ab
from conftest import line
from test_parties import change_trust, key_pair, trusted


@pytest.fixture
def point(vault, source):
    (source / "audit" / "000007.jsonl").write_text(line(7) + line(8) + line(9))
    return vault.take_backup(source, tenant="acme").recovery_point_id


def test_records_are_handed_over_and_checked_without_the_vault(vault, point, trust, tmp_path):
    seen = []
    exported = vault.export_records(
        point,
        records=[
            ("audit/000007", range(0, 2)),
            ab.RecordPlace(segment="audit/000007", number=1),
            "audit/000007",
        ],
        to=tmp_path / "out",
        on_progress=seen.append,
    )
    vault.close()
    assert exported and exported.manifest.records == 3 and not exported.manifest.timestamped
    assert (tmp_path / "out/data/audit/000007.jsonl").read_text() == line(7) + line(8) + line(9)
    assert {each.stage for each in seen} <= {"export"}
    checked = ab.verify_export(tmp_path / "out", trust=trust)
    assert checked and not checked.failures and checked.manifest == exported.manifest
    assert checked.checkpoint == exported.checkpoint and checked.checkpoint.size == 2
    assert {file.name for file in checked.manifest.files} >= {"checkpoint.txt"}
    assert pickle.loads(pickle.dumps(checked)) == checked
    assert ab.CheckedExport.of(checked.to_dict()) == checked
    assert ab.ExportResult.of(exported.to_dict()) == exported


def test_a_bundle_that_was_changed_is_false(vault, point, trust, tmp_path):
    vault.export_records(point, records=["audit/000007"], to=tmp_path / "out")
    (tmp_path / "out/data/audit/000007.jsonl").write_text(line(7) + line(8) + line(8))
    checked = ab.verify_export(tmp_path / "out", trust=trust)
    assert not checked and checked.manifest is None
    assert "export.files" in {check.name for check in checked.failures}
    with pytest.raises(ab.NotFoundError):
        ab.verify_export(tmp_path / "nowhere", trust=trust)


def test_what_cannot_be_handed_over_raises_by_kind(vault, point, tmp_path):
    for records in [[], [("audit/000007", range(0, 4))], [("audit/000007", range(0))],
                    [("audit/000007", range(0, 3, 2))], ["audit"]]:
        with pytest.raises(ab.InvalidArgumentError):
            vault.export_records(point, records=records, to=tmp_path / "out")
    with pytest.raises(ab.NotFoundError):
        vault.export_records(point, records=["audit/000099"], to=tmp_path / "out")
    with pytest.raises(TypeError):
        vault.export_records(point, records="audit/000007", to=tmp_path / "out")
    with pytest.raises(ab.AlreadyExistsError):
        vault.export_records(point, records=["audit/000007"], to=tmp_path)
    with pytest.raises(ab.InvalidArgumentError):
        vault.export_records(point, records=["audit/000007"], to=vault.folder / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_that_needs_approvals_takes_them_once(vault, point, home, tmp_path):
    keys = {name: key_pair(tmp_path, name) for name in ("alice", "bob", "carol")}

    def add_rule(policy):
        policy["keys"] += [trusted(spki, "approver", name) for name, spki in keys.items()]
        policy["approvals"] = {
            "approvers": [{"name": name, "roles": ["dpo"]} for name in keys],
            "rules": [{"action": "export", "roles": ["dpo"], "threshold": 2}],
        }

    trust = change_trust(home, add_rule)
    records = [("audit/000007", range(0, 1))]
    with ab.open_vault(vault.folder) as opened:
        with pytest.raises(ab.NotApprovedError):
            opened.export_records(point, records=records, to=tmp_path / "out")
        request = opened.request_export(point, records=records, key=tmp_path / "alice.pem")
        approvals = [ab.approve(request, trust=trust, key=tmp_path / f"{name}.pem", role="dpo")
                     for name in ("bob", "carol")]
        more = [*records, ("audit/000007", range(2, 3))]
        with pytest.raises(ab.NotApprovedError):
            opened.export_records(
                point, records=more, to=tmp_path / "out", request=request, approvals=approvals)
        assert opened.export_records(
            point, records=records, to=tmp_path / "out", request=request, approvals=approvals)
        with pytest.raises(ab.NotApprovedError):
            opened.export_records(
                point, records=records, to=tmp_path / "2", request=request, approvals=approvals)
    assert ab.verify_export(tmp_path / "out", trust=trust)
