import builtins
from collections.abc import Callable, Iterator
from typing import Any

__version__: str
ERROR_KINDS: tuple[tuple[str, str], ...]

class Reader: ...

class Vault(Reader):
    @property
    def id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def folder(self) -> bytes: ...
    @property
    def catalog_problem(self) -> str: ...

class Writer:
    def write(self, data: bytes) -> None: ...
    def commit(self, sha256: str | None) -> dict[str, Any]: ...

class Store:
    def describe(self) -> str: ...
    def capabilities(self) -> tuple[bool, bool]: ...
    def create(self, key: str, retain_until: str | None, legal_hold: bool) -> Writer: ...
    def get(self, key: str, offset: int, length: int | None) -> bytes: ...
    def stat(self, key: str) -> dict[str, Any] | None: ...
    def list(self, prefix: str, after: str, limit: int) -> tuple[builtins.list[str], str | None]: ...
    def remove(self, key: str) -> None: ...
    def extend_retention(self, key: str, retain_until: str) -> str: ...
    def set_legal_hold(self, key: str, held: bool) -> None: ...

def store_at(address: bytes) -> Store: ...
def store_of_python(store: object) -> Store: ...

class Segment:
    @property
    def bounds(self) -> list[int]: ...
    def read(self, *, start: int, stop: int) -> list[bytes]: ...

def open_segment(vault: Reader, *, id: str, segment: tuple[str, str]) -> Segment: ...
def create_vault(
    *,
    folder: bytes,
    region: str,
    domain: str | None,
    keys: bytes | None,
    configuration: bytes,
    recipient: str | None,
    passphrase: str | None,
) -> dict[str, Any]: ...
def open_vault(
    *,
    folder: bytes,
    keys: bytes | None,
    trust: bytes | None,
    configuration: bytes,
    unlock: bytes | None,
    passphrase: str | None,
) -> Vault: ...
def take_backup(
    vault: Vault,
    *,
    source: bytes,
    tenant: str,
    type: str | None,
    field_map: dict[str, str] | None,
    retention: str | None,
    allow_empty: bool,
    reread: bool,
    clock_is_right: bool,
    workers: int,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def open_reader(
    *,
    store: Store,
    keys: bytes | None,
    trust: bytes | None,
    unlock: bytes | None,
    passphrase: str | None,
) -> Reader: ...
def arrow_stream(columns: list[tuple[str, str]], pages: Iterator[list[list[Any]]]) -> object: ...
def after_fork() -> None: ...
def stop_all() -> None: ...
def tenants(vault: Reader) -> list[str]: ...
def points(vault: Vault, *, tenant: str) -> list[str]: ...
def show_point(vault: Reader, *, id: str) -> tuple[str, list[str]]: ...
def verify_point(
    vault: Reader,
    *,
    id: str,
    depth: str,
    segment: tuple[str, str] | None,
    workers: int,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def restore_point(
    vault: Reader,
    *,
    id: str,
    folder: bytes,
    stream: str | None,
    segment: tuple[str, str] | None,
    since: str | None,
    until: str | None,
    workers: int,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def rebuild_catalog(
    vault: Vault, *, on_progress: Callable[[str, int, int, int, int], object] | None
) -> dict[str, Any]: ...
def anchor_ledger(
    vault: Vault,
    *,
    tenant: str,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def request_resolution(
    vault: Vault, *, tenant: str, old_note: str | None, key: bytes, valid_for: str
) -> str: ...
def approve(*, request: str, trust: bytes, key: bytes, role: str) -> str: ...
def resolve_halt(
    vault: Vault, *, tenant: str, old_note: str | None, approved: list[str]
) -> dict[str, Any]: ...
def request_clock_correction(vault: Vault, *, tenant: str, key: bytes, valid_for: str) -> str: ...
def correct_clock(
    vault: Vault, *, tenant: str, clock_is_right: bool, approved: list[str]
) -> dict[str, Any]: ...
def request_export(
    vault: Vault,
    *,
    id: str,
    records: list[tuple[str, str, tuple[int, int] | None]],
    key: bytes,
    valid_for: str,
) -> str: ...
def export_records(
    vault: Vault,
    *,
    id: str,
    records: list[tuple[str, str, tuple[int, int] | None]],
    folder: bytes,
    approved: list[str],
    clock_is_right: bool,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def verify_export(
    *,
    folder: bytes,
    trust: bytes,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def seal_keys(*, folder: bytes, recipient: str | None, passphrase: str | None) -> None: ...
def rotate_keys(
    *, folder: bytes, overlap: str, unlock: bytes | None, passphrase: str | None
) -> dict[str, Any]: ...
def examine(vault: Vault, *, mend: bool, take_over: bool) -> list[dict[str, Any]]: ...
def prove_record(vault: Reader, *, id: str, segment: tuple[str, str], number: int) -> str: ...
def find_records(
    vault: Reader,
    *,
    id: str,
    record_id: str,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def check_record_proof(*, proof: str, trust: bytes) -> dict[str, Any]: ...
def newest_checkpoint(vault: Reader, *, tenant: str) -> dict[str, Any]: ...
def check_consistency(vault: Reader, *, tenant: str, old_note: str) -> dict[str, Any]: ...
def audit_ledger(
    vault: Reader,
    *,
    tenant: str,
    bundles: bool,
    workers: int,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def publish_ledger(
    vault: Reader,
    *,
    tenant: str,
    folder: bytes,
    workers: int,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> int: ...
