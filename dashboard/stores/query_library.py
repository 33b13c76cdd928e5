"""Saved queries and history flow to S3 and back. Every write is conditional: two people cannot overwrite each other."""

import contextlib
import datetime as dt
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pydantic import ValidationError

from dashboard.aws.s3 import Objects
from dashboard.errors import ChangedMeanwhile, DashboardError, Forbidden
from dashboard.model.access.requester import Requester, current_requester
from dashboard.stores.cache import Cache
from dashboard.stores.saved_queries import (
    MOST_HISTORY_SQL,
    History,
    PastQuery,
    SavedQuery,
    history_key,
    saved_folder,
    saved_key,
)
from dataset_model.definition import Dataset

FRESH_SECONDS = 15.0
"""Seconds until a query that another process saved is shown."""
ATTEMPTS = 5
MOST_OWN = 200
"""Saved queries of a person and dataset. Each is an object, and the list of all is read for everybody who opens it."""


@dataclass(frozen=True)
class Stored:
    """A saved query, and the ETag of the object that it was read from."""

    query: SavedQuery
    etag: str


class Library:
    """Saved queries and history of the datasets in one bucket. Safe to use from any thread."""

    def __init__(self, objects: Objects, bucket: str, requester: Callable[[], Requester] = current_requester) -> None:
        self._objects, self._bucket, self._requester = objects, bucket, requester
        self._saved: Cache[tuple[Stored, ...]] = Cache(256, FRESH_SECONDS)
        self._histories: Cache[History] = Cache(32, FRESH_SECONDS)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="history")

    def saved(self, dataset: Dataset) -> tuple[Stored, ...]:
        """Return the shared queries and the requester's private ones, in the order of their names."""
        prefix = dataset.target.prefix
        # Without a person the two folders are one.
        folders = dict.fromkeys((saved_folder(prefix), saved_folder(prefix, self._requester().person)))
        found = [one for at in folders for one in self._saved.get(at, functools.partial(self._read_saved, at))]
        return tuple(sorted(found, key=lambda stored: (stored.query.name.lower(), stored.query.shared)))

    def save(
        self, dataset: Dataset, name: str, sql: str, limit: int, etag: str | None = None, *, shared: bool = True
    ) -> None:
        """Save under a name; `etag` is that of the version to replace, None for a new name.

        A private query is the requester's alone; one without a person can only be shared. Raises ChangedMeanwhile where
        another person was first, Forbidden where the requester has too many.
        """
        asks = self._requester()
        if etag is None and sum(one.query.person == asks.person for one in self.saved(dataset)) >= MOST_OWN:
            raise Forbidden(
                f"You have {MOST_OWN} saved queries of {dataset.name}, which is the limit. Delete one first."
            )
        self._save(dataset, name, sql, limit, etag, shared=shared)

    def _save(self, dataset: Dataset, name: str, sql: str, limit: int, etag: str | None, *, shared: bool) -> None:
        asks = self._requester()
        if not asks.roles.has("analyst", dataset.name):
            raise Forbidden(f"Saving queries of {dataset.name} takes the role analyst. Ask an admin for it (ROLE_MAP).")
        if not shared and not asks.person:
            raise Forbidden("A private query has a person, and sign-in is off. Share it.")
        key = saved_key(dataset.target.prefix, name, "" if shared else asks.person)
        if etag is not None and (found := self._objects.read_version(self._bucket, key)) is not None:
            # One that cannot be read is of no person; the condition of the write decides.
            with contextlib.suppress(ValidationError):
                self._require_own(SavedQuery.model_validate_json(found[0]))
        now = dt.datetime.now(dt.UTC)
        query = SavedQuery(
            name=name, sql=sql, limit=limit, saved_at=now, person=asks.person, by=asks.name, shared=shared
        )
        done = self._objects.put(self._bucket, key, query.model_dump_json().encode(), etag=etag)
        self._saved.clear()
        if not done:
            taken = "was changed by another person" if etag else "is taken"
            raise ChangedMeanwhile(f"The name “{name}” {taken}. Open that query, or choose another name.")

    def rename(self, dataset: Dataset, stored: Stored, name: str) -> None:
        """Give a saved query another name; raises ChangedMeanwhile where that is taken or the query was changed."""
        self._require_own(stored.query)
        self._save(dataset, name, stored.query.sql, stored.query.limit, None, shared=stored.query.shared)
        self.delete(dataset, stored)

    def delete(self, dataset: Dataset, stored: Stored) -> None:
        """Delete a saved query, or raise ChangedMeanwhile where another person has changed it."""
        self._require_own(stored.query)
        owner = "" if stored.query.shared else stored.query.person
        key = saved_key(dataset.target.prefix, stored.query.name, owner)
        found = self._objects.read_version(self._bucket, key)
        self._saved.clear()
        if found is not None and found[1] != stored.etag:
            raise ChangedMeanwhile(f"“{stored.query.name}” was changed by another person. Open it again first.")
        self._objects.delete(self._bucket, key)

    def history(self, dataset: Dataset) -> History:
        """Return the team's latest runs, the newest first."""
        return self._histories.get(dataset.target.prefix, lambda: self._read_history(dataset)[0])

    def remember(self, dataset: Dataset, entry: PastQuery) -> None:
        """Add a run to the team's history, in the background."""
        if len(entry.sql) <= MOST_HISTORY_SQL:
            by = entry.model_copy(update={"by": self._requester().name})
            self._writer.submit(self._remember, dataset, by)

    def forget(self) -> None:
        """Clear the caches."""
        self._saved.clear()
        self._histories.clear()

    def close(self) -> None:
        """Wait for the writes under way."""
        self._writer.shutdown(wait=True)

    def _require_own(self, query: SavedQuery) -> None:
        """Raise Forbidden for a query that another person saved; an admin may change all of them."""
        asks = self._requester()
        if query.person and query.person != asks.person and not (query.shared and asks.roles.has("admin")):
            raise Forbidden(
                f"“{query.name}” was saved by {query.by or 'another person'}, who alone may change it. "
                "Save yours under another name."
            )

    def _remember(self, dataset: Dataset, entry: PastQuery) -> None:
        # The query has run; a history that cannot be written must not fail it.
        with contextlib.suppress(DashboardError):
            for _ in range(ATTEMPTS):
                history, etag = self._read_history(dataset)
                body = history.with_entry(entry).model_dump_json().encode()
                if self._objects.put(self._bucket, history_key(dataset.target.prefix), body, etag=etag):
                    break
        self._histories.clear()

    def _read_saved(self, folder: str) -> tuple[Stored, ...]:
        found = []
        for item in self._objects.stored(self._bucket, folder):
            version = self._objects.read_version(self._bucket, item.key)
            # An entry that this version cannot read is skipped: it must not hide the others.
            with contextlib.suppress(ValidationError):
                if version is not None:
                    found.append(Stored(SavedQuery.model_validate_json(version[0]), version[1]))
        return tuple(found)

    def _read_history(self, dataset: Dataset) -> tuple[History, str | None]:
        version = self._objects.read_version(self._bucket, history_key(dataset.target.prefix))
        if version is None:
            return History(), None
        try:
            return History.model_validate_json(version[0]), version[1]
        except ValidationError:
            return History(), version[1]
