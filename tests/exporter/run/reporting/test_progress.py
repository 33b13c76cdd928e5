"""What a run shows while it works."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console
from structlog.testing import capture_logs

from exporter.run.reporting.progress import Lines, Quiet, TerminalBar


def shown(bar: TerminalBar) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(bar._bar.get_renderable())
    return console.file.getvalue()


def test_the_bar_tells_speed_cost_days_and_the_time_left(monkeypatch):
    """Items and read units per second, days done of how many, and how long it will still take."""
    now = [0.0]
    monkeypatch.setattr("exporter.run.reporting.progress.time", SimpleNamespace(monotonic=lambda: now[0]))
    with TerminalBar() as bar:
        bar._bar.get_time = lambda: now[0]
        bar.plan(5)
        for _ in range(4):
            bar.read(items=750, units=128)
            bar.published(1)
            now[0] += 20
        bar.published(0)
        text = shown(bar)
    assert "4/5 days" in text
    assert "3,000 items" in text
    assert "RU/s" in text
    assert text.rstrip().endswith("left 0:00:20")


def test_off_a_terminal_a_line_every_ten_seconds(monkeypatch):
    """A log line has the same figures, and no page is worth one."""
    now = [0.0]
    monkeypatch.setattr("exporter.run.reporting.progress.time", SimpleNamespace(monotonic=lambda: now[0]))
    lines = Lines()
    lines.plan(4)
    with capture_logs() as logged:
        for second in range(1, 31):
            now[0] = float(second)
            lines.read(items=100, units=64)
    assert [line["items"] for line in logged] == [1000, 2000, 3000]
    assert {line["items_per_second"] for line in logged} == {100}
    assert {line["read_units_per_second"] for line in logged} == {64.0}


class Steps(TerminalBar):
    """Keeps each text of the bar, and how full it was."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def _show(self):
        super()._show()
        self.seen.append((shown(self).partition(" · 0 RU/s")[0], self._bar.tasks[0].percentage))


def scan_of(table, progress, days):
    """Scan a table of 30 items, 10 of each day."""
    for number in range(30):
        table.put(f"{number:02}", f"2026-02-{16 + number % 3}T10:00:00Z")
    job = table.job(start="2026-02-16", end=days)
    job.request, job.progress = replace(job.request, source="scan", segments=5), progress
    job.__post_init__()
    assert job.run().status == "succeeded"


def test_the_bar_of_a_scan_is_filled_by_items(scene):
    """Days are finished at the end of a scan alone; until then the bar says how many items of the table were read."""
    bar = Steps()
    scan_of(scene(), bar, "2026-02-18")
    texts = [text for text, _ in bar.seen]
    filled = [percentage for _, percentage in bar.seen]
    assert "0/30 items · 0/3 days" in texts[0]
    assert "30/30 items · 3/3 days" in texts[-1]
    assert filled == sorted(filled)
    assert (filled[0], filled[-1]) == (0, 100)
    assert any(0 < percentage < 100 and "items · 0/3 days" in text for text, percentage in bar.seen)


def test_off_a_terminal_a_scan_says_how_many_items_it_expects(scene, monkeypatch):
    """Plain lines have the items read so far and those of the table, while no day is finished."""
    monkeypatch.setattr("exporter.run.reporting.progress._EVERY_SECONDS", 0.0)
    with capture_logs() as logged:
        scan_of(scene(), Lines(), "2026-02-18")
    lines = [
        (line["items"], line["items_expected"], line["days_done"]) for line in logged if line["event"] == "reading"
    ]
    assert (lines[0], lines[-1]) == ((0, 30, 0), (30, 30, 3))
    assert any(0 < items < 30 and done == 0 for items, _, done in lines)


class Noted(Quiet):
    """Adds up what it receives."""

    planned: int | None = None
    done = 0

    def plan(self, days, items=None):  # noqa: ARG002 - the protocol has it
        self.planned = days

    def published(self, days):
        self.done += days


@pytest.mark.parametrize("options", [{"start": "2026-02-10", "end": "2026-02-19"}, {"everything": True}])
def test_days_without_items_are_done_as_well(scene, options):
    """At the end as many days are done as were planned, whether or not they held an item."""
    table = scene()
    for day in (12, 16):
        table.put(f"{day}", f"2026-02-{day}T10:00:00Z")
    job, progress = table.job(**options), Noted()
    job.progress = progress
    assert job.run().rows == 2
    assert progress.done == progress.planned > 0
