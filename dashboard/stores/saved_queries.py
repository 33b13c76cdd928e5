"""The stored form and the keys of saved queries and of a team's history."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dashboard.model.access.table_view import TableView
from dataset_model.columns.column import Mask

QUERIES_FOLDER = "_queries"
"""Under the prefix of the data; Athena skips names that begin with `_`."""
MOST_NAME = 80
MOST_HISTORY = 100
MOST_HISTORY_SQL = 4_000
"""Characters; longer SQL is not stored in the history, which is read in one piece."""


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1


class SavedQuery(_Stored):
    """SQL under a name, shared by all users of the dataset or a person's own."""

    name: str
    sql: str
    limit: int
    saved_at: AwareDatetime
    person: str = ""
    """Subject of the person who saved it; "" where sign-in was off."""
    by: str = ""
    """The person's name."""
    shared: bool = True
    """Whether all users of the dataset see it; a private one is seen by its person alone."""


class PastQuery(BaseModel):
    """One run of custom SQL."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    sql: str
    limit: int
    given: dict[str, str] = Field(default_factory=dict)
    """Values of its parameters."""
    rows: int
    bytes_scanned: int
    seconds: float
    reused: bool = False
    by: str = ""
    """Name of the person who ran it; "" where sign-in was off."""
    masks: dict[str, Mask] = Field(default_factory=dict)
    """Columns that were masked for that person. Of others the SQL may hold values in clear."""


class History(_Stored):
    """The latest runs, the newest first."""

    entries: tuple[PastQuery, ...] = ()

    def with_entry(self, entry: PastQuery) -> "History":
        """Return the history with one entry more, within its bound."""
        return History(entries=(entry, *self.entries)[:MOST_HISTORY])

    def shown_to(self, view: TableView) -> tuple[PastQuery, ...]:
        """Return the runs of which a person with this view may read the SQL.

        A run from before a mask or a row rule may hold values that they do not see now. None is added under a rule.
        """
        return tuple(one for one in self.entries if not view.is_part and view.masks.items() <= one.masks.items())


def name_of(text: str) -> str | None:
    """Return a name as it is stored: blanks made single; None for one that is empty, too long or not printable."""
    name = " ".join(text.split())
    return name if name and len(name) <= MOST_NAME and name.isprintable() else None


def saved_key(prefix: str, name: str, owner: str = "") -> str:
    """Return the key of a saved query: one per name, so that S3 itself refuses the second of two that are alike.

    `owner` is the person of a private one.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{saved_folder(prefix, owner)}{slug}-{digest}.json"


def saved_folder(prefix: str, owner: str = "") -> str:
    """Return the prefix of the saved queries of a dataset: the shared ones, or the private ones of a person."""
    if not owner:
        return f"{prefix}/{QUERIES_FOLDER}/saved/"
    return f"{prefix}/{QUERIES_FOLDER}/private/{hashlib.sha256(owner.encode()).hexdigest()[:32]}/"


def history_key(prefix: str) -> str:
    """Return the key of a dataset's history."""
    return f"{prefix}/{QUERIES_FOLDER}/history.json"


def past_query(
    sql: str,
    limit: int,
    given: Mapping[str, str],
    *,
    rows: int,
    bytes_scanned: int,
    seconds: float,
    reused: bool,
    masks: Mapping[str, Mask],
) -> PastQuery:
    """Return an entry for a run that has just ended."""
    now = dt.datetime.now(dt.UTC)
    return PastQuery(
        at=now, sql=sql, limit=limit, given=dict(given), rows=rows, bytes_scanned=bytes_scanned, seconds=seconds,
        reused=reused, masks=dict(masks),
    )  # fmt: skip
