# SPDX-License-Identifier: Apache-2.0
"""Arguments of the verbs, checked and as the library takes them."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ._proof_values import RecordPlace
from ._value import Word, format_time
from ._values import BackupResult, Progress, RecoveryPoint
from .errors import InvalidArgumentError

StrPath = str | os.PathLike[str]
OnProgress = Callable[[Progress], object]
Selection = str | RecordPlace | tuple[str, range]
W = TypeVar("W", bound=Word)


def absolute(path: StrPath) -> bytes:
    """As the system takes it: a name may be no text."""
    found = os.fsencode(path)
    if not found:
        raise InvalidArgumentError("expected a path, found nothing", subject="path")
    return os.path.abspath(found)


def configuration_folder() -> bytes:
    folder = os.environb.get(b"XDG_CONFIG_HOME", b"")
    if os.path.isabs(folder):  # Others are to be ignored: XDG Base Directory Specification.
        return folder
    return os.path.abspath(os.path.join(os.path.expanduser(b"~"), b".config"))


def text(what: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected str, found {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"expected text, found {value!r}", subject=what) from None
    return value


def point_id(point: RecoveryPoint | BackupResult | str) -> str:
    if isinstance(point, RecoveryPoint):
        return point.id
    if isinstance(point, BackupResult):
        return point.recovery_point_id
    return text("point", point)


def count(what: str, value: int) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{what}: expected int, found {type(value).__name__}")
    if not 0 <= value < 2**16:
        raise InvalidArgumentError(f"expected 0 to 65535, found {value}", subject=what)
    return value


def word(what: str, cls: type[W], value: W | str) -> str:
    try:
        return str(cls(value))
    except ValueError:
        names = " or ".join(each.value for each in cls)
        raise InvalidArgumentError(f"expected {names}, found {value!r}", subject=what) from None


def field_map_of(fields: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(fields, Mapping):
        raise TypeError(f"field_map: expected a mapping, found {type(fields).__name__}")
    return {text("field_map", field): text(f"field_map {field}", path)
            for field, path in fields.items()}


def instant(
    since: datetime.datetime | datetime.timedelta | None,
) -> datetime.datetime | None:
    if since is None:
        return None
    if isinstance(since, datetime.timedelta):
        try:
            return datetime.datetime.now(datetime.timezone.utc) - since
        except OverflowError:
            return datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
    format_time(since, "since")
    return since


def segment_name(name: str) -> tuple[str, str]:
    stream, slash, segment = text("segment", name).partition("/")
    if not slash:
        raise InvalidArgumentError(
            "expected STREAM/SEGMENT (default/SEGMENT for flat files)", subject=name
        )
    return stream, segment


def selection(records: Iterable[Selection]) -> list[tuple[str, str, tuple[int, int] | None]]:
    """As the library takes it: stream and segment, then the first and the last record, or neither."""
    if isinstance(records, str):
        raise TypeError("records: expected an iterable of them, found str")
    chosen: list[tuple[str, str, tuple[int, int] | None]] = []
    for each in records:
        if isinstance(each, str):
            chosen.append((*segment_name(each), None))
            continue
        if isinstance(each, RecordPlace):
            each = (each.segment, range(each.number, each.number + 1))
        segment, numbers = each
        if numbers.step != 1 or not numbers or numbers.start < 0:
            raise InvalidArgumentError(
                f"expected a range of one or more records, found {numbers}", subject=segment
            )
        chosen.append((*segment_name(segment), (numbers.start, numbers.stop - 1)))
    return chosen


def reporter(on_progress: OnProgress | None) -> Callable[[str, int, int, int, int], object] | None:
    if on_progress is None:
        return None
    callback = on_progress

    def report(
        stage: str, bytes_done: int, bytes_total: int, items_done: int, items_total: int
    ) -> object:
        return callback(
            Progress(
                stage=stage,
                bytes_done=bytes_done,
                bytes_total=bytes_total,
                items_done=items_done,
                items_total=items_total,
            )
        )

    return report
