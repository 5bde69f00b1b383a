# SPDX-License-Identifier: Apache-2.0
"""The nouns: frozen dataclasses that compare, hash, pickle and print as they are made."""

from __future__ import annotations

import dataclasses
import datetime
import html
import json
import pathlib
from typing import Any, Iterable, Mapping

from ._scrub_values import Scrub
from ._value import Value, Word, one_of, time_of, tuple_of


class BackupType(Word):
    """How a recovery point lists segments: all, or what is new on its parent."""

    FULL = "full"
    INCREMENTAL = "incremental"


class BackupStatus(Word):
    """How a backup ended."""

    COMPLETED = "completed"
    PARTIAL = "partial"  #: Some input is in `skipped`.
    ALARM = "alarm"  #: Some sealed segment has other bytes now.
    UNCHANGED = "unchanged"  #: Nothing new: no new point.


class EmptySegments(Word):
    """What becomes of files without bytes."""

    SKIP = "skip"
    TAKE = "take"


class KnownFiles(Word):
    """What becomes of files whose size, times and inode are as remembered."""

    TRUST_STAT = "trust_stat"
    REREAD = "reread"


class VerifyDepth(Word):
    """What is looked at: what is stored, which needs no key, or every record."""

    STORED = "stored"
    CONTENT = "content"


class CheckState(Word):
    """How a check ended. Nothing is verified because nobody looked."""

    VERIFIED = "verified"
    FAILED = "failed"
    ATTESTED = "attested"
    NOT_CHECKED = "not_checked"


class FindingState(Word):
    """What the doctor says."""

    GOOD = "good"
    MENDED = "mended"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class CreatedVault(Value):
    """Where a new vault and its keys are. Copy the folder of the keys to a safe place."""

    vault_id: str
    store: pathlib.Path
    catalog: pathlib.Path
    identity: pathlib.Path
    signing_key: pathlib.Path
    ledger_key: pathlib.Path
    trust: pathlib.Path

    _made_by = dict.fromkeys(
        ("store", "catalog", "identity", "signing_key", "ledger_key", "trust"), pathlib.Path
    )


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Progress(Value):
    """How far work has come. Bytes are 0 of 0 where only items are counted."""

    stage: str
    bytes_done: int
    bytes_total: int
    items_done: int
    items_total: int

    @property
    def fraction(self) -> float:
        """From 0 to 1, by bytes where they are known."""
        done, total = self.bytes_done, self.bytes_total
        if total == 0:
            done, total = self.items_done, self.items_total
        return min(1.0, done / total) if total else 0.0


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class SkippedInput(Value):
    """An input that a point does not hold, and why."""

    name: str
    reason: str
    detail: str


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class AlteredSegment(Value):
    """A sealed segment that was found with other bytes later, `found_bytes` of them, in a file that was
    changed last at `found_changed_at`; the first package stays the truth."""

    stream: str
    segment: str
    sequence: int
    found_bytes: int
    found_changed_at: datetime.datetime

    _made_by = {"found_changed_at": time_of}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Checkpoint(Value):
    """Origin, size and root of a ledger; it pins every entry below `size`."""

    origin: str
    size: int
    root: str


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Cosignature(Value):
    """A trusted witness saw the ledger at this size, at `time` by its clock."""

    witness: str
    time: datetime.datetime

    _made_by = {"time": time_of}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class PendingAnchor(Value):
    """What a witness or a time-stamping authority has not signed yet, and why. Where it
    `contradicts`, a witness has seen more of the ledger, or another one."""

    service: str
    subject: str
    problem: str
    contradicts: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Anchors(Value):
    """What outsiders have added to a ledger; true where the trust policy asks for no more."""

    checkpoint: Checkpoint | None = None
    cosignatures: tuple[Cosignature, ...] = ()
    timestamps_added: int = 0
    pending: tuple[PendingAnchor, ...] = ()
    complete: bool = True

    _made_by = {
        "checkpoint": one_of(Checkpoint),
        "cosignatures": tuple_of(Cosignature),
        "pending": tuple_of(PendingAnchor),
    }

    @property
    def contradicted(self) -> bool:
        """Whether a witness has seen more of the ledger, or another one."""
        return any(each.contradicts for each in self.pending)

    def __bool__(self) -> bool:
        return self.complete and not self.contradicted


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class RotatedKeys(Value):
    """The keys that sign now; those before sign too until `overlap_ends`."""

    signing_key_id: str
    ledger_key_id: str
    overlap_ends: datetime.datetime

    _made_by = {"overlap_ends": time_of}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class KeptSegments(Value):
    """When the first and the last of some segments may go. `overdue` of them came when their
    retention was over, and only the minimum age keeps them, the first until `first_overdue`.
    """

    first: datetime.datetime
    last: datetime.datetime
    overdue: int = 0
    first_overdue: datetime.datetime | None = None

    _made_by = {"first": time_of, "last": time_of, "first_overdue": time_of}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class BackupResult(Value):
    """What `Vault.take_backup` did. Counts and bytes are those of the new segments, and so is until
    when they are `kept`.
    """

    recovery_point_id: str
    tenant: str
    region: str
    type: BackupType
    status: BackupStatus
    segments_new: int
    segments_unchanged: int
    records: int
    bytes: int
    stored_bytes: int
    merkle_root: str
    scrub: Scrub
    skipped: tuple[SkippedInput, ...] = ()
    alarms: tuple[AlteredSegment, ...] = ()
    kept: KeptSegments | None = None
    clock_warning: str | None = None
    anchors: Anchors = Anchors()
    gone: tuple[str, ...] = ()

    _made_by = {
        "type": BackupType,
        "status": BackupStatus,
        "skipped": tuple_of(SkippedInput),
        "alarms": tuple_of(AlteredSegment),
        "scrub": one_of(Scrub),
        "kept": one_of(KeptSegments),
        "anchors": one_of(Anchors),
        "gone": tuple,
    }


