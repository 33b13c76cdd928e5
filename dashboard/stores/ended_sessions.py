"""Ended sign-ins flow to S3 and back: by digest of the person, the moment up to which sign-ins no longer hold."""

import time
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from dashboard.aws.s3 import Objects
from dashboard.errors import ChangedMeanwhile
from dashboard.stores.saved_queries import QUERIES_FOLDER

ATTEMPTS: Final = 5
KEEP_SECONDS: Final = 24 * 3600
"""Longer than any sign-in holds: older entries say nothing."""


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True)

    ended: dict[str, float] = {}


class EndedSessions:
    """One small object next to the saved queries, where the dashboard may write. Every write is conditional."""

    def __init__(self, objects: Objects, bucket: str, prefix: str) -> None:
        self._objects, self._bucket = objects, bucket
        self._key = f"{prefix}/{QUERIES_FOLDER}/_ended_sessions.json"

    def load(self) -> Mapping[str, float]:
        """Return the moments by digest of the person."""
        return self._read()[0]

    def add(self, person: str, until: float) -> None:
        """Add one; a later moment of the same person holds. Raises ChangedMeanwhile if others keep writing."""
        for _ in range(ATTEMPTS):
            known, etag = self._read()
            oldest = time.time() - KEEP_SECONDS
            ended = {name: moment for name, moment in known.items() if moment > oldest}
            ended[person] = max(until, ended.get(person, until))
            if self._objects.put(self._bucket, self._key, _Stored(ended=ended).model_dump_json().encode(), etag=etag):
                return
        raise ChangedMeanwhile(f"s3://{self._bucket}/{self._key} changes too often. Sign out again.")

    def _read(self) -> tuple[Mapping[str, float], str | None]:
        found = self._objects.read_version(self._bucket, self._key)
        if found is None:
            return {}, None
        try:
            return _Stored.model_validate_json(found[0]).ended, found[1]
        except ValidationError:
            # Not ours to repair by reading; the next write replaces it.
            return {}, found[1]
