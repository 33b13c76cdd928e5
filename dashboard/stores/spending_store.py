"""Spending of this process flows to S3, and that of other tasks and earlier starts flows back.

Each process has one object a day and writes its whole sums into it, so processes never overwrite each other.
"""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from dashboard.aws.s3 import Objects
from dashboard.model.access.spending import Spending
from dashboard.stores.saved_queries import QUERIES_FOLDER


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    spent: tuple[Spending, ...]


class SpendingStore:
    """Objects under `_queries/_spending/`, where the dashboard may write. Used from one thread at a time."""

    def __init__(self, objects: Objects, bucket: str, prefix: str) -> None:
        self._objects, self._bucket = objects, bucket
        self._folder = f"{prefix}/{QUERIES_FOLDER}/_spending/"
        self._own = uuid.uuid4().hex

    def save(self, day: dt.date, spent: Iterable[Spending]) -> None:
        """Write this process' sums of a day; raises DashboardError."""
        key = f"{self._folder}{day}/{self._own}.json"
        before = self._objects.read_version(self._bucket, key)
        body = _Stored(spent=tuple(spent)).model_dump_json().encode()
        self._objects.put(self._bucket, key, body, etag=before[1] if before else None)

    def load(self, day: dt.date) -> tuple[Spending, ...]:
        """Return what others spent on a day; raises DashboardError."""
        found: list[Spending] = []
        for item in self._objects.stored(self._bucket, f"{self._folder}{day}/"):
            body = None if self._own in item.key else self._objects.read(self._bucket, item.key)
            # One that this version cannot read hides no other.
            with contextlib.suppress(ValidationError):
                found += _Stored.model_validate_json(body).spent if body is not None else ()
        return tuple(found)

    def forget_before(self, day: dt.date) -> None:
        """Delete the objects of earlier days; raises DashboardError."""
        for item in list(self._objects.stored(self._bucket, self._folder)):
            if item.key < f"{self._folder}{day}":
                self._objects.delete(self._bucket, item.key)
