# SPDX-License-Identifier: Apache-2.0
"""Vaults and the verbs on them."""

from __future__ import annotations

import datetime
import logging
import os
import pathlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from . import _core
from ._arguments import (
    OnProgress,
    Selection,
    StrPath,
    absolute,
    configuration_folder,
    count,
    field_map_of,
    instant,
    point_id,
    reporter,
    selection,
    text,
    word,
)
from ._export_values import ExportResult
from ._listing import Listing
from ._reader import Reader
from ._proof_values import ClockCorrection, Halt
from ._values import (
    Anchors,
    BackupResult,
    BackupStatus,
    BackupType,
    CreatedVault,
    Descriptor,
    EmptySegments,
    Finding,
    KnownFiles,
    RebuildResult,
    RecoveryPoint,
    descriptor_of,
    point_of,
)
from .errors import InvalidArgumentError

_log = logging.getLogger("atp_backup")
_log.addHandler(logging.NullHandler())  # Who wants to see it says so.


def create_vault(
    folder: StrPath,
    *,
    region: str,
    domain: str | None = None,
    keys: StrPath | None = None,
    passphrase: str | None = None,
    recipient: str | None = None,
) -> CreatedVault:
    """Makes a vault in `folder` and its keys in `keys` (default:
    `$XDG_CONFIG_HOME/atp/<vaultId>`), durable on return; finishes an interrupted call, unless it was
    interrupted so late that the vault is there.

    `domain` (default: `<vaultId>.invalid`) goes into the names of the ledgers. With a `passphrase`,
    or to an age `recipient`, the secrets are written sealed.
    Raises `AlreadyExistsError` where there is a vault, `InvalidArgumentError` for a folder of keys
    inside the vault.
    """
    created = CreatedVault.of(
        _core.create_vault(
            folder=absolute(folder),
            region=text("region", region),
            domain=None if domain is None else text("domain", domain),
            keys=None if keys is None else absolute(keys),
            configuration=configuration_folder(),
            recipient=None if recipient is None else text("recipient", recipient),
            passphrase=None if passphrase is None else text("passphrase", passphrase),
        )
    )
    _log.info("made vault %s in %s", created.vault_id, folder)
    return created


def open_vault(
    folder: StrPath,
    *,
    keys: StrPath | None = None,
    trust: StrPath | None = None,
    unlock: StrPath | None = None,
    passphrase: str | None = None,
) -> Vault:
    """Opens the vault in `folder`, with whatever keys are in `keys` (default:
    `$XDG_CONFIG_HOME/atp/<vaultId>`) and the trust policy in the file `trust` (default: the one
    beside the keys).

    Backing up needs the signing keys; restoring, and verifying content, the identity; verifying
    what is stored only a trust policy. Sealed key files are opened with the age identity in the file
    `unlock`, or with `passphrase`.
    Raises `NotFoundError` where there is no vault, `PermissionDeniedError` for secrets that others
    may read, `CorruptError` for a vault that the trust policy does not vouch for.
    """
    return Vault._around(
        _core.open_vault(
            folder=absolute(folder),
            keys=None if keys is None else absolute(keys),
            trust=None if trust is None else absolute(trust),
            configuration=configuration_folder(),
            unlock=None if unlock is None else absolute(unlock),
            passphrase=None if passphrase is None else text("passphrase", passphrase),
        )
    )


