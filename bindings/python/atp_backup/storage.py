# SPDX-License-Identifier: Apache-2.0
"""Object stores: those of the library, and the class to derive your own from.

A store keeps bytes under keys. It gives durability (a committed object survives any crash),
read-after-write and list-after-write, atomicity (an object is there whole or not at all), and is
create-only. `atp_backup.testing.check_object_store` tries all of that on yours.
"""

from __future__ import annotations

import abc
import builtins
import dataclasses
import datetime
import os
import re
from collections.abc import Iterator
from typing import Any

from . import _core
from ._value import Value, format_time, parse_time, time_of
from .errors import AlreadyExistsError, InvalidArgumentError, NotFoundError


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class ObjectInfo(Value):
    """An object: bytes, and what keeps them from being removed. Times are UTC; retention that ends
    within a microsecond is rounded up to its end."""

    key: str
    size: int
    modified: datetime.datetime
    retain_until: datetime.datetime | None = None
    legal_hold: bool = False

    _made_by = {"modified": time_of, "retain_until": time_of}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Capabilities(Value):
    """What a store can do beyond keeping bytes."""

    atomic_create: bool = False  #: Create-only puts exclude one another.
    immutability: bool = False


class ObjectWriter(abc.ABC):
    """One object being written. Without `commit` nothing of it ever shows."""

    @abc.abstractmethod
    def write(self, data: bytes) -> None:
        """Takes the next bytes."""

    @abc.abstractmethod
    def commit(self, sha256: str | None = None) -> ObjectInfo:
        """Makes the object durable and visible at once; a second call fails.

        Raises `AlreadyExistsError` where the key is taken (nothing has changed then), `CorruptError`
        where the bytes written have another digest than `sha256` (64 hexadecimal digits).
        """

    def _commit(self, sha256: str | None) -> dict[str, Any]:
        return _info_dict(self.commit(sha256))


class ObjectStore(abc.ABC):
    """Bytes under keys; thread-safe. Keys are `/`-separated elements of `[A-Za-z0-9._=-]`, none
    empty, none beginning with a dot, each at most 200 bytes, 512 in all. A key that begins with
    another object's key and `/`, or the other way round, is refused as `InvalidArgumentError`.
    The library tells the key as the subject of what a call about an object raises."""

    @abc.abstractmethod
    def describe(self) -> str:
        """Where the objects are, for people."""

    @abc.abstractmethod
    def capabilities(self) -> Capabilities:
        """What it can do."""

    @abc.abstractmethod
    def create(
        self,
        key: str,
        *,
        retain_until: datetime.datetime | None = None,
        legal_hold: bool = False,
    ) -> ObjectWriter:
        """Begins an object, create-only; retention and hold are in force as soon as it exists."""

    @abc.abstractmethod
    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes `[offset, offset + length)`, cut at the end. Raises `NotFoundError`."""

    @abc.abstractmethod
    def stat(self, key: str) -> ObjectInfo | None:
        """None where there is no such object."""

    @abc.abstractmethod
    def list(
        self, prefix: str = "", *, after: str = "", limit: int = 1000
    ) -> tuple[builtins.list[str], str | None]:
        """A page of the keys that begin with `prefix` (empty or ending in `/`) and come after
        `after`, sorted by byte, and what to give as `after` for the next page; None at the end."""

    @abc.abstractmethod
    def remove(self, key: str) -> None:
        """Raises `NotFoundError`, `RetainedError`, `OnHoldError`."""

    @abc.abstractmethod
    def extend_retention(self, key: str, retain_until: datetime.datetime) -> datetime.datetime:
        """Moves the date later, durably; an earlier one changes nothing. The date in force."""

    @abc.abstractmethod
    def set_legal_hold(self, key: str, held: bool) -> None:
        """Raises `NotFoundError`."""

    def put(self, key: str, data: bytes, **options: Any) -> ObjectInfo:
        """A small object whole; options as of `create`."""
        writer = self.create(key, **options)
        writer.write(data)
        return writer.commit()

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that begins with `prefix`, page by page."""
        after: str | None = ""
        while after is not None:
            keys, after = self.list(prefix, after=after)
            yield from keys

    # What the library calls: plain values, times as text.

    def _capabilities(self) -> tuple[bool, bool]:
        found = self.capabilities()
        return found.atomic_create, found.immutability

    def _create(self, key: str, retain_until: str | None, legal_hold: bool) -> ObjectWriter:
        until = None if retain_until is None else _rounded_up(retain_until)
        return self.create(key, retain_until=until, legal_hold=legal_hold)

    def _get(self, key: str, offset: int, length: int | None) -> bytes:
        return self.get(key, offset=offset, length=length)

    def _stat(self, key: str) -> dict[str, Any] | None:
        found = self.stat(key)
        return None if found is None else _info_dict(found)

    def _list(self, prefix: str, after: str, limit: int) -> tuple[builtins.list[str], str | None]:
        return self.list(prefix, after=after, limit=limit)

    def _extend_retention(self, key: str, retain_until: str) -> str:
        return format_time(self.extend_retention(key, _rounded_up(retain_until)))


