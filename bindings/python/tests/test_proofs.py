# SPDX-License-Identifier: Apache-2.0
import pickle

import pytest

import atp_backup as ab
from conftest import line


@pytest.fixture
def point(vault, source):
    (source / "audit" / "000007.jsonl").write_text(line(7, id="r-7") + line(8, id="r-8") * 2)
    return vault.take_backup(source, tenant="acme").recovery_point_id


def test_a_proof_shows_one_record_to_who_has_a_trust_policy(vault, point, trust, source):
    proof = vault.prove_record(point, "audit/000007", 0)
    vault.close()
    checked = ab.check_record_proof(proof, trust=trust)
    assert checked and checked.report and not checked.report.failures
    proven = checked.proven
    assert proven.record == line(7, id="r-7").encode()[:-1]
    assert (proven.tenant, proven.segment, proven.number) == ("acme", "audit/000007", 0)
    assert proven.recovery_point_id == point and proven.completed_at.tzinfo is not None
    assert proven.checkpoint.size == 2 and proven.entry == 1
    assert pickle.loads(pickle.dumps(checked)) == checked
    assert ab.CheckedProof.of(checked.to_dict()) == checked


def test_a_forged_proof_shows_nothing(vault, point, trust):
    proof = vault.prove_record(point, "audit/000007", 0)
    checked = ab.check_record_proof(proof.replace("index 1", "index 0"), trust=trust)
    assert not checked and checked.proven is None and checked.report.failures
    assert not ab.check_record_proof("", trust=trust)


def test_records_are_found_by_their_id(vault, point):
    found = vault.find_records(point, "r-7")
    assert found.places == (ab.RecordPlace(segment="audit/000007", number=0),)
    assert found.unsearched == 0 and ab.FoundRecords.of(found.to_dict()) == found
    assert [place.number for place in vault.find_records(point, "r-8").places] == [1, 2]
    assert vault.find_records(point, "r-9") == ab.FoundRecords(places=(), unsearched=0)


def test_numbers_are_ids_and_records_that_cannot_be_read_are_counted(vault, source):
    (source / "audit" / "000009.jsonl").write_text('{"id":4711}\n{"id":"a","id":"b"}\n')
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    found = vault.find_records(point, "4711")
    assert found.places == (ab.RecordPlace(segment="audit/000009", number=0),)
    assert vault.find_records(point, "a") == ab.FoundRecords(places=(), unsearched=1)


def test_what_cannot_be_proven_raises_by_kind(vault, point, trust, home):
    with pytest.raises(ab.InvalidArgumentError):
        vault.prove_record(point, "audit/000007", 3)
    with pytest.raises(ab.NotFoundError):
        vault.prove_record(point, "audit/000099", 0)
    with pytest.raises(ab.InvalidArgumentError):
        vault.prove_record(point, "audit", 0)
    with ab.open_vault(vault.folder, trust=trust, keys=trust.parent) as keyless:
        with pytest.raises(ab.UnauthenticatedError):
            keyless.prove_record(point, "audit/000007", 0)


def test_a_kept_checkpoint_exposes_a_rewrite(vault, point, source):
    kept = vault.newest_checkpoint(tenant="acme")
    assert kept.note.startswith(f"{kept.checkpoint.origin}\n2\n")
    (source / "audit" / "000008.jsonl").write_text(line(9))
    vault.take_backup(source, tenant="acme")
    found = vault.check_consistency(kept.note, tenant="acme")
    assert found and (found.old.size, found.new.size) == (2, 3) and len(found.proof) == 1
    entry = vault.folder / "store/ledger/acme/0/entries" / f"{1:020}"
    entry.write_bytes(entry.read_bytes().replace(b'"index":1', b'"index":2'))
    assert not vault.check_consistency(kept.note, tenant="acme")
    assert not vault.audit_ledger(tenant="acme")


def test_a_ledger_is_audited_and_published(vault, point, tmp_path):
    audit = vault.audit_ledger(tenant="acme")
    assert audit and (audit.entries, audit.checkpoints, audit.documents) == (2, 1, 1)
    assert vault.publish_ledger(tenant="acme", to=tmp_path / "published") == 2
    assert (tmp_path / "published/checkpoint").read_text() == \
        vault.newest_checkpoint(tenant="acme").note
    with pytest.raises(ab.InvalidArgumentError):
        vault.publish_ledger(tenant="acme", to=vault.folder / "published")
    with pytest.raises(ab.NotFoundError):
        vault.newest_checkpoint(tenant="nobody")


def test_a_halted_tenant_goes_on_once_it_is_resolved(vault, point, source):
    kept = vault.newest_checkpoint(tenant="acme").note
    entry = vault.folder / "store/ledger/acme/0/entries" / f"{1:020}"
    stored = entry.read_bytes()
    entry.unlink()
    with pytest.raises(ab.CorruptError):
        vault.take_backup(source, tenant="acme")
    with pytest.raises(ab.CorruptError):
        vault.resolve_halt(tenant="acme")
    entry.write_bytes(stored)
    with pytest.raises(ab.PreconditionFailedError, match="is halted since"):
        vault.take_backup(source, tenant="acme")
    halt = vault.resolve_halt(tenant="acme", old_note=kept)
    assert halt.tenant == "acme" and halt.halted_at.tzinfo and "entries" in halt.message
    vault.take_backup(source, tenant="acme")
    with pytest.raises(ab.NotFoundError):
        vault.resolve_halt(tenant="acme")
