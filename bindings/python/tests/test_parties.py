# SPDX-License-Identifier: Apache-2.0
"""Anchors, approvals, keys that are sealed and change."""
import json
import os
import subprocess

import pytest

import atp_backup as ab

PASSPHRASE = "correct horse battery"


def key_pair(tmp_path, name):
    """The public key's SPKI; the private one is in `NAME.pem`."""
    secret, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.der"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", secret], check=True)
    subprocess.run(["openssl", "pkey", "-in", secret, "-pubout", "-outform", "DER", "-out", public],
                   check=True)
    os.chmod(secret, 0o600)
    return public.read_bytes()


def trusted(spki, role, name):
    import base64
    import hashlib
    return {"algorithm": "Ed25519", "keyId": hashlib.sha256(spki).hexdigest(),
            "publicKey": base64.b64encode(spki).decode(), "role": role, "name": name}


def change_trust(home, change):
    trust, = home.glob("atp/*/trust.json")
    policy = json.loads(trust.read_text())
    change(policy)
    trust.write_text(json.dumps(policy))
    return trust


def test_sealed_keys_open_with_the_passphrase(tmp_path, source):
    created = ab.create_vault(tmp_path / "vault", region="west", passphrase=PASSPHRASE)
    folder = created.trust.parent
    assert (folder / "vault.key.age").exists() and not (folder / "vault.key").exists()
    with pytest.raises(ab.UnauthenticatedError):
        ab.open_vault(tmp_path / "vault")
    with pytest.raises(ab.UnauthenticatedError):
        ab.open_vault(tmp_path / "vault", passphrase="wrong")
    with ab.open_vault(tmp_path / "vault", passphrase=PASSPHRASE) as vault:
        point = vault.take_backup(source, tenant="acme").recovery_point_id
        rotated = ab.rotate_keys(folder, passphrase=PASSPHRASE)
    assert rotated.overlap_ends.tzinfo and rotated.signing_key_id != rotated.ledger_key_id
    with pytest.raises(ab.PreconditionFailedError):
        ab.rotate_keys(folder, passphrase=PASSPHRASE)
    with ab.open_vault(tmp_path / "vault", passphrase=PASSPHRASE) as vault:
        vault.take_backup(source, tenant="acme", type="full")
        assert vault.verify_point(point)


def test_keys_in_clear_are_sealed_later(tmp_path, vault, home):
    folder, = home.glob("atp/*")
    with pytest.raises(ab.InvalidArgumentError):
        ab.seal_keys(folder)
    ab.seal_keys(folder, passphrase=PASSPHRASE)
    assert not (folder / "signing.pem").exists()
    with ab.open_vault(vault.folder, passphrase=PASSPHRASE) as opened:
        assert opened.id == vault.id


def test_what_no_witness_can_be_asked_for_is_pending(tmp_path, vault, source, home):
    spki = key_pair(tmp_path, "w1")

    def ask(policy):
        policy["keys"].append(trusted(spki, "witness", "w1"))
        policy["witnesses"] = {"threshold": 1,
                               "addresses": [{"name": "w1", "url": "http://127.0.0.1:9/"}]}

    change_trust(home, ask)
    with ab.open_vault(vault.folder) as opened:
        result = opened.take_backup(source, tenant="acme")
        assert not result.anchors and not result.anchors.cosignatures
        assert result.anchors.pending[0].service == "w1"
        anchors = opened.anchor_ledger(tenant="acme")
        assert not anchors and anchors.checkpoint.size == 2
        assert ab.Anchors.of(anchors.to_dict()) == anchors
        report = opened.verify_point(result.recovery_point_id)
        assert [check.name for check in report.failures] == ["ledger.cosignatures"]


def test_two_persons_resolve_a_halt(tmp_path, vault, source, home):
    people = {"alice": ["dpo"], "bob": ["owner"], "dave": ["operator"]}

    def approvers(policy):
        policy["keys"] += [trusted(key_pair(tmp_path, name), "approver", name) for name in people]
        policy["approvals"] = {
            "approvers": [{"name": name, "roles": roles} for name, roles in people.items()],
            "rules": [{"action": "halt.resolve", "roles": ["dpo", "owner"], "threshold": 2}]}

    trust = change_trust(home, approvers)
    with ab.open_vault(vault.folder) as opened:
        opened.take_backup(source, tenant="acme")
        entry = opened.folder / "store/ledger/acme/0/entries" / f"{1:020}"
        stored = entry.read_bytes()
        entry.unlink()
        with pytest.raises(ab.CorruptError):
            opened.take_backup(source, tenant="acme")
        entry.write_bytes(stored)
        with pytest.raises(ab.NotApprovedError):
            opened.resolve_halt(tenant="acme")
        request = opened.request_resolution(tenant="acme", key=tmp_path / "dave.pem")
        with pytest.raises(ab.NotApprovedError):
            ab.approve(request, trust=trust, key=tmp_path / "dave.pem", role="operator")
        approvals = [ab.approve(request, trust=trust, key=tmp_path / f"{name}.pem", role=role)
                     for name, role in (("alice", "dpo"), ("bob", "owner"))]
        with pytest.raises(ab.NotApprovedError):
            opened.resolve_halt(tenant="acme", request=request, approvals=approvals[:1])
        opened.resolve_halt(tenant="acme", request=request, approvals=approvals)
        opened.take_backup(source, tenant="acme")
