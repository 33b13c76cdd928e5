"""`python -m local schedule`: when it runs its command, and how it ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from local.schedule import Schedule, seconds_from_interval


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), ("1h", 3600), ("1d", 86_400)])
def test_interval_has_a_unit(text: str, seconds: int) -> None:
    """An interval is a number and a unit."""
    assert seconds_from_interval(text) == seconds


@pytest.mark.parametrize("text", ["15", "0m", "-1m", "1.5h", "m", "15 m", "", "1w", "1234567s"])
def test_interval_without_meaning_is_refused(text: str) -> None:
    """What is no interval is refused with an example of one, instead of being run at some other pace."""
    with pytest.raises(click.BadParameter, match="such as 30s, 15m, 1h or 1d"):
        seconds_from_interval(text)


def ends(*, after: int, every: float, command: list[str]) -> list[str]:
    """What a schedule says that is stopped, as by a signal, when it has reported a number of runs."""
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if sum(line.startswith("run ") for line in said) == after:
            schedule._signals = 1

    schedule = Schedule(command, every, say)
    schedule.run(at_once=True)
    return said


def test_a_failed_run_is_reported_and_the_next_one_comes() -> None:
    """A run's status is reported, and a failure does not end the schedule."""
    said = ends(after=2, every=0.05, command=["sh", "-c", "exit 3"])
    assert [line.partition(" after")[0] for line in said if line.startswith("run ")] == ["run ended with status 3"] * 2
    assert said[0].endswith("Z: sh -c 'exit 3'")
    assert said[-1] == "stopped"


def test_a_command_that_does_not_exist_is_reported() -> None:
    """A command that cannot be started is reported in words, not as a traceback."""
    assert "run could not start: No such file or directory" in ends(after=1, every=1, command=["/no/such/program"])


def test_runs_never_overlap() -> None:
    """A run that outlasts its interval delays the next to the following point of the schedule; none is made up for."""
    started = time.monotonic()
    ends(after=2, every=0.4, command=["sleep", "0.5"])
    assert time.monotonic() - started >= 1.3  # starts at 0 and 0.8, not at 0, 0.4 and 0.5


@pytest.mark.parametrize("during_a_run", [False, True])
def test_sigterm_ends_it_and_the_run_under_way(repository: Path, tmp_path: Path, during_a_run: bool) -> None:
    """SIGTERM reaches the run under way, which ends in its own way, and then the schedule ends with status 0."""
    mark = tmp_path / "mark"
    script = f"trap 'echo ended > {mark}; exit 0' TERM; echo started > {mark}; while :; do sleep 0.1; done"
    options = ["--every", "1h", *(["--now"] if during_a_run else [])]
    command = [sys.executable, "-m", "local", "schedule", *options, "--", "sh", "-c", script]
    with subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stderr.readline().startswith("schedule: next run at 20")
        while during_a_run and not (mark.exists() and mark.read_text()):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read().endswith("schedule: stopped\n")
    assert not during_a_run or mark.read_text() == "ended\n"