def _parent(found: str | Mapping[str, Any]) -> str:
    """A manifest names its parent with a digest."""
    return found if isinstance(found, str) else str(found["recoveryPointId"])


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class RecoveryPoint(Value):
    """A set of segments from which a tenant can be restored.

    An incremental point's segments are those on top of its `parent`'s. Times are UTC, cut to the
    microsecond, in this order: the source was listed `as_of`, the last package was durable
    `completed_at`, the manifest was signed `created_at`.
    """

    id: str
    tenant: str
    region: str
    type: BackupType
    as_of: datetime.datetime
    created_at: datetime.datetime
    completed_at: datetime.datetime
    segments: int
    records: int
    bytes: int
    stored_bytes: int
    merkle_root: str
    parent: str | None = None
    skipped: tuple[SkippedInput, ...] = ()
    alarms: tuple[AlteredSegment, ...] = ()

    _made_by = {
        "type": BackupType,
        "as_of": time_of,
        "created_at": time_of,
        "completed_at": time_of,
        "skipped": tuple_of(SkippedInput),
        "alarms": tuple_of(AlteredSegment),
        "parent": _parent,
    }
    _renamed = {**Value._renamed, "recoveryPointId": "id"}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Descriptor(Value):
    """What a recovery point says of one package."""

    name: str
    stream: str
    sequence: int
    key: str
    sha256: str
    bytes: int
    records: int
    merkle_root: str
    manifest_sha256: str


_ROWS_SHOWN = 100
_MONOSPACE = "font-family:monospace;word-break:break-all;min-width:16em"
_CELL = "<td style='text-align:left;{style}'>{text}</td>"
_COLOURS = {"verified": "#1a7f37", "failed": "#cf222e", "attested": "#9a6700", "not_checked": "#9a6700"}


