# SPDX-License-Identifier: Apache-2.0
import datetime
import hashlib
import threading

import pytest

import atp_backup as ab
from atp_backup import storage
from atp_backup.testing import check_object_store
from conftest import texts


class DictWriter(storage.ObjectWriter):
    def __init__(self, store, info):
        self.store, self.info, self.data = store, info, b""

    def write(self, data):
        self.data += data

    def commit(self, sha256=None):
        if sha256 not in (None, hashlib.sha256(self.data).hexdigest()):
            raise ab.CorruptError("has another digest", subject=self.info.key)
        with self.store.lock:
            if self.info.key in self.store.objects:
                raise ab.AlreadyExistsError("is taken", subject=self.info.key)
            self.store.check_room(self.info.key)
            info = storage.ObjectInfo.of(self.info.to_dict() | {"size": len(self.data)})
            self.store.objects[info.key] = (info, self.data)
            return info


class DictStore(storage.ObjectStore):
    """A store as somebody would write one."""

    def __init__(self):
        self.objects, self.lock = {}, threading.Lock()

    def describe(self):
        return "a dict"

    def capabilities(self):
        return storage.Capabilities(atomic_create=True, immutability=True)

    def check_room(self, key):
        for other in self.objects:
            if other.startswith(key + "/") or key.startswith(other + "/"):
                raise ab.InvalidArgumentError("is also a folder", subject=key)

    def create(self, key, *, retain_until=None, legal_hold=False):
        storage.check_key(key)
        now = datetime.datetime.now(datetime.timezone.utc)
        return DictWriter(self, storage.ObjectInfo(key=key, size=0, modified=now,
                                                   retain_until=retain_until, legal_hold=legal_hold))

    def find(self, key):
        try:
            return self.objects[key]
        except KeyError:
            raise ab.NotFoundError("is not there", subject=key) from None

    def get(self, key, *, offset=0, length=None):
        data = self.find(key)[1]
        return data[offset:] if length is None else data[offset:offset + length]

    def stat(self, key):
        return self.objects[key][0] if key in self.objects else None

    def list(self, prefix="", *, after="", limit=1000):
        if prefix and not prefix.endswith("/"):
            raise ab.InvalidArgumentError("does not end in /", subject=prefix)
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        return keys[:limit], keys[limit - 1] if len(keys) > limit else None

    def change(self, key, **members):
        info, data = self.find(key)
        self.objects[key] = (storage.ObjectInfo.of(info.to_dict() | members), data)
        return self.objects[key][0]

    def remove(self, key):
        info = self.find(key)[0]
        if info.legal_hold:
            raise ab.OnHoldError("is held", subject=key)
        now = datetime.datetime.now(datetime.timezone.utc)
        if info.retain_until and info.retain_until > now:
            raise ab.RetainedError("is retained", subject=key)
        del self.objects[key]

    def extend_retention(self, key, retain_until):
        before = self.find(key)[0].retain_until
        return self.change(key, retain_until=max(before or retain_until, retain_until)).retain_until

    def set_legal_hold(self, key, held):
        self.change(key, legal_hold=held)


class Forgetful(DictStore):
    def create(self, key, **options):
        self.objects.pop(key, None)
        return super().create(key, **options)


class Shrinking(DictStore):
    def extend_retention(self, key, retain_until):
        return self.change(key, retain_until=retain_until).retain_until


class Unsorted(DictStore):
    def list(self, prefix="", *, after="", limit=1000):
        keys, after = super().list(prefix, after=after, limit=limit)
        return keys[::-1], after


def test_stores_of_the_library_pass(tmp_path):
    check_object_store(storage.memory())
    check_object_store(storage.local(tmp_path))


def test_a_store_written_in_python_passes():
    check_object_store(DictStore())


@pytest.mark.parametrize("broken", [Forgetful, Shrinking, Unsorted])
def test_a_broken_store_is_found_out(broken):
    with pytest.raises(AssertionError):
        check_object_store(broken())


def test_a_vault_in_a_store_written_in_python_is_verified_and_restored(vault, source, tmp_path):
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    copy = DictStore()
    original = storage.local(vault.folder / "store")
    assert storage.copy_objects(original, copy) == len(list(original.keys()))
    assert storage.copy_objects(original, copy) == 0
    assert all(copy.stat(key).retain_until >= original.stat(key).retain_until
               for key in copy.keys() if key != "vault.json" and original.stat(key).retain_until)

    keys = next((tmp_path / "config").rglob("trust.json")).parent
    with ab.open_reader(copy, keys=keys) as reader:
        assert reader.tenants() == ["acme"]
        assert reader.verify_point(point)
        assert reader.restore_point(point, to=tmp_path / "out")
        assert len(list(reader.read_records(point, "audit/000000"))) == 3
        assert reader.show_point(point)[0].id == point
        with pytest.raises(AttributeError):
            reader.take_backup(source, tenant="acme")
    assert "audit/000000.jsonl" in texts(tmp_path / "out")

    key = next(key for key in copy.keys("segments/") if "/000000" in key)
    info, data = copy.objects[key]
    copy.objects[key] = (info, data[:-1] + b"?")
    with ab.open_reader(copy, keys=keys) as reader:
        assert {check.segment for check in reader.verify_point(point).failures} == {"000000"}


def test_what_a_store_raises_reaches_the_caller(vault, source, tmp_path):
    class Failing(DictStore):
        def get(self, key, *, offset=0, length=None):
            if key.startswith("segments/"):
                raise self.error
            return super().get(key, offset=offset, length=length)

    point = vault.take_backup(source, tenant="acme").recovery_point_id
    copy = Failing()
    storage.copy_objects(storage.local(vault.folder / "store"), copy)
    keys = next((tmp_path / "config").rglob("trust.json")).parent
    with ab.open_reader(copy, keys=keys) as reader:
        copy.error = ab.UnavailableError("come back later", subject="the store", temporary=True)
        with pytest.raises(ab.UnavailableError) as caught:
            reader.verify_point(point)
        assert caught.value.subject.startswith("segments/") and caught.value.temporary
        assert caught.value.message == "the store: come back later"
        copy.error = KeyError("a bug")
        report = reader.verify_point(point)
        assert not report and "a bug" in report.not_checked[0].found


def test_stores_refuse_times_without_zone():
    with pytest.raises(ab.InvalidArgumentError):
        storage.memory().put("k", b"", retain_until=datetime.datetime(2026, 1, 1))


def test_stores_are_opened_by_their_address(tmp_path):
    storage.local(tmp_path).put("a/k", b"text")
    assert storage.open_at(f"file:{tmp_path}").get("a/k") == b"text"
    assert storage.open_at(str(tmp_path)).get("a/k") == b"text"
    assert list(storage.open_at("mem:").keys()) == []
    with pytest.raises(ab.UnsupportedError, match="file:, mem: or a path"):
        storage.open_at("s3://bucket/prefix")
    with pytest.raises(ab.InvalidArgumentError):
        storage.open_at("file://host/store")


def test_what_is_no_object_hides_none(tmp_path):
    storage.local(tmp_path).put("a/k", b"text")
    (tmp_path / "a/k~").touch()
    (tmp_path / "a/link").symlink_to("k")
    assert list(storage.local(tmp_path).keys()) == ["a/k"]
