# SPDX-License-Identifier: Apache-2.0
"""Vaults and the verbs on them."""

from __future__ import annotations

import datetime
import logging
import os
import pathlib
import time
from types import TracebackType
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from . import _core
from ._listing import Listing
from ._values import (
    BackupResult,
    BackupStatus,
    BackupType,
    CreatedVault,
    Descriptor,
    EmptySegments,
    Finding,
    KnownFiles,
    Progress,
    RebuildResult,
    RecoveryPoint,
    Report,
    RestoreResult,
    VerifyDepth,
    Word,
    descriptor_of,
    format_time,
    point_of,
)
from .errors import InvalidArgumentError, PreconditionFailedError
from .storage import ObjectStore, core_store

R = TypeVar("R", bound="Reader")
StrPath = str | os.PathLike[str]
OnProgress = Callable[[Progress], object]
W = TypeVar("W", bound=Word)

_log = logging.getLogger("atp_backup")
_log.addHandler(logging.NullHandler())  # Who wants to see it says so.


def create_vault(
    folder: StrPath,
    *,
    region: str,
    domain: str | None = None,
    keys: StrPath | None = None,
) -> CreatedVault:
    """Makes a vault in `folder` and its keys in `keys` (default:
    `$XDG_CONFIG_HOME/atp/<vaultId>`), durable on return; finishes an interrupted call, unless it was
    interrupted so late that the vault is there.

    `domain` (default: `<vaultId>.invalid`) goes into the names of the ledgers.
    Raises `AlreadyExistsError` where there is a vault, `InvalidArgumentError` for a folder of keys
    inside the vault.
    """
    created = CreatedVault.of(
        _core.create_vault(
            folder=_absolute(folder),
            region=_name("region", region),
            domain=None if domain is None else _name("domain", domain),
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
    return Vault._around(
        _core.open_vault(
            folder=_absolute(folder),
            keys=None if keys is None else _absolute(keys),
            trust=None if trust is None else _absolute(trust),
            configuration=_configuration_folder(),
        )
    )


def open_reader(
    store: ObjectStore, *, keys: StrPath | None = None, trust: StrPath | None = None
) -> Reader:
    """Opens a vault's objects in any store, with the keys in the folder `keys` and the trust policy in
    the file `trust` (default: the one beside the keys). Nothing is written to the store."""
    return Reader._around(
        _core.open_reader(
            store=core_store(store),
            keys=None if keys is None else _absolute(keys),
            trust=None if trust is None else _absolute(trust),
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
        stored, descriptors = _core.show_point(self._read(), id=_id(point))
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
                id=_id(point),
                depth=_word("depth", VerifyDepth, depth),
                segment=None if segment is None else _segment(segment),
                workers=_count("workers", workers),
                on_progress=_reporter(on_progress),
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
        target = _absolute(to)
        path = pathlib.Path(os.fsdecode(target))
        self._refuse_target(path)
        result = RestoreResult.of(
            _core.restore_point(
                self._read(),
                id=_id(point),
                folder=target,
                stream=None if stream is None else _name("stream", stream),
                segment=None if segment is None else _segment(segment),
                since=None if since is None else format_time(since, "since"),
                until=None if until is None else format_time(until, "until"),
                workers=_count("workers", workers),
                on_progress=_reporter(on_progress),
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
        opened = _core.open_segment(self._read(), id=_id(point), segment=_segment(segment))
        bounds = opened.bounds
        wanted = range(bounds[-1])[start:stop]

        def records() -> Iterator[bytes]:
            for first, end in zip(bounds, bounds[1:]):
                inside = range(max(first, wanted.start), min(end, wanted.stop))
                if inside:
                    yield from opened.read(start=inside.start, stop=inside.stop)

        return records()

    def _refuse_target(self, path: pathlib.Path) -> None:
        """Where nothing may be restored to."""


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
        workers: int = 0,
        on_progress: OnProgress | None = None,
    ) -> BackupResult:
        """Backs up what the folder `source` (`[STREAM/]SEGMENT.jsonl`, also `.gz`, `.zst`) has that
        the vault has not. Durable when it returns; look at the result's `status`.

        `type` is incremental unless told otherwise; the first point is full. `field_map` says where
        records have their `time`, `action`, `actor.id`, `subject.id`, `subject.email`,
        `subject.phone`, as dotted paths; it and `retention` (ISO 8601, `P7Y` at first) hold until
        others are given. `empty_segments` are skipped unless told to take them; `known_files` that
        look unchanged are not read unless told to reread them; `workers` is the number of threads
        (0: two more than cores).
        Raises `UnavailableError` while the catalog cannot be used, `UnauthenticatedError` without
        signing keys, `ClockUntrustedError`, `CorruptError`, `NoSpaceError`.
        """
        begun = time.monotonic()
        result = BackupResult.of(
            _core.take_backup(
                self._open(),
                source=_absolute(source),
                tenant=_name("tenant", tenant),
                type=None if type is None else _word("type", BackupType, type),
                field_map=None if field_map is None else _field_map(field_map),
                retention=None if retention is None else _name("retention", retention),
                allow_empty=_word("empty_segments", EmptySegments, empty_segments) == "take",
                reread=_word("known_files", KnownFiles, known_files) == "reread",
                workers=_count("workers", workers),
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
        earliest = _instant(since)
        if tenant is not None:
            _name("tenant", tenant)
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
            _core.rebuild_catalog(self._open(), on_progress=_reporter(on_progress))
        )
        _log.info("rebuilt the catalog: %d points of %d tenants", result.points, result.tenants)
        return result

    def examine(self, *, mend: bool = True) -> list[Finding]:
        """Looks the vault over and, unless told otherwise, mends what a crash left."""
        return [Finding.of(each) for each in _core.examine(self._open(), mend=mend)]


def _absolute(path: StrPath) -> bytes:
    """As the system takes it: a name may be no text."""
    found = os.fsencode(path)
    if not found:
        raise InvalidArgumentError("expected a path, found nothing", subject="path")
    return os.path.abspath(found)


def _configuration_folder() -> bytes:
    folder = os.environb.get(b"XDG_CONFIG_HOME", b"")
    if os.path.isabs(folder):  # Others are to be ignored: XDG Base Directory Specification.
        return folder
    return os.path.abspath(os.path.join(os.path.expanduser(b"~"), b".config"))


def _name(what: str, value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected str, found {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"expected text, found {value!r}", subject=what) from None
    return value


def _id(point: RecoveryPoint | BackupResult | str) -> str:
    if isinstance(point, RecoveryPoint):
        return point.id
    if isinstance(point, BackupResult):
        return point.recovery_point_id
    return _name("point", point)


def _count(what: str, value: int) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{what}: expected int, found {type(value).__name__}")
    if not 0 <= value < 2**16:
        raise InvalidArgumentError(f"expected 0 to 65535, found {value}", subject=what)
    return value


def _word(what: str, cls: type[W], value: W | str) -> str:
    try:
        return str(cls(value))
    except ValueError:
        names = " or ".join(each.value for each in cls)
        raise InvalidArgumentError(f"expected {names}, found {value!r}", subject=what) from None


def _field_map(fields: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(fields, Mapping):
        raise TypeError(f"field_map: expected a mapping, found {type(fields).__name__}")
    return {_name("field_map", field): _name(f"field_map {field}", path)
            for field, path in fields.items()}


def _instant(
    since: datetime.datetime | datetime.timedelta | None,
) -> datetime.datetime | None:
    if since is None:
        return None
    if isinstance(since, datetime.timedelta):
        try:
            return datetime.datetime.now(datetime.timezone.utc) - since
        except OverflowError:
            return datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
    format_time(since, "since")
    return since


def _segment(name: str) -> tuple[str, str]:
    stream, slash, segment = _name("segment", name).partition("/")
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
