"""The run ledger flows in, the number of quarantined items flows out.

The records of the days cannot be added up for it: an item without a readable day belongs to none of them. Only a run
that read everything has seen every such item.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dataset_model.records.runs import RunEntry


@dataclass(frozen=True)
class QuarantineCount:
    """A count of quarantined items and the run that it is of."""

    count: int
    run: RunEntry
    is_full: bool
    """Whether the run read every item; otherwise items without a readable day may be missing."""

    @property
    def label(self) -> str:
        """The title of the count on the page."""
        return "Quarantined, full run" if self.is_full else "Quarantined, latest run"


def quarantine_count_from(runs: Sequence[RunEntry]) -> QuarantineCount | None:
    """Return the count of the newest run that read everything, else of the newest that succeeded; None without one.

    `runs` come latest first.
    """
    done = [run for run in runs if run.status == "succeeded"]
    full = next((run for run in done if _read_everything(run)), None)
    chosen = full or next(iter(done), None)
    return QuarantineCount(chosen.quarantined, chosen, chosen is full) if chosen else None


def _read_everything(run: RunEntry) -> bool:
    # A window of any width is read by a range of the sort key, which skips keys that are not dates.
    return run.window is None or run.options.get("scope") == "all"
