"""Models flow in and out, JSON records in S3 are read and replaced: schema, manifest, ledger, verifications."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from dataset_model.records.manifest import MANIFEST_FILE, Manifest
from dataset_model.records.runs import RUNS_FOLDER, RunEntry, run_key
from dataset_model.records.table_schema import SCHEMA_FILE, TableSchema
from dataset_model.records.verification import Verification, verification_key
from exporter.errors import StaleRun, StoreError
from exporter.storage.object_store import Store

_ATTEMPTS = 8
_READS = 8
"""Ledger entries read at a time, of which an hourly schedule has many."""

MOST_RUNS = 200
"""Ledger entries that a run looks at; a week of hourly runs leaves 168."""

_Model = TypeVar("_Model", bound=BaseModel)


class Records:
    """The records of one prefix."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._schema_etag: str | None = None

    def schema(self) -> TableSchema | None:
        """Return the published schema, or None before the first publish; remembers it as seen."""
        found = self._store.read(self._key(SCHEMA_FILE))
        if found is None:
            self._schema_etag = None
            return None
        body, self._schema_etag = found
        return self._parsed(TableSchema, body, SCHEMA_FILE)

    def write_schema(self, schema: TableSchema) -> None:
        """Replace the schema that was seen; raise StaleRun where another run has extended it since."""
        self._schema_etag = self._store.replace(self._key(SCHEMA_FILE), _text(schema), self._schema_etag)

    def manifest(self) -> Manifest | None:
        """Return the manifest, or None before the first publish."""
        found = self._store.read(self._key(MANIFEST_FILE))
        return None if found is None else self._parsed(Manifest, found[0], MANIFEST_FILE)

    def change_manifest(self, changed: Callable[[Manifest | None], Manifest]) -> Manifest:
        """Replace the manifest by what `changed` makes of the current one, again where another run came between."""
        for attempt in range(_ATTEMPTS):
            found = self._store.read(self._key(MANIFEST_FILE))
            current = None if found is None else self._parsed(Manifest, found[0], MANIFEST_FILE)
            wanted = changed(current)
            try:
                self._store.replace(self._key(MANIFEST_FILE), _text(wanted), found[1] if found else None)
            except StaleRun:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            return wanted
        raise AssertionError  # the last attempt has returned or raised

    def write_run(self, entry: RunEntry) -> None:
        """Write a run's ledger entry, over its earlier one."""
        self._store.write(run_key(self._prefix, entry.run_id), _text(entry))

    def runs(self, limit: int) -> Iterator[RunEntry]:
        """Yield the newest ledger entries, newest first."""
        keys = [found.key for found in self._store.objects(self._key(f"{RUNS_FOLDER}/"))]
        for key in sorted(keys, reverse=True)[:limit]:
            found = self._store.read(key)
            if found is not None:
                yield self._parsed(RunEntry, found[0], key.removeprefix(f"{self._prefix}/"))

    def write_verification(self, verification: Verification) -> str:
        """Write a verification; return its key."""
        key = verification_key(self._prefix, verification.verification_id)
        self._store.write(key, _text(verification))
        return key

    def runs_since(self, moment: dt.datetime) -> list[RunEntry]:
        """Return the ledger entries of runs that began at `moment` or later, newest first, at most `MOST_RUNS`."""
        folder = self._key(f"{RUNS_FOLDER}/")
        found = self._store.objects(folder, after=run_key(self._prefix, f"{moment:%Y%m%dT%H%M%SZ}")[: -len(".json")])
        newest = sorted((item.key for item in found), reverse=True)[:MOST_RUNS]
        with ThreadPoolExecutor(_READS) as pool:
            bodies = list(zip(newest, pool.map(self._store.read, newest), strict=True))
        return [self._parsed(RunEntry, body[0], key.removeprefix(f"{self._prefix}/")) for key, body in bodies if body]

    def first_scheduled_day(self) -> dt.date | None:
        """Return the first day of the oldest scheduled run, among the oldest `MOST_RUNS` entries; None without one."""
        keys = sorted(found.key for found in self._store.objects(self._key(f"{RUNS_FOLDER}/")))
        for key in keys[:MOST_RUNS]:
            found = self._store.read(key)
            entry = self._parsed(RunEntry, found[0], key.removeprefix(f"{self._prefix}/")) if found else None
            if entry is not None and entry.window and entry.options.get("scope") == "scheduled":
                return entry.window.start
        return None

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}"

    def _parsed(self, model: type[_Model], body: bytes, name: str) -> _Model:
        try:
            return model.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise StoreError(
                f"s3://{self._store.bucket}/{self._key(name)} is not readable: {where}: {first['msg']}. "
                "It may come from a newer version; restore its last good version from the bucket's history."
            ) from None


def _text(model: BaseModel) -> bytes:
    return json.dumps(model.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False).encode()
