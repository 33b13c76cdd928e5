"""The errors of an export, by what the caller can do about them.

ExportError
├── SettingsError       a setting is missing or malformed; nothing was called
├── UsageError          an option or event makes no sense
├── SourceError         the table or its index is missing, not ready, not readable or not as declared
├── StoreError          the bucket or an object in it cannot be read or written
├── CatalogError        Glue refuses, or its table belongs to something else
├── AthenaError         Athena cannot be asked, or refuses a statement
├── SchemaConflict      the dataset file and the published table disagree
├── RemovalRefused      days came back empty, or smaller, in a way that looks like a mistake
├── StaleRun            another run published after this run began; run again
│   └── LeaseLost       the same, noticed before anything was published
├── LeaseHeld           another run of the dataset is exporting; wait or run again
├── RowsTooLate         rows of a day came after it was written; it is owed again
├── RowsUnaccounted     rows read are not the rows in the files; the days are owed again
├── WorkspaceError      the local disk cannot hold what the run needs
├── NothingOwed         there is nothing to resume
├── Interrupted         asked to stop; what was finished is published, the rest is named
└── UnreadableDate      one value is no readable time; caught where it is read, its item is quarantined
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from dataset_model import Fault


class ExportError(Exception):
    """Base of every failure that the exporter anticipates; its message is for people."""


class SettingsError(ExportError):
    """Settings that cannot be used, every fault of them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("wrong settings\n" + "\n".join(f"  {fault}" for fault in self.faults))


class UsageError(ExportError):
    """Options or an event that contradict each other or name something unknown."""


class SourceError(ExportError):
    """DynamoDB cannot give what the dataset declares."""


class StoreError(ExportError):
    """S3 cannot be read or written as needed."""


class CatalogError(ExportError):
    """The Glue catalogue refuses, or holds something that is not ours under our name."""


class RemovalRefused(ExportError):
    """Removing what came back empty would look like data loss; `--accept-empty` accepts it."""


class RowsTooLate(ExportError):
    """Rows of a day were read after that day was written: publishing them would replace the others."""

    def __init__(self, day: dt.date) -> None:
        self.day = day
        super().__init__(
            f"rows of {day} were read after that day had been written, so it is incomplete. It is owed, and the next "
            "run reads it again; should that fail in the same way, its sort keys are not in the order of their days."
        )


class RowsUnaccounted(ExportError):
    """Rows read are not the rows in the written files: some would be lost or doubled."""

    def __init__(self, days: Mapping[dt.date, tuple[int, int]]) -> None:
        """`days` has, for each day, the rows that were read and those in its file."""
        self.days = dict(days)
        counts = sorted(days.items())
        found = "; ".join(f"{day}: {read:,} read, {written:,} in its file" for day, (read, written) in counts)
        super().__init__(
            f"the rows read are not the rows written ({found}). These days are owed, and the next run reads them "
            "again; should that fail in the same way, please report it."
        )


class WorkspaceError(ExportError):
    """The working folder on the local disk cannot be used."""


class StaleRun(ExportError):
    """An object or record changed after this run began; what it holds is newer than what this run has read."""


class LeaseLost(StaleRun):
    """The run's lease has run out or is another run's; nothing further was published."""


class LeaseHeld(ExportError):
    """Another run of the same dataset holds the lease."""


class NothingOwed(ExportError):
    """No unfinished run owes a day."""


class Interrupted(ExportError):
    """The run was asked to stop."""


class AthenaError(ExportError):
    """Athena cannot run a statement of ours."""


class SchemaConflict(ExportError):
    """A declaration contradicts what is already published; a new prefix or a corrected file resolves it."""


class UnreadableDate(ExportError, ValueError):
    """A value is no readable time. Internal: it becomes the reason with which an item is quarantined."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
