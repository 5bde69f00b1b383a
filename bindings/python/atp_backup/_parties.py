# SPDX-License-Identifier: Apache-2.0
"""What takes more than one party: approvals, and keys that are sealed or change."""

from __future__ import annotations

from . import _core
from ._arguments import StrPath, absolute, text
from ._values import RotatedKeys


def approve(request: str, *, trust: StrPath, key: StrPath, role: str) -> str:
    """One person's consent to a request, as text to hand back: signed with their private key in the
    file `key`, in a role that the trust policy in the file `trust` gives them. Needs no vault.

    Raises `NotApprovedError` for the one who asked, for a key that is no approver's, for another
    role, and for a request that is over; `UntrustedError` and `CorruptError` for one that does not
    hold.
    """
    return _core.approve(
        request=text("request", request),
        trust=absolute(trust),
        key=absolute(key),
        role=text("role", role),
    )


def seal_keys(
    folder: StrPath, *, passphrase: str | None = None, recipient: str | None = None
) -> None:
    """Seals the secrets of a key folder that are in clear, with a passphrase or to an age recipient,
    and removes those in clear; an interrupted call is completed by the next.

    Raises `InvalidArgumentError` without either.
    """
    _core.seal_keys(
        folder=absolute(folder),
        recipient=None if recipient is None else text("recipient", recipient),
        passphrase=None if passphrase is None else text("passphrase", passphrase),
    )


def rotate_keys(
    folder: StrPath,
    *,
    overlap: str = "P30D",
    unlock: StrPath | None = None,
    passphrase: str | None = None,
) -> RotatedKeys:
    """Makes new keys to sign with in a key folder. For the time `overlap` (ISO 8601) the ones before
    sign too, so that verifiers with either trust policy believe what is written.

    Raises `PreconditionFailedError` while an earlier overlap lasts.
    """
    return RotatedKeys.of(
        _core.rotate_keys(
            folder=absolute(folder),
            overlap=text("overlap", overlap),
            unlock=None if unlock is None else absolute(unlock),
            passphrase=None if passphrase is None else text("passphrase", passphrase),
        )
    )
