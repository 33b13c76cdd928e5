"""Datasets flow in; manifest, published columns, run ledger and verifications flow out. Missing: not exported yet."""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from dashboard.aws.s3 import Objects
from dashboard.errors import StorageFailed
from dashboard.quality.verification_status import StoredObject
from dataset_model.definition import Dataset
from dataset_model.records.manifest import MANIFEST_FILE, Manifest
from dataset_model.records.masked_columns import masked_columns
from dataset_model.records.table_schema import SCHEMA_FILE, TableSchema

if TYPE_CHECKING:
    from dataset_model.records.runs import RunEntry
    from dataset_model.records.verification import Verification

Record = TypeVar("Record", bound=BaseModel)


class Records:
    """Reads the records that the exporter keeps with the data of one bucket."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        self._objects = objects
        self._bucket = bucket

    def manifest(self, dataset: Dataset) -> Manifest | None:
        """Return what is published, or None while nothing was exported.

        A column that is masked now may have been a dimension before: its values are left out.
        """
        found = self._read(Manifest, f"{dataset.target.prefix}/{MANIFEST_FILE}")
        if found is None or not dataset.has_masks:
            return found
        return found.without_values(masked_columns(dataset, self.schema(dataset)))

    def schema(self, dataset: Dataset) -> TableSchema | None:
        """Return the published columns, or None while nothing was exported."""
        return self._read(TableSchema, f"{dataset.target.prefix}/{SCHEMA_FILE}")

    def runs(self, dataset: Dataset, limit: int) -> "tuple[RunEntry, ...]":
        """Return the latest entries of the ledger, latest run first."""
        from dataset_model.records.runs import RUNS_FOLDER, RunEntry

        keys = self._keys(f"{dataset.target.prefix}/{RUNS_FOLDER}/")
        entries = (self._read(RunEntry, key) for key in reversed(keys[-limit:]))
        return tuple(entry for entry in entries if entry is not None)

    def latest_verification(self, dataset: Dataset) -> "Verification | None":
        """Return what the latest `exporter verify` found, or None where there was none."""
        from dataset_model.records.verification import VERIFICATIONS_FOLDER, Verification

        keys = self._keys(f"{dataset.target.prefix}/{VERIFICATIONS_FOLDER}/")
        return self._read(Verification, keys[-1]) if keys else None

    def data(self, dataset: Dataset) -> tuple[StoredObject, ...]:
        """Return the objects that a query of the table reads, as S3 lists them now."""
        return tuple(self._objects.stored(self._bucket, f"{dataset.target.prefix}/year="))

    def latest_changes(self, dataset: Dataset) -> Mapping[dt.date, int]:
        """Return the latest write in the change files of each day that has any, in milliseconds since 1970."""
        from dataset_model.records.changes import CHANGES_FOLDER, change_file

        found: dict[dt.date, int] = {}
        prefix = dataset.target.prefix
        for item in self._objects.stored(self._bucket, f"{prefix}/{CHANGES_FOLDER}/year="):
            if (about := change_file(prefix, item.key)) is not None:
                day, milliseconds = about
                found[day] = max(milliseconds, found.get(day, 0))
        return found

    def _keys(self, prefix: str) -> list[str]:
        return sorted(item.key for item in self._objects.stored(self._bucket, prefix) if item.key.endswith(".json"))

    def _read(self, model: type[Record], key: str) -> Record | None:
        body = self._objects.read(self._bucket, key)
        if body is None:
            return None
        try:
            return model.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            fault = f"{where}: {first['msg']}" if where else first["msg"]
            raise StorageFailed(
                f"The record s3://{self._bucket}/{key} cannot be read by this version: {fault}. "
                "Run `python -m exporter doctor`, which says how to repair it."
            ) from error
