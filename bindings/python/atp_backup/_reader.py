# SPDX-License-Identifier: Apache-2.0
"""A vault's objects, read: whatever needs no catalog."""

from __future__ import annotations

import datetime
import logging
import os
import pathlib
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

from . import _core
from ._arguments import (
    OnProgress,
    StrPath,
    absolute,
    count,
    point_id,
    instant,
    reporter,
    segment_name,
    text,
    word,
)
from ._export_values import CheckedExport
from ._proof_values import (
    CheckedProof,
    Consistency,
    FoundRecords,
    LedgerAudit,
    SignedCheckpoint,
)
from ._value import format_time
from ._values import (
    BackupResult,
    Checkpoint,
    Descriptor,
    RecoveryPoint,
    Report,
    RestoreResult,
    VerifyDepth,
    descriptor_of,
    point_of,
)
from .errors import PreconditionFailedError
from .storage import ObjectStore, core_store

R = TypeVar("R", bound="Reader")

_log = logging.getLogger("atp_backup")


def open_reader(
    store: ObjectStore,
    *,
    keys: StrPath | None = None,
    trust: StrPath | None = None,
    unlock: StrPath | None = None,
    passphrase: str | None = None,
) -> Reader:
    """Opens a vault's objects in any store, with the keys in the folder `keys` and the trust policy in
    the file `trust` (default: the one beside the keys). Sealed key files are opened as by
    `open_vault`. Nothing is written to the store."""
    return Reader._around(
        _core.open_reader(
            store=core_store(store),
            keys=None if keys is None else absolute(keys),
            trust=None if trust is None else absolute(trust),
            unlock=None if unlock is None else absolute(unlock),
            passphrase=None if passphrase is None else text("passphrase", passphrase),
        )
    )


def check_record_proof(proof: str, *, trust: StrPath) -> CheckedProof:
    """Checks what `Reader.prove_record` wrote, with the trust policy in the file `trust`. True only
    where everything up to the signatures was recomputed; then `record` and what is said of it are
    there. Raises `UnsupportedError` for a proof of a later version."""
    return CheckedProof.of(
        _core.check_record_proof(proof=text("proof", proof), trust=absolute(trust))
    )


def verify_export(
    folder: StrPath, *, trust: StrPath, on_progress: OnProgress | None = None
) -> CheckedExport:
    """Checks a bundle that `Vault.export_records` wrote, with the trust policy in the file `trust`: that
    it has every file of its signed manifest and no other, and that its records are proven to one
    checkpoint. No network, no vault, no secret key. Raises `NotFoundError` for no such folder."""
    return CheckedExport.of(
        _core.verify_export(
            folder=absolute(folder), trust=absolute(trust), on_progress=reporter(on_progress)
        )
    )


