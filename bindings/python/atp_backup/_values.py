# SPDX-License-Identifier: Apache-2.0
"""The nouns: frozen dataclasses that compare, hash, pickle and print as they are made."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import html
import json
import pathlib
import re
from typing import Any, Iterable, Mapping, TypeVar

V = TypeVar("V", bound="Value")
Found = Mapping[str, Any]  # What `_core` gives: a value's fields as plain values.


def parse_time(text: str) -> datetime.datetime:
    """An RFC 3339 UTC time as the vault writes it, cut to the microsecond."""
    seconds, _, decimals = text.removesuffix("Z").partition(".")
    whole = datetime.datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S")
    return whole.replace(microsecond=int(decimals[:6] or 0), tzinfo=datetime.timezone.utc)


def format_time(time: datetime.datetime) -> str:
    """RFC 3339 in UTC. Raises `ValueError` for a time without zone: whose noon is it?"""
    if time.utcoffset() is None:
        raise ValueError(f"expected a time with a zone, found {time!r}")
    utc = time.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds") + "Z"


def _plain(value: Any) -> Any:
    if isinstance(value, Value):
        return value.to_dict()
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, Word):
        return value.value
    if isinstance(value, datetime.datetime):
        return format_time(value)
    if isinstance(value, pathlib.PurePath):
        return str(value)
    return value


@dataclasses.dataclass(frozen=True, kw_only=True)
class Value:
    """What all values can do."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values only: what `json.dumps` takes. Times are RFC 3339 text."""
        return {
            field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)
        }

    def to_json(self) -> str:
        """`to_dict` as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def _of(cls: type[V], found: Found) -> V:
        names = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in found.items() if name in names})


def _values(cls: type[V], found: Iterable[Found]) -> tuple[V, ...]:
    return tuple(cls._of(each) for each in found)


class Word(str, enum.Enum):
    """One of a few words: equals its text, hashes and prints as it."""

    __hash__ = str.__hash__
    __str__ = str.__str__

    def __repr__(self) -> str:
        return repr(self.value)


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
    BAD = "bad"


@dataclasses.dataclass(frozen=True, kw_only=True)
class CreatedVault(Value):
    """Where a new vault and its keys are. Copy the folder of the keys to a safe place."""

    vault_id: str
    store: pathlib.Path
    catalog: pathlib.Path
    identity: pathlib.Path
    signing_key: pathlib.Path
    ledger_key: pathlib.Path
    trust: pathlib.Path

    @classmethod
    def _of(cls, found: Found) -> CreatedVault:
        vault_id = found["vault_id"]
        paths = {name: pathlib.Path(path) for name, path in found.items() if name != "vault_id"}
        return cls(vault_id=vault_id, **paths)


@dataclasses.dataclass(frozen=True, kw_only=True)
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class SkippedInput(Value):
    """An input that a point does not hold, and why."""

    name: str
    reason: str
    detail: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class AlteredSegment(Value):
    """A sealed segment that was found with other bytes later; the first package stays the truth."""

    stream: str
    segment: str
    sequence: int
    sealed_sha256: str
    found_sha256: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class BackupResult(Value):
    """What `Vault.take_backup` did. Counts and bytes are those of the new segments."""

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
    skipped: tuple[SkippedInput, ...] = ()
    alarms: tuple[AlteredSegment, ...] = ()
    gone: tuple[str, ...] = ()

    @classmethod
    def _of(cls, found: Found) -> BackupResult:
        return super()._of({
            **found,
            "type": BackupType(found["type"]),
            "status": BackupStatus(found["status"]),
            "skipped": _values(SkippedInput, found["skipped"]),
            "alarms": _values(AlteredSegment, found["alarms"]),
            "gone": tuple(found["gone"]),
        })


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecoveryPoint(Value):
    """A set of segments from which a tenant can be restored.

    Times are UTC, cut to the microsecond. An incremental point's segments are those on top of its
    `parent`'s.
    """

    id: str
    tenant: str
    region: str
    type: BackupType
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


@dataclasses.dataclass(frozen=True, kw_only=True)
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


_CELL = "<td style='text-align:left;{style}'>{text}</td>"
_COLOURS = {"verified": "#1a7f37", "failed": "#cf222e", "attested": "#9a6700", "not_checked": "#9a6700"}


@dataclasses.dataclass(frozen=True, kw_only=True)
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

    @classmethod
    def _of(cls, found: Found) -> Check:
        return super()._of({**found, "state": CheckState(found["state"])})

    def _row(self) -> str:
        colour = f"color:{_COLOURS[self.state]};font-weight:bold"
        cells = [(self.state, colour), (self.name, ""), (self.place, ""),
                 (self.expected, "font-family:monospace"), (self.found, "font-family:monospace")]
        return "".join(_CELL.format(text=html.escape(text), style=style) for text, style in cells)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report(Value):
    """What a verification found. True only where everything that was asked for is verified."""

    recovery_point_id: str
    verdict: CheckState
    checks: tuple[Check, ...]

    @classmethod
    def _of(cls, found: Found) -> Report:
        checks = _values(Check, found["checks"])
        return super()._of({**found, "verdict": CheckState(found["verdict"]), "checks": checks})

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

    def _repr_html_(self) -> str:
        """A verdict, and a row for every check that is not verified."""
        verified = sum(check.state == CheckState.VERIFIED for check in self.checks)
        head = (f"<p><b style='color:{_COLOURS[self.verdict]}'>{self.verdict}</b> "
                f"{html.escape(self.recovery_point_id)}: "
                f"{verified} of {len(self.checks)} checks verified</p>")
        rows = [f"<tr>{check._row()}</tr>" for check in self.checks
                if check.state != CheckState.VERIFIED]
        if not rows:
            return head
        names = "".join(f"<th style='text-align:left'>{name}</th>"
                        for name in ("state", "check", "where", "expected", "found"))
        return f"{head}<table><tr>{names}</tr>{''.join(rows)}</table>"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RestoreResult(Value):
    """What a restore did. True where all of it was verified and is in place; else nothing is."""

    recovery_point_id: str
    folder: pathlib.Path
    segments: int
    segments_resumed: int
    records: int
    bytes: int
    report: Report

    @classmethod
    def _of(cls, found: Found) -> RestoreResult:
        folder = pathlib.Path(found["folder"])
        return super()._of({**found, "folder": folder, "report": Report._of(found["report"])})

    def __bool__(self) -> bool:
        return bool(self.report)

    def _repr_html_(self) -> str:
        what = (f"<p>{self.segments} segments, {self.records} records, {self.bytes} bytes in "
                f"<code>{html.escape(str(self.folder))}</code></p>")
        return self.report._repr_html_() + (what if self else "")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RebuildResult(Value):
    """What a rebuild recorded; `kept` is where a catalog that could not be opened went."""

    tenants: int
    segments: int
    points: int
    kept: pathlib.Path | None = None

    @classmethod
    def _of(cls, found: Found) -> RebuildResult:
        kept = found["kept"]
        return super()._of({**found, "kept": None if kept is None else pathlib.Path(kept)})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding(Value):
    """One thing the doctor looked at."""

    name: str
    state: FindingState
    subject: str
    detail: str

    @classmethod
    def _of(cls, found: Found) -> Finding:
        return super()._of({**found, "state": FindingState(found["state"])})


def _snake(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored document's members by their names here: `merkleRoot` is `merkle_root`."""
    return {re.sub("[A-Z]", lambda found: "_" + str(found[0]).lower(), name): value
            for name, value in document.items()}


def point_of(stored: str) -> RecoveryPoint:
    """A recovery point of its manifest as stored."""
    found = _snake(json.loads(stored))
    return RecoveryPoint._of(found | {
        "id": found["recovery_point_id"],
        "tenant": found["tenant_id"],
        "type": BackupType(found["backup_type"]),
        "created_at": parse_time(found["created_at"]),
        "completed_at": parse_time(found["completed_at"]),
        "parent": found.get("parent", {}).get("recoveryPointId"),
        "skipped": _values(SkippedInput, map(_snake, found["skipped"])),
        "alarms": _values(AlteredSegment, map(_snake, found["alarms"])),
    })


def descriptor_of(text: str) -> Descriptor:
    """A descriptor of its canonical text."""
    return Descriptor._of(_snake(json.loads(text)))
