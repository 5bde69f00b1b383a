# SPDX-License-Identifier: Apache-2.0
"""What the nouns are made of: values with names, words, times."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import enum
import json
import pathlib
import re
from typing import Any, Callable, ClassVar, Iterable, Mapping, TypeVar

from .errors import InvalidArgumentError

V = TypeVar("V", bound="Value")


def parse_time(text: str) -> datetime.datetime:
    """An RFC 3339 UTC time as the vault writes it, cut to the microsecond."""
    seconds, _, decimals = text.removesuffix("Z").partition(".")
    whole = datetime.datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S")
    return whole.replace(microsecond=int(decimals[:6] or 0), tzinfo=datetime.timezone.utc)


def format_time(time: datetime.datetime, what: str = "time") -> str:
    """RFC 3339 in UTC. Refuses a time without zone: whose noon is it?"""
    if not isinstance(time, datetime.datetime):
        raise TypeError(f"{what}: expected a datetime, found {type(time).__name__}")
    if time.utcoffset() is None:
        raise InvalidArgumentError("expected a time with a zone, found one without", subject=what)
    try:
        utc = time.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    except OverflowError:
        raise InvalidArgumentError("is no time of ours in UTC", subject=what) from None
    return utc.isoformat(timespec="microseconds") + "Z"


def time_of(value: datetime.datetime | str) -> datetime.datetime:
    return parse_time(value) if isinstance(value, str) else value


def tuple_of(cls: type[V]) -> Callable[[Iterable[Any]], tuple[V, ...]]:
    def convert(found: Iterable[Any]) -> tuple[V, ...]:
        return tuple(each if isinstance(each, cls) else cls.of(each) for each in found)

    return convert


def one_of(cls: type[V]) -> Callable[[Any], V]:
    return lambda found: found if isinstance(found, cls) else cls.of(found)


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)


def _plain(value: Any) -> Any:
    if isinstance(value, Value):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Word):
        return value.value
    if isinstance(value, datetime.datetime):
        return format_time(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, pathlib.PurePath):
        return str(value)
    return value


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Value:
    """What all values can do. They are made with keywords; words and paths may be given as text."""

    _made_by: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    #: Members of the library's JSON that have another name here than the same one in snake case.
    _renamed: ClassVar[Mapping[str, str]] = {"tenantId": "tenant", "backupType": "type"}

    def __post_init__(self) -> None:
        for name, make in self._made_by.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, make(value))

    def __init_subclass__(cls) -> None:
        names = [name for name in vars(cls).get("__annotations__", {}) if not name.startswith("_")]
        setattr(cls, "__match_args__", tuple(names))

    def __repr__(self) -> str:
        """What makes it again."""
        shown = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            shown.append(f"{field.name}={(str(value) if isinstance(value, pathlib.PurePath) else value)!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def to_dict(self) -> dict[str, Any]:
        """Plain values only: what `json.dumps` takes. Times are RFC 3339 text."""
        return {
            field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)
        }

    def to_json(self) -> str:
        """`to_dict` as one line of JSON, in ASCII."""
        return json.dumps(self.to_dict())

    @classmethod
    def of(cls: type[V], found: Mapping[str, Any]) -> V:
        """The value of a dict as `to_dict` makes it, or of the library's JSON, which has `merkle_root`
        as `merkleRoot`; members that it has no field for are left out."""
        names = {field.name for field in dataclasses.fields(cls)}
        named = {cls._renamed.get(name) or _snake(name): value for name, value in found.items()}
        return cls(**{name: value for name, value in named.items() if name in names})


class Word(str, enum.Enum):
    """One of a few words: equals its text, hashes and prints as it."""

    __hash__ = str.__hash__
    __str__ = str.__str__

    def __repr__(self) -> str:
        return repr(self.value)