def _records(found: Iterable[int] | Mapping[str, int]) -> tuple[int, ...]:
    return (found["first"], found["last"]) if isinstance(found, Mapping) else tuple(found)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Check(Value):
    """One thing that was checked. `records` is the first and the last record concerned."""

    name: str
    state: CheckState
    subject: str
    stream: str | None = None
    segment: str | None = None
    frame: int | None = None
    records: tuple[int, int] | None = None
    expected: str = ""
    found: str = ""

    _made_by = {"state": CheckState, "records": _records}

    @property
    def place(self) -> str:
        """`STREAM/SEGMENT, frame N, records A to B`, as far as it is known, else the subject."""
        if self.segment is None:
            return self.subject
        text = f"{self.stream}/{self.segment}"
        if self.frame is not None:
            text += f", frame {self.frame}"
        if self.records is not None:
            text += f", records {self.records[0]} to {self.records[1]}"
        return text

    def _row(self) -> str:
        colour = f"color:{_COLOURS[self.state]};font-weight:bold"
        cells = [(self.state, colour), (self.name, ""), (self.place, ""),
                 (self.expected, _MONOSPACE), (self.found, _MONOSPACE)]
        return "".join(_CELL.format(text=html.escape(text), style=style) for text, style in cells)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Report(Value):
    """What a verification found. True only where everything that was asked for is verified."""

    recovery_point_id: str
    verdict: CheckState
    checks: tuple[Check, ...]

    _made_by = {"verdict": CheckState, "checks": tuple_of(Check)}

    def __bool__(self) -> bool:
        return self.verdict == CheckState.VERIFIED

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.state == CheckState.FAILED)

    @property
    def not_checked(self) -> tuple[Check, ...]:
        """The checks that could not be made, such as those of content without a key."""
        return tuple(check for check in self.checks if check.state == CheckState.NOT_CHECKED)

    def __str__(self) -> str:
        """The verdict, and a line for each of the first checks that are not verified."""
        others = [check for check in self.checks if check.state != CheckState.VERIFIED]
        lines = [f"{self.verdict}  {self.recovery_point_id}  ({len(self.checks)} checks)"]
        lines += [f"  {check.state}  {check.name}  {check.subject}: expected {check.expected!r}, "
                  f"found {check.found!r}" for check in others[:_ROWS_SHOWN]]
        if len(others) > _ROWS_SHOWN:
            lines.append(f"  and {len(others) - _ROWS_SHOWN} more")
        return "\n".join(lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """A verdict, and a row for each of the first checks that are not verified."""
        others = [check for check in self.checks if check.state != CheckState.VERIFIED]
        head = (f"<p><b style='color:{_COLOURS[self.verdict]}'>{self.verdict}</b> "
                f"{html.escape(self.recovery_point_id)}: "
                f"{len(self.checks) - len(others)} of {len(self.checks)} checks verified</p>")
        if not others:
            return head
        names = "".join(f"<th style='text-align:left'>{name}</th>"
                        for name in ("state", "check", "where", "expected", "found"))
        rows = "".join(f"<tr>{check._row()}</tr>" for check in others[:_ROWS_SHOWN])
        more = len(others) - _ROWS_SHOWN
        rest = f"<p>and {more} more</p>" if more > 0 else ""
        return f"{head}<table><tr>{names}</tr>{rows}</table>{rest}"


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class RestoreResult(Value):
    """What a restore did. True where all of it was verified and is in place; else nothing is."""

    recovery_point_id: str
    folder: pathlib.Path
    segments: int
    segments_resumed: int
    records: int
    bytes: int
    report: Report

    _made_by = {"folder": pathlib.Path, "report": one_of(Report)}

    def __bool__(self) -> bool:
        return bool(self.report)

    def __str__(self) -> str:
        done = f"{self.segments} segments, {self.records} records, {self.bytes} bytes in {self.folder}"
        return f"{self.report}\n{done}" if self else str(self.report)

    def _repr_html_(self) -> str:
        what = (f"<p>{self.segments} segments, {self.records} records, {self.bytes} bytes in "
                f"<code>{html.escape(str(self.folder))}</code></p>")
        return self.report._repr_html_() + (what if self else "")


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class DamagedTenant(Value):
    """A tenant of whom a rebuild found something damaged: nothing more is written for it until that is
    mended. `kind` is that of the exception it would be."""

    tenant: str
    kind: str
    subject: str
    message: str


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class RebuildResult(Value):
    """What a rebuild recorded; `kept` is where a catalog that could not be opened went. True where no
    tenant is damaged."""

    tenants: int
    segments: int
    points: int
    damaged: tuple[DamagedTenant, ...] = ()
    kept: pathlib.Path | None = None

    _made_by = {"damaged": tuple_of(DamagedTenant), "kept": pathlib.Path}

    def __bool__(self) -> bool:
        return not self.damaged


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Finding(Value):
    """One thing the doctor looked at."""

    name: str
    state: FindingState
    subject: str
    detail: str

    _made_by = {"state": FindingState}


def point_of(stored: str) -> RecoveryPoint:
    """A recovery point of its manifest as stored."""
    document = json.loads(stored)
    del document["type"]  # Of the document: a point's is its `backupType`.
    return RecoveryPoint.of(document)


def descriptor_of(text: str) -> Descriptor:
    """A descriptor of its canonical text."""
    return Descriptor.of(json.loads(text))
