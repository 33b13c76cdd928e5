"""How many items the exporter set aside, as the ledger tells it. Pure.

The days' own records cannot be added up for it: an item without a readable day belongs to none of them, and only a run
that read everything has met them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dataset_model.runs import RunEntry


@dataclass(frozen=True)
class SetAside:
    """A count and what exactly it counts."""

    count: int
    run: RunEntry
    is_whole: bool
    """Whether the run read every item; otherwise those without a readable day may have been passed over."""

    @property
    def label(self) -> str:
        """Name the count for people."""
        return "Set aside, full run" if self.is_whole else "Set aside, latest run"


def set_aside_from(runs: Sequence[RunEntry]) -> SetAside | None:
    """Return what the newest run that read everything set aside, or else the newest that succeeded; None without one.

    `runs` come latest first.
    """
    done = [run for run in runs if run.status == "succeeded"]
    whole = next((run for run in done if _read_everything(run)), None)
    chosen = whole or next(iter(done), None)
    return SetAside(chosen.quarantined, chosen, chosen is whole) if chosen else None


def _read_everything(run: RunEntry) -> bool:
    # A window, however wide, is read by a range of the sort key, which passes over keys that are no dates.
    return run.window is None or run.options.get("scope") == "all"
