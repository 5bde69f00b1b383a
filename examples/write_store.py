# SPDX-License-Identifier: Apache-2.0
"""A store of one's own, in front of another: what would a verification ask of a store that charges by
request and byte? write_store.py VAULT TRUST POINT"""

import builtins
import datetime
import sys
import threading

import atp_backup as ab
from atp_backup import storage, testing


class MeteredStore(storage.ObjectStore):
    """Passes everything on. Thread-safe, as all stores are."""

    def __init__(self, store: storage.ObjectStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.requests = 0
        self.bytes = 0

    def _counted(self, *, size: int = 0) -> storage.ObjectStore:
        with self._lock:
            self.requests += 1
            self.bytes += size
        return self._store

    def describe(self) -> str:
        return f"metered {self._store.describe()}"

    def capabilities(self) -> storage.Capabilities:
        return self._store.capabilities()

    def create(
        self,
        key: str,
        *,
        retain_until: datetime.datetime | None = None,
        legal_hold: bool = False,
    ) -> storage.ObjectWriter:
        return self._counted().create(key, retain_until=retain_until, legal_hold=legal_hold)

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        data = self._store.get(key, offset=offset, length=length)
        self._counted(size=len(data))
        return data

    def stat(self, key: str) -> storage.ObjectInfo | None:
        return self._counted().stat(key)

    def list(
        self, prefix: str = "", *, after: str = "", limit: int = 1000
    ) -> tuple[builtins.list[str], str | None]:
        return self._counted().list(prefix, after=after, limit=limit)

    def remove(self, key: str) -> None:
        self._counted().remove(key)

    def extend_retention(self, key: str, retain_until: datetime.datetime) -> datetime.datetime:
        return self._counted().extend_retention(key, retain_until)

    def set_legal_hold(self, key: str, held: bool) -> None:
        self._counted().set_legal_hold(key, held)


def main(folder: str, trust: str, point: str) -> int:
    testing.check_object_store(MeteredStore(storage.memory()))  # It is one.
    store = MeteredStore(storage.local(f"{folder}/store"))
    report = ab.open_reader(store, trust=trust).verify_point(point, depth="stored")
    print(f"{report.verdict} with {store.requests} requests for {store.bytes} bytes")
    return 0 if report else 20


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
