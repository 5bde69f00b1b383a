# SPDX-License-Identifier: Apache-2.0
"""Listings that are read while they are walked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Callable, Generic, Iterator, TypeVar

from ._values import Value

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
        names = [field.name for field in dataclasses.fields(self._cls)]
        rows = [[_cell(getattr(each, name)) for name in names] for each in self]
        frame = pandas.DataFrame(rows, columns=names)
        for field in dataclasses.fields(self._cls):
            kind = str(field.type)
            if kind == "datetime.datetime":
                frame[field.name] = pandas.to_datetime(frame[field.name], utc=True)
            elif kind == "int" or kind.startswith("tuple"):
                frame[field.name] = frame[field.name].astype("int64")
        return frame

    def __bool__(self) -> bool:
        raise TypeError("a listing is neither true nor false: walk it, or make a list of it")

    def __repr__(self) -> str:
        return f"<listing of {self._cls.__name__}s>"


def _cell(value: Any) -> Any:
    """Enums as their text, tuples as their length: what one filters and sums by."""
    if isinstance(value, tuple):
        return len(value)
    return getattr(value, "value", value)
