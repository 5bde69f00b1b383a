# SPDX-License-Identifier: Apache-2.0
"""What proofs and ledgers come to, as values."""

from __future__ import annotations

import base64
import dataclasses
import datetime
from typing import Any, Mapping

from ._value import Value, one_of, time_of, tuple_of
from ._values import Checkpoint, Report


def _bytes(value: bytes | str) -> bytes:
    """Base64 where it comes from JSON."""
    return base64.b64decode(value) if isinstance(value, str) else value


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class RecordPlace(Value):
    """Where one record is: `number` counts from 0 in its segment (`STREAM/SEGMENT`)."""

    segment: str
    number: int


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class FoundRecords(Value):
    """Where records with an id are, among those that could be read. `unsearched` records are no
    strict JSON, and whether one of them has the id is not known."""

    places: tuple[RecordPlace, ...]
    unsearched: int

    _made_by = {"places": tuple_of(RecordPlace)}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class SignedCheckpoint(Value):
    """A checkpoint, and the signed note (C2SP tlog-checkpoint) to keep of it."""

    checkpoint: Checkpoint
    note: str

    _made_by = {"checkpoint": one_of(Checkpoint)}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class ProvenRecord(Value):
    """What a proof shows. `completed_at` is by the word of who signed the point."""

    tenant: str
    segment: str
    number: int
    record: bytes
    recovery_point_id: str
    completed_at: datetime.datetime
    entry: int
    checkpoint: Checkpoint

    _made_by = {"record": _bytes, "completed_at": time_of, "checkpoint": one_of(Checkpoint)}


def _proven(found: ProvenRecord | Mapping[str, Any]) -> ProvenRecord:
    """The library's JSON has a stream beside its segment, and as `record` the number."""
    if isinstance(found, ProvenRecord):
        return found
    if "recordBase64" not in found:
        return ProvenRecord.of(found)
    return ProvenRecord.of({
        **found,
        "segment": f"{found['stream']}/{found['segment']}",
        "number": found["record"],
        "record": found["recordBase64"],
    })


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class CheckedProof(Value):
    """A proof that was checked; true where it holds, and then `proven` is there."""

    report: Report
    proven: ProvenRecord | None

    _made_by = {"report": one_of(Report), "proven": _proven}

    def __bool__(self) -> bool:
        return bool(self.report)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Consistency(Value):
    """Whether a ledger goes on from a checkpoint; true where it does."""

    report: Report
    old: Checkpoint | None
    new: Checkpoint | None
    proof: tuple[str, ...]

    _made_by = {"report": one_of(Report), "old": one_of(Checkpoint), "new": one_of(Checkpoint),
                "proof": tuple}
    _renamed = {**Value._renamed, "consistencyProof": "proof"}

    def __bool__(self) -> bool:
        return bool(self.report)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class LedgerAudit(Value):
    """A ledger that was looked over; true where all of it holds. Of the entries,
    `entries_from_bundles` were read out of bundles: what their own objects hold was not read.
    """

    report: Report
    origin: str
    entries: int
    entries_from_bundles: int
    checkpoints: int
    documents: int

    _made_by = {"report": one_of(Report)}

    def __bool__(self) -> bool:
        return bool(self.report)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class ClockCorrection(Value):
    """The entries of a tenant's ledger that were written while a clock stood ahead: how many, the
    indices of the first and the last, and which is the furthest ahead.
    """

    tenant: str
    entries: int
    first: int
    last: int
    newest: int
    newest_at: datetime.datetime

    _made_by = {"newest_at": time_of}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Halt(Value):
    """A tenant for which nothing is written since its ledger was found to be another."""

    tenant: str
    halted_at: datetime.datetime
    subject: str
    message: str

    _made_by = {"halted_at": time_of}
