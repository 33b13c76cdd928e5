"""The demo's stages where the output is no terminal: lines that say how far each is."""

import io

import pytest
from rich.console import Console

from local.demo import stages
from local.demo.stages import Stages


def lines_of(every: float, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What an export prints that reports three times."""
    monkeypatch.setattr(stages, "LINE_SECONDS", every)
    output = io.StringIO()
    with Stages(["export"], Console(file=output)) as shown, shown.stage("export") as stage:
        for items in ("", "500 items read", "900 items read"):
            shown.progress(stage, items)
    return output.getvalue().splitlines()


def test_a_long_stage_prints_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line per interval, with what the stage has done so far; nothing where it has nothing to report."""
    lines = lines_of(0, monkeypatch)
    assert lines[:3] == ["export ...", "export: 500 items read", "export: 900 items read"]
    assert lines[3].startswith("export: done in 0.0 s: 900 items read")


def test_a_short_stage_prints_its_begin_and_end_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the first interval there is no line between."""
    assert len(lines_of(10, monkeypatch)) == 2
