"""Counts of pages and days flow in; a progress bar on a terminal, or a log line every ten seconds, flows out."""

import sys
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Protocol, Self

import structlog

_EVERY_SECONDS = 10.0


class Progress(Protocol):
    """Receives every page and every finished day."""

    def plan(self, days: int | None, items: int | None = None) -> None:
        """Set the number of days of the run, None while it is unknown.

        `items` is about how many will be read before the first day is finished, where that is at the end.
        """

    def read(self, *, items: int, units: float) -> None:
        """Count a page."""

    def published(self, days: int) -> None:
        """Count finished days."""


class Quiet:
    """Shows nothing."""

    def plan(self, days: int | None, items: int | None = None) -> None:
        """Ignore the plan."""

    def read(self, *, items: int, units: float) -> None:
        """Ignore the page."""

    def published(self, days: int) -> None:
        """Ignore the days."""


class _Counted(ABC):
    def __init__(self) -> None:
        self._items = 0
        self._units = 0.0
        self._done = 0
        self._days: int | None = None
        self._expected: int | None = None
        self._began = time.monotonic()

    def plan(self, days: int | None, items: int | None = None) -> None:
        self._days, self._expected = days, items
        self._show()

    def read(self, *, items: int, units: float) -> None:
        self._items += items
        self._units += units
        self._show()

    def published(self, days: int) -> None:
        self._done += days
        self._show()

    def _rate(self, amount: float) -> float:
        return amount / max(time.monotonic() - self._began, 1e-6)

    @abstractmethod
    def _show(self) -> None: ...


class Lines(_Counted):
    """One structured log line every ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at = time.monotonic()

    def _show(self) -> None:
        if time.monotonic() - self._logged_at < _EVERY_SECONDS:
            return
        self._logged_at = time.monotonic()
        structlog.get_logger().info(
            "reading",
            items=self._items,
            items_expected=self._expected,
            items_per_second=round(self._rate(self._items)),
            read_units=round(self._units, 1),
            read_units_per_second=round(self._rate(self._units), 1),
            days_done=self._done,
            days=self._days,
        )


class TerminalBar(_Counted):
    """A live bar on standard error."""

    def __init__(self) -> None:
        from rich.console import Console  # slow to load, and a scheduled run has no terminal
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        super().__init__()
        self._bar = Bar(
            TextColumn("exporting"),
            BarColumn(),
            TextColumn("{task.fields[done]} · {task.fields[rate]:,.0f}/s · {task.fields[units]:,.0f} RU/s"),
            TimeElapsedColumn(),
            TextColumn("· left"),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            speed_estimate_period=86_400,  # days may take minutes each
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, done="", rate=0.0, units=0.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def _show(self) -> None:
        days = f"{self._done}/{'?' if self._days is None else self._days} days"
        items = f"{self._items:,}" + (f"/{self._expected:,}" if self._expected else "") + " items"
        self._bar.update(
            self._task,
            completed=self._items if self._expected else self._done,
            # DynamoDB's own count is some hours old.
            total=max(self._expected, self._items) if self._expected else self._days,
            done=f"{items} · {days}" if self._expected else f"{days} · {items}",
            rate=self._rate(self._items),
            units=self._rate(self._units),
        )
