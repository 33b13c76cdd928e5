"""The demo's stages flow in, their progress flows out: a live list on a terminal, lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

LINE_SECONDS = 10.0
"""Between two lines about one running stage, where the output is no terminal."""

TAIL = 12
"""Lines of a log that are shown when its stage fails."""


class StageFailedError(Exception):
    """A stage that did not work: why, what to do next, and the log that says more."""

    def __init__(self, reason: str, advice: str, log: Path | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.log = log


@dataclass
class Stage:
    """One step and how far it is."""

    name: str
    state: Literal["waiting", "running", "done", "failed", "stopped"] = "waiting"
    detail: str = ""
    started: float = 0.0
    ended: float = 0.0
    shown_at: float = 0.0
    """When a line last showed how far it is."""

    @property
    def seconds(self) -> float:
        """Time that the stage has taken so far."""
        return (self.ended or time.monotonic()) - self.started


class Stages:
    """The list of all stages. Use it as a context manager around the stages; `stage` runs one."""

    def __init__(self, names: list[str], console: Console) -> None:
        self._stages = {name: Stage(name) for name in names}
        self._console = console
        self._spinner = Spinner("dots")
        self._live = Live(get_renderable=self._table, console=console, refresh_per_second=8, transient=False)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the list as it is and give the terminal back; closing twice is harmless."""
        if self._live.is_started:
            self._live.stop()

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Run the body as this stage; an exception marks the stage and passes on."""
        stage = self._stages[name]
        stage.state, stage.started = "running", time.monotonic()
        self._line(f"{name} ...")
        try:
            yield stage
        except Exception:
            self._end(stage, "failed")
            raise
        except BaseException:
            self._end(stage, "stopped")
            raise
        self._end(stage, "done")

    def progress(self, stage: Stage, detail: str) -> None:
        """Set how far a running stage is; where the output is no terminal, print it now and then."""
        stage.detail = detail
        if detail and time.monotonic() - max(stage.started, stage.shown_at) >= LINE_SECONDS:
            stage.shown_at = time.monotonic()
            self._line(f"{stage.name}: {detail}")

    def _end(self, stage: Stage, state: Literal["done", "failed", "stopped"]) -> None:
        stage.state, stage.ended = state, time.monotonic()
        detail = f": {stage.detail}" if stage.detail else ""
        self._line(f"{stage.name}: {state} in {stage.seconds:.1f} s{detail}")

    def _line(self, text: str) -> None:
        if not self._console.is_terminal:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=2)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
        marks = {
            "done": Text("✓", "green"),
            "failed": Text("✗", "red"),
            "stopped": Text("-"),
            "waiting": Text("·", "dim"),
        }
        for stage in self._stages.values():
            mark = self._spinner if stage.state == "running" else marks[stage.state]
            seconds = "" if stage.state == "waiting" else f"{stage.seconds:.1f} s"
            style = "dim" if stage.state == "waiting" else ""
            table.add_row(mark, Text(stage.name, style), Text(seconds, "dim"), Text(stage.detail, "dim"))
        return table


def tail(log: Path, lines: int = TAIL) -> list[str]:
    """Return the last lines of a log that say something; none where there is no log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-lines:]
