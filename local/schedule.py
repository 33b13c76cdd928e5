"""A command run again and again, as a schedule runs the export on AWS; `python -m local schedule` is its command."""

import datetime as dt
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from types import FrameType

import click

Say = Callable[[str], None]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds_from_interval(text: str) -> int:
    """Return the seconds of 30s, 15m, 1h or 1d; raise click.BadParameter."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if not match:
        raise click.BadParameter(f"expected a number and a unit, such as 30s, 15m, 1h or 1d; found {text!r}")
    return int(match[1]) * _UNITS[match[2]]


class Schedule:
    """Runs a command at a fixed interval, one run at a time, until it is stopped.

    A run that outlasts the interval is not joined by a second one: the starts it missed are skipped. A run that fails
    is reported, and the next one comes as planned.
    """

    def __init__(self, command: Sequence[str], every: float, say: Say) -> None:
        self._command = list(command)
        self._every = every
        self._say = say
        self._signals = 0
        self._child: subprocess.Popen[bytes] | None = None

    def catch_signals(self) -> None:
        """Turn SIGTERM and Ctrl-C into a stop; in a container they reach this process alone."""
        signal.signal(signal.SIGTERM, self._received)
        signal.signal(signal.SIGINT, self._received)

    def run(self, *, at_once: bool = False) -> None:
        """Run until stopped; the first time after one interval, or at once."""
        planned = time.monotonic() + (0 if at_once else self._every)
        while self._waited_until(planned):
            self._run_once()
            late = time.monotonic() - planned
            planned += self._every * (late // self._every + 1)
        self._say("stopped")

    def _waited_until(self, planned: float) -> bool:
        """Wait for the moment of the next run; return False where a signal came first."""
        moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=max(planned - time.monotonic(), 0))
        self._say(f"next run at {moment:%Y-%m-%dT%H:%M:%SZ}: {shlex.join(self._command)}")
        # In short turns: a signal's handler runs between them on every platform.
        while not self._signals and (remaining := planned - time.monotonic()) > 0:
            time.sleep(min(remaining, 0.2))
        return not self._signals

    def _run_once(self) -> None:
        started = time.monotonic()
        try:
            self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)  # noqa: S603 - the caller's own
        except OSError as error:
            self._say(f"run could not start: {error.strerror}")
            return
        if self._signals:  # the signal came while the child was being started
            self._child.terminate()
        status = self._child.wait()
        self._child = None
        self._say(f"run ended with status {status} after {time.monotonic() - started:.1f} s")

    def _received(self, number: int, _: FrameType | None) -> None:
        # The second signal is for a child that ignored the first.
        if self._child is not None:
            self._child.send_signal(signal.SIGKILL if self._signals else number)
        self._signals += 1


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--every", type=seconds_from_interval, required=True, help="Time between two starts: 30s, 15m, 1h, 1d.")
@click.option("--now", "at_once", is_flag=True, help="Run at once as well, instead of after the first interval.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def schedule(every: int, at_once: bool, command: tuple[str, ...]) -> None:
    """Run COMMAND at a fixed interval until SIGTERM or Ctrl-C, which end a run that is under way too.

    Example: python -m local schedule --every 15m -- python -m exporter export
    """
    runner = Schedule(command, every, lambda text: click.echo(f"schedule: {text}", err=True))
    runner.catch_signals()
    runner.run(at_once=at_once)
