# SPDX-License-Identifier: Apache-2.0
"""Vaults and the verbs on them."""

from __future__ import annotations

import datetime
import logging
import os
import pathlib
import time
from types import TracebackType
from typing import Callable, Iterator, Mapping

from . import _core
from .errors import InvalidArgumentError, PreconditionFailedError
from .listing import Listing
from .values import (
    BackupResult,
    BackupStatus,
    BackupType,
    CreatedVault,
    Descriptor,
    Finding,
    Progress,
    RebuildResult,
    RecoveryPoint,
    Report,
    RestoreResult,
    VerifyDepth,
    descriptor_of,
    format_time,
    point_of,
)

StrPath = str | os.PathLike[str]
OnProgress = Callable[[Progress], object]

_log = logging.getLogger("atp_backup")


def create_vault(
    folder: StrPath,
    *,
    region: str,
    domain: str | None = None,
    keys: StrPath | None = None,
) -> CreatedVault:
    """Makes a vault in `folder` and its keys in `keys` (default:
    `$XDG_CONFIG_HOME/atp/<vaultId>`), durable on return; finishes an interrupted call.

    `domain` (default: `<vaultId>.invalid`) goes into the names of the ledgers.
    Raises `AlreadyExistsError` where there is a vault, `InvalidArgumentError` for a folder of keys
    inside the vault.
    """
    created = CreatedVault._of(
        _core.create_vault(
            folder=_absolute(folder),
            region=region,
            domain=domain,
            keys=None if keys is None else _absolute(keys),
            configuration=_configuration_folder(),
        )
    )
    _log.info("made vault %s in %s", created.vault_id, folder)
    return created


def open_vault(
    folder: StrPath, *, keys: StrPath | None = None, trust: StrPath | None = None
) -> Vault:
    """Opens the vault in `folder`, with whatever keys are in `keys` (default:
    `$XDG_CONFIG_HOME/atp/<vaultId>`) and the trust policy in the file `trust` (default: the one
    beside the keys).

    Backing up needs the signing keys; restoring, and verifying content, the identity; verifying
    what is stored only a trust policy.
    Raises `NotFoundError` where there is no vault, `PermissionDeniedError` for secrets that others
    may read, `CorruptError` for a vault that the trust policy does not vouch for.
    """
    return Vault(
        _core.open_vault(
            folder=_absolute(folder),
            keys=None if keys is None else _absolute(keys),
            trust=None if trust is None else _absolute(trust),
            configuration=_configuration_folder(),
        )
    )