class Reader:
    """A vault's objects, to be verified and restored; `open_reader` makes it, and every `Vault` is
    one. May be used from several threads, but not in a process that was forked after it was opened:
    open it again there.

    Long verbs release the GIL and call `on_progress` with a `Progress` some times a second, from the
    thread that called them. Ctrl-C in the main thread, or what the callback raises, ends them within
    a fraction of a second. Interrupted work is taken up by the next call; at its very end it may be
    complete.
    """

    _handle: _core.Reader | None
    _process: int

    def __init__(self) -> None:
        raise TypeError("open_vault or open_reader makes one")

    @classmethod
    def _around(cls: type[R], core: _core.Reader) -> R:
        reader = cls.__new__(cls)
        reader._handle = core
        reader._process = os.getpid()
        return reader

    def _read(self) -> _core.Reader:
        if self._handle is None:
            raise PreconditionFailedError("the vault is closed")
        if self._process != os.getpid():
            raise PreconditionFailedError(
                "the vault was opened before this process was forked: open it again here"
            )
        return self._handle

    def __enter__(self: R) -> R:
        self._read()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of catalog and keys; a second call does nothing."""
        self._handle = None

    def tenants(self) -> list[str]:
        """Whose recovery points these are, sorted."""
        return _core.tenants(self._read())

    def show_point(self, point: RecoveryPoint | BackupResult | str) -> tuple[RecoveryPoint, list[Descriptor]]:
        """A point and the packages that it lists itself (its parents list the others).

        Raises `NotFoundError`; `CorruptError` where a signature or digest does not hold.
        """
        stored, descriptors = _core.show_point(self._read(), id=point_id(point))
        return point_of(stored), [descriptor_of(text) for text in descriptors]

    def verify_point(
        self,
        point: RecoveryPoint | BackupResult | str,
        *,
        depth: VerifyDepth | str = VerifyDepth.CONTENT,
        segment: str | None = None,
        workers: int = 0,
        on_progress: OnProgress | None = None,
    ) -> Report:
        """Verifies a point and everything it hangs on, down to its last full parent.

        What is damaged is a failed check of the report, never an exception. `depth` stored needs no
        identity; without one, content is not checked. `segment` (`STREAM/SEGMENT`) reads the package
        of that one only. Raises `NotFoundError` for no such point or segment.
        """
        report = Report.of(
            _core.verify_point(
                self._read(),
                id=point_id(point),
                depth=word("depth", VerifyDepth, depth),
                segment=None if segment is None else segment_name(segment),
                workers=count("workers", workers),
                on_progress=reporter(on_progress),
            )
        )
        level = logging.INFO if report else logging.WARNING
        _log.log(level, "verification of %s: %s", report.recovery_point_id, report.verdict.value)
        return report

    def restore_point(
        self,
        point: RecoveryPoint | BackupResult | str,
        *,
        to: StrPath,
        stream: str | None = None,
        segment: str | None = None,
        since: datetime.datetime | None = None,
        until: datetime.datetime | None = None,
        workers: int = 0,
        on_progress: OnProgress | None = None,
    ) -> RestoreResult:
        """Restores a point into the folder `to`: absent, empty, or an unfinished restore of the same
        point and scope. Every byte is verified before it is visible; where one is damaged nothing is
        restored, and the result is false.

        The scope is the whole point, a `stream`, a `segment` (`STREAM/SEGMENT`), or the segments that
        overlap `[since, until)`; times need a zone.
        Raises `AlreadyExistsError` for a folder with other files, `UnauthenticatedError` without an
        identity, `NotFoundError`, `NoSpaceError`.
        """
        target = absolute(to)
        path = pathlib.Path(os.fsdecode(target))
        self._refuse_target(path)
        result = RestoreResult.of(
            _core.restore_point(
                self._read(),
                id=point_id(point),
                folder=target,
                stream=None if stream is None else text("stream", stream),
                segment=None if segment is None else segment_name(segment),
                since=None if since is None else format_time(since, "since"),
                until=None if until is None else format_time(until, "until"),
                workers=count("workers", workers),
                on_progress=reporter(on_progress),
            )
        )
        level = logging.INFO if result else logging.WARNING
        _log.log(level, "restore of %s: %d segments in %s", result.recovery_point_id,
                 result.segments, result.folder)
        return result

    def read_records(
        self,
        point: RecoveryPoint | BackupResult | str,
        segment: str,
        *,
        start: int = 0,
        stop: int | None = None,
    ) -> Iterator[bytes]:
        """The records `[start, stop)` of a segment (`STREAM/SEGMENT`), each without its line feed.

        Frames (up to 4,096 records) are fetched, decrypted and proven one at a time, as the records
        are asked for; other packages are not read. Counts and ends are those of `range`.
        Raises `NotFoundError`, `UnauthenticatedError` without an identity; `CorruptError` before any
        record of a damaged frame.
        """
        opened = _core.open_segment(self._read(), id=point_id(point), segment=segment_name(segment))
        bounds = opened.bounds
        wanted = range(bounds[-1])[start:stop]

        def records() -> Iterator[bytes]:
            for first, end in zip(bounds, bounds[1:]):
                inside = range(max(first, wanted.start), min(end, wanted.stop))
                if inside:
                    yield from opened.read(start=inside.start, stop=inside.stop)

        return records()

    def prove_record(
        self, point: RecoveryPoint | BackupResult | str, segment: str, number: int
    ) -> str:
        """The proof file (C2SP tlog-proof) that record `number`, from 0, of a segment
        (`STREAM/SEGMENT`) is in the point: checked with a trust policy and nothing else.

        Reads one frame of one package; lets out no other record, nor what one could be guessed from.
        Raises `NotFoundError`, `InvalidArgumentError` for no such record, `PreconditionFailedError`
        where no checkpoint covers the point yet, `UnauthenticatedError` without an identity.
        """
        return _core.prove_record(
            self._read(), id=point_id(point), segment=segment_name(segment), number=number
        )

    def find_records(
        self,
        point: RecoveryPoint | BackupResult | str,
        record_id: str,
        *,
        on_progress: OnProgress | None = None,
    ) -> FoundRecords:
        """Where the records with that id are, a string or a number written like that, read from the
        field that the tenant's field map has for `id` (default: `id`). Reads every record of the
        point, and counts those that are no strict JSON."""
        found = _core.find_records(
            self._read(),
            id=point_id(point),
            record_id=text("record_id", record_id),
            on_progress=reporter(on_progress),
        )
        return FoundRecords.of(found)

    def newest_checkpoint(self, *, tenant: str) -> SignedCheckpoint:
        """The newest checkpoint of a tenant's ledger, all of which was read and verified: some 200
        bytes, with which an outsider exposes any later rewrite of what it covers.

        Raises `NotFoundError` where there is none, `CorruptError` for a damaged ledger.
        """
        found = _core.newest_checkpoint(self._read(), tenant=text("tenant", tenant))
        return SignedCheckpoint(checkpoint=Checkpoint.of(found), note=found["note"])

    def check_consistency(self, old_note: str, *, tenant: str) -> Consistency:
        """Whether a tenant's ledger still begins with what a checkpoint says that was kept elsewhere."""
        return Consistency.of(
            _core.check_consistency(
                self._read(), tenant=text("tenant", tenant), old_note=text("old_note", old_note)
            )
        )

    def audit_ledger(
        self,
        *,
        tenant: str,
        bundles: bool = False,
        workers: int = 0,
        on_progress: OnProgress | None = None,
    ) -> LedgerAudit:
        """Verifies every entry of a tenant's ledger, every checkpoint, every document that an entry
        names, and the tiles that are derived from them. With `bundles` entries are read 256 at a
        time, where a bundle has them: their objects are seen to be there, and not read."""
        return LedgerAudit.of(
            _core.audit_ledger(
                self._read(),
                tenant=text("tenant", tenant),
                bundles=bundles,
                workers=count("workers", workers),
                on_progress=reporter(on_progress),
            )
        )

    def publish_ledger(
        self,
        *,
        tenant: str,
        to: StrPath,
        workers: int = 0,
        on_progress: OnProgress | None = None,
    ) -> int:
        """Writes a tenant's ledger to the folder `to` as C2SP tlog-tiles, or adds what is new there.

        Returns how many entries are published. Raises `NotFoundError` where there is no checkpoint,
        `CorruptError` where the folder has another ledger, a fork of it or a longer one.
        """
        folder = absolute(to)
        self._refuse_target(pathlib.Path(os.fsdecode(folder)))
        return _core.publish_ledger(
            self._read(),
            tenant=text("tenant", tenant),
            folder=folder,
            workers=count("workers", workers),
            on_progress=reporter(on_progress),
        )

    def _refuse_target(self, path: pathlib.Path) -> None:
        """Where nothing may be restored to."""