class Vault(Reader):
    """An open vault: also its catalog, and what is needed to write; `open_vault` makes it.

    Opening, and verbs that write, may wait for another process that has the catalog locked, up to 30
    seconds, whatever is pressed.
    """

    def _open(self) -> _core.Vault:
        core = self._read()
        assert isinstance(core, _core.Vault)
        return core

    def _refuse_target(self, path: pathlib.Path) -> None:
        if path.resolve().is_relative_to(self.folder.resolve()):
            raise InvalidArgumentError("is inside the vault", subject=str(path))

    def __repr__(self) -> str:
        if self._handle is None:
            return "<closed vault>"
        return f"<vault {self.id} in {self.folder}>"

    @property
    def id(self) -> str:
        """32 hexadecimal digits."""
        return self._open().id

    @property
    def region(self) -> str:
        """Where its bytes live."""
        return self._open().region

    @property
    def folder(self) -> pathlib.Path:
        """Where it is, absolute."""
        return pathlib.Path(os.fsdecode(self._open().folder))

    @property
    def catalog_problem(self) -> str:
        """Why the catalog cannot be used until `rebuild_catalog`; empty where it can."""
        return self._open().catalog_problem

    def take_backup(
        self,
        source: StrPath,
        *,
        tenant: str,
        type: BackupType | str | None = None,
        field_map: Mapping[str, str] | None = None,
        retention: str | None = None,
        empty_segments: EmptySegments | str = EmptySegments.SKIP,
        known_files: KnownFiles | str = KnownFiles.TRUST_STAT,
        clock_is_right: bool = False,
        workers: int = 0,
        on_progress: OnProgress | None = None,
    ) -> BackupResult:
        """Backs up what the folder `source` (`[STREAM/]SEGMENT.jsonl`, also `.gz`, `.zst`) has that
        the vault has not. Durable when it returns; look at the result's `status`.

        `type` is incremental unless told otherwise; the first point is full, and so is one after 24. `field_map` says where
        records have their `time`, `action`, `actor.id`, `subject.id`, `subject.email`,
        `subject.phone`, `id`, as dotted paths; it and `retention` (ISO 8601, `P7Y` at first) hold until
        others are given. `empty_segments` are skipped unless told to take them; `known_files` that
        look unchanged are not read unless told to reread them; `workers` is the number of threads
        (0: two more than cores). `clock_is_right` is for whoever has looked at the clock: the run
        goes on where it looks wrong, and takes what is dated ahead of it.
        Raises `UnavailableError` while the catalog cannot be used, `UnauthenticatedError` without
        signing keys, `ClockUntrustedError`, `CorruptError`, `NoSpaceError`.
        """
        begun = time.monotonic()
        result = BackupResult.of(
            _core.take_backup(
                self._open(),
                source=absolute(source),
                tenant=text("tenant", tenant),
                type=None if type is None else word("type", BackupType, type),
                field_map=None if field_map is None else field_map_of(field_map),
                retention=None if retention is None else text("retention", retention),
                allow_empty=word("empty_segments", EmptySegments, empty_segments) == "take",
                reread=word("known_files", KnownFiles, known_files) == "reread",
                clock_is_right=bool(clock_is_right),
                workers=count("workers", workers),
                on_progress=reporter(on_progress),
            )
        )
        good = result.status in (BackupStatus.COMPLETED, BackupStatus.UNCHANGED)
        _log.log(
            logging.INFO if good else logging.WARNING,
            "backup of %s: %s, %s, %d new segments in %.1f s",
            tenant,
            result.status.value,
            result.recovery_point_id,
            result.segments_new,
            time.monotonic() - begun,
        )
        return result

    def recovery_points(
        self,
        *,
        tenant: str | None = None,
        since: datetime.datetime | datetime.timedelta | None = None,
    ) -> Listing[RecoveryPoint]:
        """Completed points, by tenant and in order of completion, a tenant at a time; `since` leaves
        out those created earlier (a `timedelta` counts back from now).

        Walking it raises `CorruptError` where a signature or the ledger does not hold,
        `UnavailableError` while the catalog cannot be used, `UnauthenticatedError` without a trust
        policy.
        """
        earliest = instant(since)
        if tenant is not None:
            text("tenant", tenant)
        self._open()

        def pages() -> Iterator[list[RecoveryPoint]]:
            for name in self.tenants() if tenant is None else [tenant]:
                points = map(point_of, _core.points(self._open(), tenant=name))
                yield [p for p in points if earliest is None or p.created_at >= earliest]

        return Listing(RecoveryPoint, pages)

    def rebuild_catalog(self, *, on_progress: OnProgress | None = None) -> RebuildResult:
        """Makes the catalog anew from the store alone; what is read is verified first.

        A tenant of whom something is damaged is in the result's `damaged` and keeps the rows it had.
        Raises `PreconditionFailedError` while work runs.
        """
        result = RebuildResult.of(
            _core.rebuild_catalog(self._open(), on_progress=reporter(on_progress))
        )
        _log.info("rebuilt the catalog: %d points of %d tenants", result.points, result.tenants)
        return result

    def anchor_ledger(self, *, tenant: str, on_progress: OnProgress | None = None) -> Anchors:
        """Asks witnesses and time-stamping authorities for what is pending, and renews time-stamps
        whose certificate ends soon. Who does not answer stays pending.

        Raises `CorruptError` for a ledger that does not hold.
        """
        return Anchors.of(
            _core.anchor_ledger(
                self._open(), tenant=text("tenant", tenant), on_progress=reporter(on_progress)
            )
        )

    def export_records(
        self,
        point: RecoveryPoint | BackupResult | str,
        *,
        records: Iterable[Selection],
        to: StrPath,
        request: str | None = None,
        approvals: Iterable[str] = (),
        clock_is_right: bool = False,
        on_progress: OnProgress | None = None,
    ) -> ExportResult:
        """Hands records of the point over, at most 10,000: a new folder `to` with their lines, a proof
        of each, and a signed manifest, which `verify_export` checks and needs no vault for. Each of
        `records` is a segment (`STREAM/SEGMENT`, all of it), a `RecordPlace`, or a segment and a
        `range` of numbers from 0. The ledger says so before and after. Where the trust policy has a
        rule for `export`, only with a `request` and `approvals` of it. `clock_is_right` is for
        whoever has looked at a clock that the store contradicts.

        Raises `ClockUntrustedError` for such a clock; `NotFoundError` and `InvalidArgumentError` for records that are not there,
        `AlreadyExistsError` for a folder that is, `NotApprovedError` without enough approvals,
        `UnavailableError` where the trust policy requires a time-stamp and no authority gave one.
        """
        folder = pathlib.Path(os.fsdecode(absolute(to)))
        self._refuse_target(folder)
        exported = ExportResult.of(
            _core.export_records(
                self._open(),
                id=point_id(point),
                records=selection(records),
                folder=absolute(to),
                approved=[] if request is None else [text("request", request), *approvals],
                clock_is_right=bool(clock_is_right),
                on_progress=reporter(on_progress),
            )
        )
        _log.info("%s: %d records to %s", exported.manifest.id, exported.manifest.records, folder)
        return exported

    def request_export(
        self,
        point: RecoveryPoint | BackupResult | str,
        *,
        records: Iterable[Selection],
        key: StrPath,
        valid_for: str = "P7D",
    ) -> str:
        """A request to approve `export_records` of exactly these records, signed with the private key
        of whoever asks; others give it to `approve`.

        Raises `InvalidArgumentError` where the trust policy asks for no approvals, or not all of the
        records are there; `UnauthenticatedError` for a key of no approver.
        """
        return _core.request_export(
            self._open(),
            id=point_id(point),
            records=selection(records),
            key=absolute(key),
            valid_for=text("valid_for", valid_for),
        )

    def request_resolution(
        self, *, tenant: str, key: StrPath, valid_for: str = "P7D", old_note: str | None = None
    ) -> str:
        """A request to approve `resolve_halt` exactly as it would be done now, signed with the private
        key of whoever asks; others give it to `approve`.

        Raises `NotFoundError` for a tenant that is not halted, `UnauthenticatedError` for a key of no
        approver.
        """
        return _core.request_resolution(
            self._open(),
            tenant=text("tenant", tenant),
            old_note=None if old_note is None else text("old_note", old_note),
            key=absolute(key),
            valid_for=text("valid_for", valid_for),
        )

    def resolve_halt(
        self,
        *,
        tenant: str,
        old_note: str | None = None,
        request: str | None = None,
        approvals: Iterable[str] = (),
    ) -> Halt:
        """Lets a tenant go on that was halted because its ledger was found to be another, once all of
        it verifies again and, where given, it goes on from a checkpoint that was kept elsewhere.
        Returns what had halted it. Where the trust policy has a rule for `halt.resolve`, only with a
        `request` and `approvals` of it.

        Raises `NotApprovedError` without enough of them; `NotFoundError` for a tenant that is not halted, `CorruptError` while something does
        not hold, `PreconditionFailedError` while jobs run.
        """
        halt = Halt.of(
            _core.resolve_halt(
                self._open(),
                tenant=text("tenant", tenant),
                old_note=None if old_note is None else text("old_note", old_note),
                approved=[] if request is None else [text("request", request), *approvals],
            )
        )
        _log.warning("%s was halted by %s: %s; resolved", halt.tenant, halt.subject, halt.message)
        return halt

    def request_clock_correction(
        self, *, tenant: str, key: StrPath, valid_for: str = "P7D"
    ) -> str:
        """A request to approve `correct_clock` exactly as it would be done now, signed with the
        private key of whoever asks; others give it to `approve`.

        Raises `NotFoundError` where no entry is ahead of this clock, `UnauthenticatedError` for a key
        of no approver.
        """
        return _core.request_clock_correction(
            self._open(),
            tenant=text("tenant", tenant),
            key=absolute(key),
            valid_for=text("valid_for", valid_for),
        )

    def correct_clock(
        self,
        *,
        tenant: str,
        clock_is_right: bool = False,
        request: str | None = None,
        approvals: Iterable[str] = (),
    ) -> ClockCorrection:
        """Lets a tenant go on whose ledger has entries of a clock that stood ahead: states in it, as
        `clock.corrected`, which those are. Nothing is kept any shorter. Where the trust policy has a
        rule for `clock.correct`, only with a `request` and `approvals` of it. `clock_is_right` is for
        a vault that was itself made ahead.

        Raises `NotFoundError` where no entry is ahead of this clock, `ClockUntrustedError` where this
        clock is the one that cannot be right, `NotApprovedError`, `PreconditionFailedError` for a
        halted tenant.
        """
        corrected = ClockCorrection.of(
            _core.correct_clock(
                self._open(),
                tenant=text("tenant", tenant),
                clock_is_right=bool(clock_is_right),
                approved=[] if request is None else [text("request", request), *approvals],
            )
        )
        _log.warning("%s has %d entries of a clock that stood ahead; corrected", tenant,
                     corrected.entries)
        return corrected

    def examine(self, *, mend: bool = True, take_over: bool = False) -> list[Finding]:
        """Looks the vault over and, unless told otherwise, mends what a crash left.

        With `take_over`, acts that are open and that this catalog does not know (of another host, or
        of before the catalog was lost) are ended as lost ones: see that nobody is at work on them."""
        findings = _core.examine(self._open(), mend=mend, take_over=take_over)
        return [Finding.of(each) for each in findings]
