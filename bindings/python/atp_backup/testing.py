# SPDX-License-Identifier: Apache-2.0
"""What a store must do, to be tried on yours."""

from __future__ import annotations

import datetime
import hashlib
import threading
import uuid
from collections.abc import Callable

from .errors import (
    AlreadyExistsError,
    BackupError,
    CorruptError,
    InvalidArgumentError,
    NotFoundError,
    OnHoldError,
    RetainedError,
)
from .storage import ObjectStore

_HOSTILE = ("", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".hidden", "a/.b", "a b", "a\\b", "ä",
            "a\0", "a\n", "x" * 201, "/".join(["x" * 199] * 6))


def check_object_store(store: ObjectStore) -> None:
    """Tries everything that `ObjectStore` promises on `store`, below a prefix of its own, and raises
    `AssertionError` with what was expected at the first that does not hold.

    Where the store says that it has `immutability`, some of what was written stays behind until its
    retention ends, a few seconds later.
    """
    prefix = f"check-{uuid.uuid4().hex}/"
    _check_objects(store, prefix + "objects/")
    _check_listing(store, prefix + "listing/")
    _check_keys(store, prefix + "keys/")
    _check_race(store, prefix + "race/")
    if store.capabilities().immutability:
        _check_immutability(store, prefix + "kept/")


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def _expect_error(kind: type[BackupError], call: Callable[[], object], what: str) -> None:
    try:
        call()
    except kind:
        return
    except Exception as error:
        raise AssertionError(f"{what}: expected {kind.__name__}, found {error!r}") from error
    raise AssertionError(f"{what}: expected {kind.__name__}, found success")


def _check_objects(store: ObjectStore, prefix: str) -> None:
    data = bytes(range(256)) * 20
    key = prefix + "a/b"
    info = store.put(key, data)
    _expect((info.key, info.size) == (key, len(data)), "commit tells key and size")
    _expect(store.stat(key) == info, "stat tells what commit told")
    _expect(store.get(key) == data, "get gives back what was put")
    for offset, length in ((0, 10), (5, None), (len(data) - 1, 10), (len(data), 1), (len(data) + 9, 1),
                           (3, 0)):
        end = None if length is None else offset + length
        _expect(store.get(key, offset=offset, length=length) == data[offset:end],
                f"a range of {offset} and {length} is cut at the end")
    _expect_error(AlreadyExistsError, lambda: store.put(key, b"other"), "a second put")
    _expect(store.get(key) == data, "a refused put changes nothing")

    store.put(prefix + "empty", b"")
    found = store.stat(prefix + "empty")
    _expect(found is not None and found.size == 0, "an empty object is an object")

    writer = store.create(prefix + "pieces")
    for piece in (b"a", b"", b"bc" * 100_000, b"d"):
        writer.write(piece)
    _expect(store.stat(prefix + "pieces") is None, "nothing shows before commit")
    whole = b"a" + b"bc" * 100_000 + b"d"
    writer.commit(hashlib.sha256(whole).hexdigest())
    _expect(store.get(prefix + "pieces") == whole, "pieces come back whole")

    writer = store.create(prefix + "wrong")
    writer.write(b"x")
    digest = hashlib.sha256(b"y").hexdigest()
    _expect_error(CorruptError, lambda: writer.commit(digest), "commit of another digest")
    _expect(store.stat(prefix + "wrong") is None, "nothing shows after it")

    absent = prefix + "absent"
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    _expect(store.stat(absent) is None, "stat of an absent object is None")
    calls: tuple[Callable[[], object], ...] = (
        lambda: store.get(absent), lambda: store.remove(absent),
        lambda: store.extend_retention(absent, later), lambda: store.set_legal_hold(absent, True))
    for call in calls:
        _expect_error(NotFoundError, call, "a call for an absent object")

    store.remove(key)
    _expect(store.stat(key) is None, "a removed object is gone")
    store.put(key, b"again")
    _expect(store.get(key) == b"again", "a removed key can be put again")


def _check_listing(store: ObjectStore, prefix: str) -> None:
    names = ["a", "a-b", "a.b", "ab", "b/1", "b/2/3", "b0", "c=20", "d" * 200]
    for name in names:
        store.put(prefix + name, b"x")
    expected = sorted((prefix + name for name in names), key=str.encode)
    _expect(list(store.keys(prefix)) == expected, "keys are listed in the order of bytes")
    _expect(list(store.keys(prefix + "b/")) == [prefix + "b/1", prefix + "b/2/3"],
            "a prefix is whole elements")
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page, after = store.list(prefix, after=after, limit=2)
        _expect(len(page) <= 2, "a page has at most the limit")
        found += page
    _expect(found == expected, "pages give every key once")
    _expect(store.list(prefix + "none/") == ([], None), "nothing below a prefix is an empty page")
    _expect_error(InvalidArgumentError, lambda: store.list(prefix + "b"), "a prefix without `/`")


def _check_keys(store: ObjectStore, prefix: str) -> None:
    for name in _HOSTILE:
        _expect_error(InvalidArgumentError, lambda name=name: store.put(prefix + name, b"x"),  # type: ignore[misc]
                      f"the key {prefix + name!r}")
    store.put(prefix + "file", b"x")
    _expect_error(InvalidArgumentError, lambda: store.put(prefix + "file/below", b"x"),
                  "a key below an object's")
    for name in ("Case", "case"):
        store.put(prefix + name, name.encode())
    _expect(store.get(prefix + "Case") == b"Case", "keys that differ in case are different objects")


def _check_race(store: ObjectStore, prefix: str) -> None:
    key, outcomes = prefix + "one", []
    barrier = threading.Barrier(8)

    def put(number: int) -> None:
        writer = store.create(key)
        writer.write(str(number).encode())
        barrier.wait()
        try:
            writer.commit()
            outcomes.append(number)
        except AlreadyExistsError:
            outcomes.append(-1)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [number for number in outcomes if number >= 0]
    _expect(len(outcomes) == 8 and len(winners) == 1, "of many puts of one key exactly one wins")
    _expect(store.get(key) == str(winners[0]).encode(), "the winner's bytes are there")


def _check_immutability(store: ObjectStore, prefix: str) -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    soon, later = now + datetime.timedelta(seconds=3), now + datetime.timedelta(seconds=5)
    key = prefix + "kept"
    info = store.put(key, b"x", retain_until=soon)
    _expect(info.retain_until == soon, "commit tells the retention")
    _expect_error(RetainedError, lambda: store.remove(key), "removal of a retained object")
    _expect(store.extend_retention(key, later) == later, "retention grows")
    _expect(store.extend_retention(key, soon) == later, "retention does not shrink")
    store.set_legal_hold(key, True)
    _expect_error(OnHoldError, lambda: store.remove(key), "removal of a held object")
    store.set_legal_hold(key, False)
    _expect_error(RetainedError, lambda: store.remove(key), "removal after the hold")
    found = store.stat(key)
    _expect(found is not None and found.retain_until == later and not found.legal_hold,
            "stat tells what is in force")


__all__ = ["check_object_store"]
