"""`_verify/`: what `exporter verify` found, day by day. The exporter writes it, the dashboard may show it."""

import datetime as dt
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, computed_field

from dataset_model.records.runs import RunWindow

VERIFICATIONS_FOLDER = "_verify"

DayState = Literal["closed", "open", "expired", "unread"]
"""closed: everything has to agree. open: read before the day had settled, so DynamoDB may hold more by now. expired:
older than `expires_after_days`, so DynamoDB may hold less. unread: not due yet, and not published."""


class _Record(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True)


class VerifiedValue(_Record):
    """One day of one partition value."""

    items: int = 0
    """What DynamoDB holds."""
    published_items: int | None = None
    """Where a row is an element of an item: the items that the manifest says were read. None: a row is an item."""
    rows: int | None = None
    """What the manifest says; None if it has no counts per value."""
    athena_rows: int | None = None
    """What Athena counts; None where it was not asked or has no column for the partition key."""


class VerifiedDay(_Record):
    """One day, counted in every place."""

    day: dt.date
    state: DayState
    items: int = 0
    """What DynamoDB holds."""
    published_items: int | None = None
    """Where a row is an element of an item: the items that the manifest says were read. None: a row is an item."""
    rows: int = 0
    """What the manifest says."""
    object_rows: int = 0
    """What the footers of the objects say."""
    athena_rows: int | None = None
    athena_keys: int | None = None
    """Distinct primary keys; None where the table has no columns that hold them exactly."""
    key_hash: str = ""
    """Order-free hash of the keys that DynamoDB holds, as in the manifest."""
    published_key_hash: str = ""
    target_rows: dict[str, int | None] = Field(default_factory=dict)
    """Key of the file of a further target -> its rows, counted in the file; None where it is missing."""
    report_rows: int | None = None
    """The day's rows in its CSV file, counted in it; None where there is none."""
    values: dict[str, VerifiedValue] = Field(default_factory=dict)
    """By partition value."""
    disagreements: tuple[str, ...] = ()
    """What does not agree, for people."""


class Verification(_Record):
    """One comparison of DynamoDB, the manifest, the objects and Athena."""

    format: Literal[1] = 1
    verification_id: str
    dataset: str
    started_at: AwareDatetime
    finished_at: AwareDatetime
    window: RunWindow | None
    """None: the whole key was read, so that items without a readable day were found as well."""
    items: int
    """What DynamoDB holds of the days compared, unreadable ones included."""
    rows: int
    withheld: int = 0
    """Quarantined items without a readable day."""
    unaccounted: int = 0
    """Items without a readable day that no run has quarantined."""
    read_units: float = 0.0
    athena_bytes: int | None = None
    """Bytes that Athena scanned; None where it was not asked."""
    compared: str = ""
    """What was compared with what, for people."""
    notes: tuple[str, ...] = ()
    """What is worth knowing and disagrees with nothing."""
    disagreements: tuple[str, ...] = ()
    """What does not agree and belongs to no single day."""
    days: tuple[VerifiedDay, ...] = ()

    @computed_field  # type: ignore[prop-decorator]  # pydantic reads it so
    @property
    def agrees(self) -> bool:
        """Whether everything compared agrees."""
        return not self.disagreements and not any(day.disagreements for day in self.days)


def verification_key(prefix: str, verification_id: str) -> str:
    """Return the key of a verification; ids begin with the UTC time, so keys sort by age."""
    return f"{prefix}/{VERIFICATIONS_FOLDER}/{verification_id}.json"
