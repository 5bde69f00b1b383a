# SPDX-License-Identifier: Apache-2.0
"""What exports come to, as values."""

from __future__ import annotations

import dataclasses
import datetime

from ._value import Value, one_of, time_of, tuple_of
from ._values import Anchors, Check, Checkpoint, PendingAnchor, Report


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class ExportedFile(Value):
    """A file of a bundle: its path below the bundle's folder, its size, and its SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class ExportManifest(Value):
    """What was handed over: how many records of which point, in which files. `created_at` is by the
    word of who signed it; `timestamped` says that an authority of the trust policy has stamped it. The
    ledger has `sha256` of the manifest as it was made; co-signatures change it, and nothing else."""

    id: str
    tenant: str
    recovery_point_id: str
    created_at: datetime.datetime
    records: int
    files: tuple[ExportedFile, ...]
    sha256: str
    timestamped: bool

    _made_by = {"created_at": time_of, "files": tuple_of(ExportedFile)}
    _renamed = {**Value._renamed, "exportId": "id"}


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class ExportResult(Value):
    """An export that was made; true where no authority that is asked has still to stamp it, and the
    ledger's `anchors` are complete. `checkpoint` is the one that every record is proven to."""

    manifest: ExportManifest
    checkpoint: Checkpoint
    pending: tuple[PendingAnchor, ...] = ()
    anchors: Anchors = Anchors()

    _made_by = {
        "manifest": one_of(ExportManifest),
        "checkpoint": one_of(Checkpoint),
        "pending": tuple_of(PendingAnchor),
        "anchors": one_of(Anchors),
    }

    def __bool__(self) -> bool:
        return not self.pending and bool(self.anchors)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class CheckedExport(Value):
    """A bundle that was checked; true where it holds, and then manifest and checkpoint are there."""

    report: Report
    manifest: ExportManifest | None
    checkpoint: Checkpoint | None

    _made_by = {
        "report": one_of(Report),
        "manifest": one_of(ExportManifest),
        "checkpoint": one_of(Checkpoint),
    }

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks of `report` that failed."""
        return self.report.failures

    def __bool__(self) -> bool:
        return bool(self.report)
