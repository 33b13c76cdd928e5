"""The demo's life: start, stages, messages, and above all its end."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SMALL_DEMO = Path(__file__).parent / "small_demo.py"


class RunningDemo:
    """A demo in a session of its own, as on a terminal of its own, and what it has printed so far."""

    def __init__(self, folder: Path, port: int, *words: str, **environment: str) -> None:
        self.folder, self.port = folder, port
        command = [sys.executable, str(SMALL_DEMO), str(folder), str(port), *words]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=os.environ | environment,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def until(self, text: str) -> None:
        """Wait until a text was printed."""
        wait_until(lambda: text in self.output or self.process.poll() is not None)
        assert text in self.output, self.output

    def signalled(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self, within: float = 30) -> int:
        """Wait for the end; return the exit status."""
        status = self.process.wait(within)
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def started_programs(self) -> list[str]:
        """Return the command lines of every program that the demo has started and that still runs.

        The scratch folder in their environment identifies them.
        """
        table = subprocess.run(["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
        return [
            line
            for line in table.stdout.splitlines()
            if f"TMPDIR={self.folder.resolve()}" in line and not line.lstrip().startswith(f"{self.process.pid} ")
        ]


def wait_until(condition: Callable[[], bool], within: float = 40) -> None:
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., RunningDemo]]:
    """Start small demos; stop those that a failed test leaves running."""
    started: list[RunningDemo] = []

    def start(*words: str, name: str = "a demo", port: int | None = None, **environment: str) -> RunningDemo:
        started.append(RunningDemo(tmp_path / name, port or free_port(), *words, **environment))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            for _ in range(2):
                with contextlib.suppress(ProcessLookupError):
                    one.signalled(signal.SIGTERM)
                time.sleep(0.2)
            one.ended()


def test_ready_demo_says_where_and_how(demo: Callable[..., RunningDemo]) -> None:
    """Each stage is reported with its time and outcome, then the address and what to try in another terminal."""
    running = demo()
    running.until("Ctrl-C stops everything")
    assert f"The dashboard is at http://localhost:{running.port}" in running.output
    assert "50 in the DynamoDB table contacts" in running.output
    assert "48 rows on 2 days, 2 quarantined" in running.output
    variables = (running.folder / "environment").read_text()
    assert "export S3_BUCKET=contact-reports\n" in variables
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in variables
    assert "export SMTP_URL=smtp+plain://127.0.0.1:" in variables
    assert f"export DASHBOARD_URL=http://localhost:{running.port}\n" in variables
    assert "  What it mails is at http://localhost:" in running.output
    running.signalled(signal.SIGINT)
    assert running.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(demo: Callable[..., RunningDemo], number: int) -> None:
    """Ctrl-C, a kill and a closed terminal end the demo with status 0, and nothing that it started runs on."""
    running = demo()
    running.until("Ctrl-C stops everything")
    assert running.started_programs() != []
    running.signalled(number)
    assert running.ended(within=10) == 0
    assert running.started_programs() == []
    assert "Traceback" not in running.output


def test_a_child_that_hangs_is_killed_with_its_own_children(demo: Callable[..., RunningDemo]) -> None:
    """A dashboard that ignores SIGTERM, and its child, are gone some seconds after Ctrl-C."""
    running = demo("exports", "deaf")
    running.until("Ctrl-C stops everything")
    assert len(running.started_programs()) == 2
    running.signalled(signal.SIGINT)
    assert running.ended(within=15) == 0
    assert running.started_programs() == []


def test_a_second_ctrl_c_does_not_wait(demo: Callable[..., RunningDemo]) -> None:
    """A second Ctrl-C does not wait for a child that ignores the first one."""
    running = demo("exports", "deaf")
    running.until("Ctrl-C stops everything")
    running.signalled(signal.SIGINT)
    running.until("stopping")
    began = time.monotonic()
    running.signalled(signal.SIGINT)
    assert running.ended() == 0
    assert time.monotonic() - began < 4
    assert running.started_programs() == []


def test_ctrl_c_during_a_stage(demo: Callable[..., RunningDemo]) -> None:
    """Ctrl-C before the demo is ready ends it as an interrupted program, and the stage's program with it."""
    running = demo("hangs")
    running.until("export to Parquet ...")
    wait_until(lambda: running.started_programs() != [])
    running.signalled(signal.SIGINT)
    assert running.ended(within=10) == 130
    assert running.started_programs() == []


def test_a_failed_stage_shows_the_end_of_its_log(demo: Callable[..., RunningDemo]) -> None:
    """A stage that fails is named, with the last lines of its log and the next step: status 1, no traceback."""
    running = demo("fails")
    assert running.ended() == 1
    assert "export to Parquet: failed" in running.output
    assert "the exporter ended with status 1" in running.output
    assert "| no such index: Nope-index" in running.output
    assert "What to do:" in running.output
    assert "Traceback" not in running.output


def test_a_dashboard_that_dies_ends_the_demo(demo: Callable[..., RunningDemo]) -> None:
    """When the dashboard ends by itself the demo says so, shows its last words and does not stay half alive."""
    running = demo()
    running.until("Ctrl-C stops everything")
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{running.port}/die", timeout=5).close()
    assert running.ended() == 1
    assert "the dashboard ended with status 7" in running.output
    assert "| the disk is on fire" in running.output


def test_port_in_use_is_reported_first(demo: Callable[..., RunningDemo]) -> None:
    """A taken dashboard port is reported before anything is started, with a port that is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = demo(port=port)
        assert running.ended() == 1
    assert f"port {port} is in use by another program" in running.output
    assert "make demo DEMO_PORT=" in running.output
    assert "AWS stand-in" not in running.output


def test_two_demos_share_a_machine(demo: Callable[..., RunningDemo]) -> None:
    """A second demo takes a free port for its stand-in and says so, since only the dashboard's address is promised."""
    first = demo()
    first.until("Ctrl-C stops everything")
    second = demo(name="second")
    second.until("Ctrl-C stops everything")
    assert "(port 4566 is in use)" in second.output
    second.signalled(signal.SIGTERM)
    assert second.ended() == 0


def test_nothing_is_written_elsewhere(demo: Callable[..., RunningDemo], tmp_path: Path) -> None:
    """Logs stay in the demo's folder, scratch files are removed, and the home folder is left alone."""
    home = tmp_path / "home"
    home.mkdir()
    running = demo(HOME=str(home), TMPDIR=str(home))
    running.until("Ctrl-C stops everything")
    running.signalled(signal.SIGINT)
    running.ended()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a demo", "home"]
    assert list(home.iterdir()) == []
    left = sorted(path.name for path in running.folder.iterdir())
    assert left == ["dashboard.log", "export.json", "exporter.log"]
