# SPDX-License-Identifier: Apache-2.0
"""What runs read again of what is old, as values."""

from __future__ import annotations

import dataclasses
import datetime

from ._value import Value, time_of, tuple_of


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Damage(Value):
    """An object that is not what it was when it was written."""

    subject: str
    expected: str
    found: str


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Scrub(Value):
    """What a run has read again of what is old; true where that needs nobody's attention. Of all
    that was there at the times `since`, each has been read again: entries of the ledger, packages
    with their manifests, dates of retention. `overdue` where that of entries or dates is over 60
    days ago; `halted` where the ledger is not what it was. `regrown` are keys of objects that were kept shorter than they must be, until this
    run; `trouble` is what kept it from reading.
    """

    entries_since: datetime.datetime
    packages_since: datetime.datetime
    dates_since: datetime.datetime
    overdue: bool = False
    halted: bool = False
    damaged: tuple[Damage, ...] = ()
    regrown: tuple[str, ...] = ()
    trouble: str | None = None

    _made_by = {
        "entries_since": time_of,
        "packages_since": time_of,
        "dates_since": time_of,
        "damaged": tuple_of(Damage),
        "regrown": tuple,
    }

    def __bool__(self) -> bool:
        return not (self.overdue or self.damaged or self.regrown or self.trouble)