class Vault:
    """An open vault; `open_vault` makes it. May be used from several threads.

    Long verbs release the GIL, call `on_progress` with a `Progress` some times a second, from the
    thread that called them, and end within a fraction of a second on Ctrl-C; what the callback
    raises stops them as well. Interrupted work is taken up by the next call.
    """

    def __init__(self, core: _core.Vault) -> None:
        self._core: _core.Vault | None = core

    def _open(self) -> _core.Vault:
        if self._core is None:
            raise PreconditionFailedError("the vault is closed")
        return self._core

    def __enter__(self) -> Vault:
        self._open()
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
        self._core = None

    def __repr__(self) -> str:
        if self._core is None:
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
        return pathlib.Path(self._open().folder)

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
        allow_empty: bool = False,
        reread: bool = False,
        jobs: int = 0,
        on_progress: OnProgress | None = None,
    ) -> BackupResult:
        """Backs up what the folder `source` (`[STREAM/]SEGMENT.jsonl`, also `.gz`, `.zst`) has that
        the vault has not. Durable when it returns; look at the result's `status`.

        `type` is incremental unless told otherwise; the first point is full. `field_map` says where
        records have their `time`, `action`, `actor.id`, `subject.id`, `subject.email`,
        `subject.phone`, as dotted paths; it and `retention` (ISO 8601, `P7Y` at first) hold until
        others are given. `allow_empty` takes files without bytes; `reread` reads files again that
        look unchanged; `jobs` is the number of threads (0: two more than cores).
        Raises `UnavailableError` while the catalog cannot be used, `UnauthenticatedError` without
        signing keys, `ClockUntrustedError`, `CorruptError`, `NoSpaceError`.
        """
        begun = time.monotonic()
        result = BackupResult._of(
            _core.take_backup(
                self._open(),
                source=_absolute(source),
                tenant=tenant,
                type=None if type is None else _text(BackupType, type),
                field_map=None if field_map is None else dict(field_map),
                retention=retention,
                allow_empty=allow_empty,
                reread=reread,
                jobs=jobs,
                on_progress=_reporter(on_progress),
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

    def tenants(self) -> list[str]:
        """Whose recovery points these are, sorted."""
        return _core.tenants(self._open())

    def recovery_points(
        self,
        *,
        tenant: str | None = None,
        since: datetime.datetime | datetime.timedelta | None = None,
    ) -> Listing[RecoveryPoint]:
        """Completed points, by tenant and in order of completion, a tenant at a time; `since` leaves
        out those created earlier (a `timedelta` counts back from now).

        Raises `CorruptError` where a signature or the ledger does not hold.
        """
        earliest = datetime.datetime.now(datetime.timezone.utc) - since if isinstance(
            since, datetime.timedelta) else since
        if earliest is not None:
            format_time(earliest)  # Refuses a time without zone now, not at the first walk.
        self._open()

        def pages() -> Iterator[list[RecoveryPoint]]:
            for name in self.tenants() if tenant is None else [tenant]:
                points = map(point_of, _core.points(self._open(), tenant=name))
                yield [p for p in points if earliest is None or p.created_at >= earliest]

        return Listing(RecoveryPoint, pages)

    def show_point(self, point: RecoveryPoint | str) -> tuple[RecoveryPoint, list[Descriptor]]:
        """A point and the packages that it lists itself (its parents list the others).

        Raises `NotFoundError`; `CorruptError` where a signature or digest does not hold.
        """
        stored, descriptors = _core.show_point(self._open(), id=_id(point))
        return point_of(stored), [descriptor_of(text) for text in descriptors]

    def verify_point(
        self,
        point: RecoveryPoint | str,
        *,
        depth: VerifyDepth | str = VerifyDepth.CONTENT,
        segment: str | None = None,
        jobs: int = 0,
        on_progress: OnProgress | None = None,
    ) -> Report:
        """Verifies a point and everything it hangs on, down to its last full parent.

        What is damaged is a failed check of the report, never an exception. `depth` stored needs no
        identity; without one, content is not checked. `segment` (`STREAM/SEGMENT`) reads the package
        of that one only. Raises `NotFoundError` for no such point or segment.
        """
        report = Report._of(
            _core.verify_point(
                self._open(),
                id=_id(point),
                depth=_text(VerifyDepth, depth),
                segment=None if segment is None else _segment(segment),
                jobs=jobs,
                on_progress=_reporter(on_progress),
            )
        )
        level = logging.INFO if report else logging.WARNING
        _log.log(level, "verification of %s: %s", report.recovery_point_id, report.verdict.value)
        return report

    def restore_point(
        self,
        point: RecoveryPoint | str,
        *,
        to: StrPath,
        stream: str | None = None,
        segment: str | None = None,
        since: datetime.datetime | None = None,
        until: datetime.datetime | None = None,
        jobs: int = 0,
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
        target = _absolute(to)
        if pathlib.Path(target).resolve().is_relative_to(self.folder.resolve()):
            raise InvalidArgumentError("is inside the vault", subject=target)
        result = RestoreResult._of(
            _core.restore_point(
                self._open(),
                id=_id(point),
                folder=target,
                stream=stream,
                segment=None if segment is None else _segment(segment),
                since=None if since is None else format_time(since),
                until=None if until is None else format_time(until),
                jobs=jobs,
                on_progress=_reporter(on_progress),
            )
        )
        level = logging.INFO if result else logging.WARNING
        _log.log(level, "restore of %s: %d segments in %s", result.recovery_point_id,
                 result.segments, result.folder)
        return result

    def read_records(
        self,
        point: RecoveryPoint | str,
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
        opened = _core.open_segment(self._open(), id=_id(point), segment=_segment(segment))
        bounds = opened.bounds
        wanted = range(bounds[-1])[start:stop]

        def records() -> Iterator[bytes]:
            for first, end in zip(bounds, bounds[1:]):
                inside = range(max(first, wanted.start), min(end, wanted.stop))
                if inside:
                    yield from opened.read(start=inside.start, stop=inside.stop)

        return records()

    def rebuild_catalog(self, *, on_progress: OnProgress | None = None) -> RebuildResult:
        """Makes the catalog anew from the store alone; what is read is verified first.

        Raises `CorruptError` for a damaged store, `PreconditionFailedError` while work runs.
        """
        result = RebuildResult._of(
            _core.rebuild_catalog(self._open(), on_progress=_reporter(on_progress))
        )
        _log.info("rebuilt the catalog: %d points of %d tenants", result.points, result.tenants)
        return result

    def examine(self, *, mend: bool = True) -> list[Finding]:
        """Looks the vault over and, unless told otherwise, mends what a crash left."""
        return [Finding._of(each) for each in _core.examine(self._open(), mend=mend)]


def _absolute(path: StrPath) -> str:
    return os.path.abspath(os.fspath(path))


def _configuration_folder() -> str:
    folder = os.environ.get("XDG_CONFIG_HOME")
    return folder if folder else os.path.join(os.path.expanduser("~"), ".config")


def _id(point: RecoveryPoint | str) -> str:
    return point.id if isinstance(point, RecoveryPoint) else point


def _text(cls: type[BackupType] | type[VerifyDepth], value: BackupType | VerifyDepth | str) -> str:
    try:
        return str(cls(value))
    except ValueError:
        names = " or ".join(each.value for each in cls)
        raise InvalidArgumentError(f"expected {names}, found {value!r}") from None


def _segment(name: str) -> tuple[str, str]:
    stream, slash, segment = name.partition("/")
    if not slash:
        raise InvalidArgumentError(
            "expected STREAM/SEGMENT (default/SEGMENT for flat files)", subject=name
        )
    return stream, segment


def _reporter(on_progress: OnProgress | None) -> Callable[[str, int, int, int, int], object] | None:
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
