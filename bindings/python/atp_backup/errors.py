# SPDX-License-Identifier: Apache-2.0
"""Exceptions: one class per kind of error, all under `BackupError`, most also under the builtin
that Python has for it."""

from __future__ import annotations

import errno
from typing import ClassVar


class BackupError(Exception):
    """Something could not be done.

    `kind` is the error's stable name, `subject` the id, key or path it is about, `message` what was
    expected and what was found; `temporary` says whether the same call may succeed later.

    A verification that fails raises nothing: it is a finding in a `Report`.
    """

    kind: ClassVar[str] = ""
    _errno: ClassVar[int | None] = None

    def __init__(self, message: str, *, subject: str = "", temporary: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.subject = subject
        self.temporary = temporary
        if isinstance(self, OSError):
            setattr(self, "errno", self._errno)
            setattr(self, "filename", subject or None)

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}" if self.subject else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _remake, (type(self), self.message, self.subject, self.temporary)


def _remake(
    cls: type[BackupError], message: str, subject: str, temporary: bool
) -> BackupError:
    return cls(message, subject=subject, temporary=temporary)


class InvalidArgumentError(BackupError, ValueError):
    """An argument, a name or a configuration that cannot be right."""

    kind = "invalid_argument"


class NotFoundError(BackupError, LookupError):
    """No such vault, recovery point, segment, folder or file."""

    kind = "not_found"


class AlreadyExistsError(BackupError):
    """Something is in the place of what was to be made."""

    kind = "already_exists"


class PreconditionFailedError(BackupError):
    """Somebody else was faster, or holds what is needed."""

    kind = "precondition_failed"


class RetainedError(BackupError):
    """Retention forbids it."""

    kind = "retained"


class OnHoldError(BackupError):
    """A hold forbids it."""

    kind = "on_hold"


class NotApprovedError(BackupError):
    """The approvals at hand do not suffice."""

    kind = "not_approved"


class CorruptError(BackupError):
    """Bytes that are not what they must be."""

    kind = "corrupt"


class PermissionDeniedError(BackupError, PermissionError):
    """The system forbids it, or others may read a secret."""

    kind = "permission_denied"
    _errno = errno.EACCES


class UnauthenticatedError(BackupError):
    """A key is missing, or does not fit."""

    kind = "unauthenticated"


class UnsupportedError(BackupError, NotImplementedError):
    """Nobody here can do that."""

    kind = "unsupported"


class UnavailableError(BackupError, ConnectionError):
    """Not now: a store that does not answer, a catalog to be rebuilt."""

    kind = "unavailable"


class NoSpaceError(BackupError, OSError):
    """The disk is full."""

    kind = "no_space"
    _errno = errno.ENOSPC


class ClockUntrustedError(BackupError):
    """The clock cannot be right."""

    kind = "clock_untrusted"


class CancelledError(BackupError):
    """It was told to stop."""

    kind = "cancelled"


class UntrustedError(CorruptError):
    """A signature is wrong, or no trusted key made it."""

    kind = "untrusted"


class BadTimestampError(CorruptError):
    """A time-stamp lacks, or does not hold."""

    kind = "bad_timestamp"


class GapError(CorruptError):
    """A sequence lacks what it counts."""

    kind = "gap"


BY_KIND: dict[str, type[BackupError]] = {
    cls.kind: cls
    for cls in (
        InvalidArgumentError,
        NotFoundError,
        AlreadyExistsError,
        PreconditionFailedError,
        RetainedError,
        OnHoldError,
        NotApprovedError,
        CorruptError,
        PermissionDeniedError,
        UnauthenticatedError,
        UnsupportedError,
        UnavailableError,
        NoSpaceError,
        ClockUntrustedError,
        CancelledError,
        UntrustedError,
        BadTimestampError,
        GapError,
    )
}
