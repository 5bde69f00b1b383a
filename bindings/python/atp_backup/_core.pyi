from typing import Any, Callable

__version__: str
ERROR_KINDS: tuple[tuple[str, str], ...]

class Vault:
    @property
    def id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def folder(self) -> str: ...
    @property
    def catalog_problem(self) -> str: ...

class Segment:
    @property
    def bounds(self) -> list[int]: ...
    def read(self, *, start: int, stop: int) -> list[bytes]: ...

def open_segment(vault: Vault, *, id: str, segment: tuple[str, str]) -> Segment: ...
def create_vault(
    *, folder: str, region: str, domain: str | None, keys: str | None, configuration: str
) -> dict[str, Any]: ...
def open_vault(
    *, folder: str, keys: str | None, trust: str | None, configuration: str
) -> Vault: ...
def take_backup(
    vault: Vault,
    *,
    source: str,
    tenant: str,
    type: str | None,
    field_map: dict[str, str] | None,
    retention: str | None,
    allow_empty: bool,
    reread: bool,
    jobs: int,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def tenants(vault: Vault) -> list[str]: ...
def points(vault: Vault, *, tenant: str) -> list[str]: ...
def show_point(vault: Vault, *, id: str) -> tuple[str, list[str]]: ...
def verify_point(
    vault: Vault,
    *,
    id: str,
    depth: str,
    segment: tuple[str, str] | None,
    jobs: int,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def restore_point(
    vault: Vault,
    *,
    id: str,
    folder: str,
    stream: str | None,
    segment: tuple[str, str] | None,
    since: str | None,
    until: str | None,
    jobs: int,
    on_progress: Callable[[str, int, int, int, int], object] | None,
) -> dict[str, Any]: ...
def rebuild_catalog(
    vault: Vault, *, on_progress: Callable[[str, int, int, int, int], object] | None
) -> dict[str, Any]: ...
def examine(vault: Vault, *, mend: bool) -> list[dict[str, Any]]: ...