def check_key(key: str) -> None:
    """Raises `InvalidArgumentError` unless `key` is one that stores take."""
    elements = key.split("/")
    if len(key) > 512 or not all(map(_ELEMENT.fullmatch, elements)):
        raise InvalidArgumentError(f"is no key: {key!r}", subject="key")


_ELEMENT = re.compile(r"(?!\.)[A-Za-z0-9._=-]{1,200}")


def copy_objects(source: ObjectStore, target: ObjectStore) -> int:
    """Copies what `target` lacks, with its retention and hold; how many objects. One that is there
    already must have the same bytes. Raises `AlreadyExistsError` where it has others.

    For a vault nobody writes to meanwhile. Each object is held in memory for its moment.
    """
    copied = 0
    for key in source.keys():
        info = source.stat(key)
        if info is None:
            raise NotFoundError("was listed and is gone", subject=key)
        data = source.get(key)
        try:
            target.put(key, data, retain_until=info.retain_until, legal_hold=info.legal_hold)
            copied += 1
        except AlreadyExistsError:
            if target.get(key) != data:
                raise
    return copied


def local(folder: str | os.PathLike[str]) -> ObjectStore:
    """The objects in a folder, such as a vault's `store`."""
    return _CoreStore(_core.store_at(os.path.abspath(os.fsencode(folder))))


def open_at(address: str) -> ObjectStore:
    """The store at `file:/path`, at a path without a scheme, or a new one at `mem:`. Nothing is
    decoded: after `file:` a host, `%`, `?` and `#` are refused. Raises `InvalidArgumentError`,
    `UnsupportedError` for another scheme, `NotFoundError` where there is no such folder.
    """
    return _CoreStore(_core.store_at(os.fsencode(address)))


def memory() -> ObjectStore:
    """A store that is gone with the process: the reference of how stores behave."""
    return _CoreStore(_core.store_at(b"mem:"))


def core_store(store: ObjectStore) -> _core.Store:
    """The store as the library takes it."""
    if isinstance(store, _CoreStore):
        return store._core
    if not isinstance(store, ObjectStore):
        raise TypeError(f"store: expected an ObjectStore, found {type(store).__name__}")
    return _core.store_of_python(store)


class _CoreWriter(ObjectWriter):
    def __init__(self, core: _core.Writer) -> None:
        self._core = core

    def write(self, data: bytes) -> None:
        self._core.write(bytes(data))

    def commit(self, sha256: str | None = None) -> ObjectInfo:
        return _info_of(self._core.commit(sha256))


class _CoreStore(ObjectStore):
    def __init__(self, core: _core.Store) -> None:
        self._core = core

    def __repr__(self) -> str:
        return f"<store in {self.describe()}>"

    def describe(self) -> str:
        return self._core.describe()

    def capabilities(self) -> Capabilities:
        atomic_create, immutability = self._core.capabilities()
        return Capabilities(atomic_create=atomic_create, immutability=immutability)

    def create(
        self,
        key: str,
        *,
        retain_until: datetime.datetime | None = None,
        legal_hold: bool = False,
    ) -> ObjectWriter:
        until = None if retain_until is None else format_time(retain_until, "retain_until")
        return _CoreWriter(self._core.create(key, until, legal_hold))

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        return self._core.get(key, offset, length)

    def stat(self, key: str) -> ObjectInfo | None:
        found = self._core.stat(key)
        return None if found is None else _info_of(found)

    def list(
        self, prefix: str = "", *, after: str = "", limit: int = 1000
    ) -> tuple[builtins.list[str], str | None]:
        return self._core.list(prefix, after, limit)

    def remove(self, key: str) -> None:
        self._core.remove(key)

    def extend_retention(self, key: str, retain_until: datetime.datetime) -> datetime.datetime:
        until = format_time(retain_until, "retain_until")
        return _rounded_up(self._core.extend_retention(key, until))

    def set_legal_hold(self, key: str, held: bool) -> None:
        self._core.set_legal_hold(key, held)


def _rounded_up(text: str) -> datetime.datetime:
    """Never earlier than what was promised, where that has nanoseconds."""
    time = parse_time(text)
    decimals = text.removesuffix("Z").partition(".")[2]
    return time + datetime.timedelta(microseconds=1 if decimals[6:].strip("0") else 0)


def _info_of(found: dict[str, Any]) -> ObjectInfo:
    until = found["retain_until"]
    return ObjectInfo.of(found | {"retain_until": None if until is None else _rounded_up(until)})


def _info_dict(info: ObjectInfo) -> dict[str, Any]:
    return info.to_dict()


__all__ = [
    "Capabilities",
    "ObjectInfo",
    "ObjectStore",
    "ObjectWriter",
    "check_key",
    "copy_objects",
    "local",
    "memory",
    "open_at",
]
