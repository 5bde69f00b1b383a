# SPDX-License-Identifier: Apache-2.0
"""Listings that are read while they are walked."""

from __future__ import annotations

import dataclasses
import datetime
from typing import TYPE_CHECKING, Any, Callable, Generic, Iterator, TypeVar

from . import _core
from ._value import Value

if TYPE_CHECKING:
    import pandas

V = TypeVar("V", bound=Value)


class Listing(Generic[V]):
    """Values in order, fetched page by page as they are asked for, anew at every walk."""

    def __init__(self, cls: type[V], pages: Callable[[], Iterator[list[V]]]) -> None:
        self._cls = cls
        self._pages = pages

    def __iter__(self) -> Iterator[V]:
        for page in self._pages():
            yield from page

    def to_dicts(self) -> list[dict[str, Any]]:
        """Each as a dict of plain values."""
        return [each.to_dict() for each in self]

    def to_pandas(self) -> pandas.DataFrame:
        """A row each, a column a field; times are `datetime64[ns, UTC]`, tuples their length.

        Raises `ImportError` where pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        columns = self._columns()
        rows = [[_cell(getattr(each, name)) for name, _ in columns] for each in self]
        frame = pandas.DataFrame(rows, columns=[name for name, _ in columns])
        for name, kind in columns:
            if kind == "tsu:UTC":
                frame[name] = pandas.to_datetime(frame[name], utc=True)
            elif kind == "l":
                frame[name] = frame[name].astype("int64")
        return frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """For pyarrow, polars, DuckDB and others: a record batch a page, fetched when it is asked for.
        Columns as of `to_pandas`; another schema cannot be had."""
        columns = self._columns()

        def batches() -> Iterator[list[list[Any]]]:
            for page in self._pages():
                yield [[_arrow(getattr(each, name)) for each in page] for name, _ in columns]

        return _core.arrow_stream(columns, batches())

    def _columns(self) -> list[tuple[str, str]]:
        """Names, and what Arrow calls their kinds."""
        found = []
        for field in dataclasses.fields(self._cls):
            kind = str(field.type)
            number = kind == "int" or kind.startswith("tuple")
            time = kind == "datetime.datetime"
            found.append((field.name, "l" if number else "tsu:UTC" if time else "u"))
        return found

    def __bool__(self) -> bool:
        raise TypeError("a listing is neither true nor false: walk it, or make a list of it")

    def __repr__(self) -> str:
        return f"<listing of {self._cls.__name__}s>"


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def _arrow(value: Any) -> Any:
    """As `_cell`, times as microseconds."""
    if isinstance(value, datetime.datetime):
        return (value - _EPOCH) // datetime.timedelta(microseconds=1)
    return _cell(value)


def _cell(value: Any) -> Any:
    """Enums as their text, tuples as their length: what one filters and sums by."""
    if isinstance(value, tuple):
        return len(value)
    return getattr(value, "value", value)
