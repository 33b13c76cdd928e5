"""Progress output and stop signals of a run started from the command line."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator

import click
import structlog

from exporter.run.reporting.progress import Lines, Progress, TerminalBar

_log = structlog.get_logger()


@contextlib.contextmanager
def progress_shown() -> Iterator[Progress]:
    """Show progress as a bar on a terminal, as log lines elsewhere."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    with TerminalBar() as bar:
        yield bar


def log_line(text: str, *, failed: bool = False) -> None:
    """Write a plain line to a terminal, or a JSON log line elsewhere."""
    if sys.stderr.isatty():
        click.echo(text, err=True)
    elif failed:
        _log.error(text)
    else:
        _log.info(text)


@contextlib.contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """Set an event at the first SIGTERM or SIGINT; the second SIGINT interrupts at once."""
    stop = threading.Event()

    def handle(number: int, _: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
