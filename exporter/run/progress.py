"""What a run is doing, for whoever watches: a bar on a terminal, a line every ten seconds elsewhere."""

import sys
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Protocol, Self

import structlog

_EVERY_SECONDS = 10.0


class Progress(Protocol):
    """Told of every page and every day."""

    def plan(self, days: int | None) -> None:
        """Take note of how many days the run is about; None while that is unknown."""

    def read(self, *, items: int, units: float) -> None:
        """Count a page."""

    def published(self, days: int) -> None:
        """Count days that are done."""


class Quiet:
    """Says nothing."""

    def plan(self, days: int | None) -> None:
        """Take note of nothing."""

    def read(self, *, items: int, units: float) -> None:
        """Count nothing."""

    def published(self, days: int) -> None:
        """Count nothing."""


class _Counted(ABC):
    def __init__(self) -> None:
        self._items = 0
        self._units = 0.0
        self._done = 0
        self._days: int | None = None
        self._began = time.monotonic()

    def plan(self, days: int | None) -> None:
        self._days = days
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
        self._said = time.monotonic()

    def _show(self) -> None:
        if time.monotonic() - self._said < _EVERY_SECONDS:
            return
        self._said = time.monotonic()
        structlog.get_logger().info(
            "reading",
            items=self._items,
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
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        super().__init__()
        self._bar = Bar(
            TextColumn("exporting"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(
                "days · {task.fields[items]:,} items · {task.fields[rate]:,.0f}/s · {task.fields[units]:,.0f} RU/s"
            ),
            TimeElapsedColumn(),
            TextColumn("· left"),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            speed_estimate_period=86_400,  # days may take minutes each
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, items=0, rate=0.0, units=0.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def _show(self) -> None:
        self._bar.update(
            self._task,
            completed=self._done,
            total=self._days,
            items=self._items,
            rate=self._rate(self._items),
            units=self._rate(self._units),
        )
