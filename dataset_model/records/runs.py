"""`_runs/`: the ledger. One entry per run, written when it starts and again when it ends, in success and failure."""

import datetime as dt
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dataset_model.targets.file_formats import FormatName

RUNS_FOLDER = "_runs"
QUARANTINE_FOLDER = "_quarantine"
CHANGES_FOLDER = "_changes"


class _Record(BaseModel):
    model_config = ConfigDict(defer_build=True, frozen=True)


class RunWindow(_Record):
    """The days of a run, both included, in the dataset's time zone."""

    start: dt.date
    end: dt.date


class PublishedPartition(_Record):
    """A day that a run published."""

    partition: str
    rows: int
    bytes: int
    uri: str


class PublishedTarget(PublishedPartition):
    """The file of a day that a run wrote for a further target."""

    format: FormatName


class PublishedReport(_Record):
    """The CSV file that a run wrote of its days' rows, and of days that had none."""

    uri: str
    rows: int
    bytes: int
    days: tuple[dt.date, ...]


class RunReport(_Record):
    """What a run did: the last line of `--json`, the Lambda's answer and the body of a ledger entry."""

    run_id: str
    dataset: str
    status: Literal["running", "succeeded", "failed", "interrupted", "died"]
    """A run that is killed leaves `running`; the next run of the dataset makes it `died`."""
    window: RunWindow | None
    """None for `--all` before the days are known."""
    rows: int = 0
    bytes: int = 0
    quarantined: int = 0
    """Quarantined items: withheld and nulled ones together."""
    partitions: tuple[PublishedPartition, ...] = ()
    removed: tuple[str, ...] = ()
    """Partitions that became empty and lost their objects."""
    warnings: tuple[str, ...] = ()
    read_units: float = 0.0
    seconds: float = 0.0


class DayChanges(_Record):
    """What a second reading of a closed day found, item by item; the items are listed under `_changes/`."""

    day: dt.date
    added: int
    changed: int
    deleted: int


class RunEntry(RunReport):
    """A ledger entry: the report and when, how and why."""

    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    items: int = 0
    """Items read; always rows + withheld."""
    withheld: int = 0
    nulled: int = 0
    error: str | None = None
    owed: tuple[dt.date, ...] = ()
    """Days that the run was to read and has not published; in a `running` entry all of them."""
    targets: tuple[PublishedTarget, ...] = ()
    """Files of further targets that the run wrote: of its own days, and of days that had none or an outdated one."""
    reports: tuple[PublishedReport, ...] = ()
    changes: tuple[DayChanges, ...] = ()
    """Closed days that were read again, on request, and were found changed."""
    manifest_version: int | None = None
    options: dict[str, str] = Field(default_factory=dict)


def run_key(prefix: str, run_id: str) -> str:
    """Return the key of a run's ledger entry; run ids begin with the UTC time, so keys sort by age."""
    return f"{prefix}/{RUNS_FOLDER}/{run_id}.json"
