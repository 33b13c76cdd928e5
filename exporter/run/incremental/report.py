"""What a run of `changes` did, as plain values or as text."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from exporter.planning.export_windows import SHORTEST
from exporter.run.account import days_text


@dataclass
class ReadWindow:
    """A window that was read."""

    start: dt.datetime
    end: dt.datetime
    arn: str
    items: int
    """Items that have changed on some day of the dataset."""
    quarantined: int
    owed: list[dt.date]
    """Published days that are open again."""
    unpublished: int
    """Days with changes that were never exported, and stay so."""
    log: list[str]
    """Keys of the files of the log."""
    rows: int | None = None
    """Rows of change files; None where the dataset's changes are not fed by windows."""
    left_over: list[dt.date] = field(default_factory=list)
    """Days with an item in their file that came to them and left them while they were read."""
    looked_up: int = 0
    """Items that the table was asked for, at half a read unit or more each."""


@dataclass
class ChangesReport:
    """What a run of `changes` did."""

    dataset: str
    read_to: dt.datetime | None = None
    """What was written before has been read; None where that is not known."""
    windows: list[ReadWindow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: str | None = None

    def plain(self) -> dict[str, Any]:
        """Return the report as plain values."""
        error = {"error": self.error} if self.error else {}
        return {
            "dataset": self.dataset, "status": "failed" if self.error else "succeeded",
            "read_to": self.read_to and self.read_to.isoformat(), "windows": [vars(window) for window in self.windows],
            "warnings": self.warnings, **error,
        }  # fmt: skip

    def text(self) -> str:
        """Return the report for people."""
        read_to = f"read up to {self.read_to:%Y-%m-%d %H:%M} UTC" if self.read_to else "not read"
        lines = [f"{self.dataset}: changes are {read_to}"]
        if self.read_to and not self.windows and not self.error:
            lines.append(
                f"  nothing was read: the next window ends at {self.read_to + SHORTEST:%H:%M} UTC or later, as "
                "DynamoDB exports none of under 15 minutes, and none of the last five"
            )
        for window in self.windows:
            owed = f"open again: {days_text(window.owed)}" if window.owed else "no day is open again"
            lines.append(
                f"  {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M}: {window.items:,} items, "
                f"{window.quarantined:,} quarantined; {owed}{_of_files(window)}"
            )
        return "\n".join([*lines, *(f"  warning: {warning}" for warning in self.warnings)])


def _of_files(window: ReadWindow) -> str:
    rows = "" if window.rows is None else f"; {window.rows:,} change rows"
    return rows + (f"; {window.looked_up:,} items looked up" if window.looked_up else "")
