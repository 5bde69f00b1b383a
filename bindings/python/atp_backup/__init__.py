# SPDX-License-Identifier: Apache-2.0
"""Backup, restore and verification of audit trails.

    import atp_backup as ab

    ab.create_vault("vault", region="westeurope")
    with ab.open_vault("vault") as vault:
        result = vault.take_backup("records", tenant="acme")
        report = vault.verify_point(result.recovery_point_id)
        if report:
            vault.restore_point(result.recovery_point_id, to="restored")

Errors are `BackupError`s by kind; a verification that fails is a `Report` that is false.
"""

import atexit as _atexit
import os as _os
import platform as _platform
import sys as _sys

try:
    from . import _core
except ImportError as _error:
    raise ImportError(
        f"atp_backup._core could not be loaded by Python {_platform.python_version()} "
        f"({_sys.executable}) on {_platform.platform()}: {_error}. "
        "It is made for one version of Python: pip install ./bindings/python with this one"
    ) from _error

from . import errors, storage
from .errors import (
    AlreadyExistsError,
    BackupError,
    BadTimestampError,
    CancelledError,
    ClockUntrustedError,
    CorruptError,
    GapError,
    InvalidArgumentError,
    NoSpaceError,
    NotApprovedError,
    NotFoundError,
    OnHoldError,
    PermissionDeniedError,
    PreconditionFailedError,
    RetainedError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedError,
    UntrustedError,
)
from ._export_values import CheckedExport, ExportedFile, ExportManifest, ExportResult
from ._listing import Listing
from ._proof_values import (
    CheckedProof,
    ClockCorrection,
    Consistency,
    FoundRecords,
    Halt,
    LedgerAudit,
    ProvenRecord,
    RecordPlace,
    SignedCheckpoint,
)
from ._scrub_values import Damage, Scrub
from ._values import (
    AlteredSegment,
    Anchors,
    BackupResult,
    BackupStatus,
    BackupType,
    Check,
    CheckState,
    Checkpoint,
    Cosignature,
    CreatedVault,
    DamagedTenant,
    Descriptor,
    EmptySegments,
    Finding,
    FindingState,
    KeptSegments,
    KnownFiles,
    PendingAnchor,
    Progress,
    RebuildResult,
    RecoveryPoint,
    Report,
    RestoreResult,
    RotatedKeys,
    SkippedInput,
    VerifyDepth,
)
from ._reader import Reader, check_record_proof, open_reader, verify_export
from ._parties import approve, rotate_keys, seal_keys
from ._vault import Vault, create_vault, open_vault

__version__ = _core.__version__
_atexit.register(_core.stop_all)
_os.register_at_fork(after_in_child=_core.after_fork)

__all__ = [
    "AlreadyExistsError",
    "AlteredSegment",
    "Anchors",
    "BackupError",
    "BackupResult",
    "BackupStatus",
    "BackupType",
    "BadTimestampError",
    "CancelledError",
    "Check",
    "CheckState",
    "CheckedExport",
    "CheckedProof",
    "Checkpoint",
    "ClockCorrection",
    "ClockUntrustedError",
    "Consistency",
    "CorruptError",
    "Cosignature",
    "CreatedVault",
    "Damage",
    "DamagedTenant",
    "Descriptor",
    "EmptySegments",
    "ExportManifest",
    "ExportResult",
    "ExportedFile",
    "Finding",
    "FindingState",
    "FoundRecords",
    "GapError",
    "Halt",
    "InvalidArgumentError",
    "KeptSegments",
    "KnownFiles",
    "LedgerAudit",
    "Listing",
    "NoSpaceError",
    "NotApprovedError",
    "NotFoundError",
    "OnHoldError",
    "PendingAnchor",
    "PermissionDeniedError",
    "PreconditionFailedError",
    "Progress",
    "ProvenRecord",
    "Reader",
    "RebuildResult",
    "RecordPlace",
    "RecoveryPoint",
    "Report",
    "RestoreResult",
    "RetainedError",
    "RotatedKeys",
    "Scrub",
    "SignedCheckpoint",
    "SkippedInput",
    "UnauthenticatedError",
    "UnavailableError",
    "UnsupportedError",
    "UntrustedError",
    "Vault",
    "VerifyDepth",
    "approve",
    "check_record_proof",
    "create_vault",
    "errors",
    "open_reader",
    "open_vault",
    "rotate_keys",
    "seal_keys",
    "storage",
    "verify_export",
]
