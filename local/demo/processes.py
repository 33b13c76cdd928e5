"""Commands flow in, running child processes flow out; none of them outlives the demo.

Each child leads its own process group: its own children stop with it, and a Ctrl-C on the terminal reaches only the
demo, which then stops the children in order.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

GRACE = 5.0
"""Seconds between asking a child to stop and killing it."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """The demo was asked to stop."""


class Children:
    """The demo's children. Ask `catch_signals` once; then the first signal raises Interrupted, the next ones kill."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._signals = 0
        self._starting = False

    def catch_signals(self) -> None:
        """Turn Ctrl-C, SIGTERM and a closed terminal into Interrupted in the main thread."""
        for number in _SIGNALS:
            signal.signal(number, self._received)

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        output: Path,
        log: Path,
        *,
        append: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a program in `folder`: its results go to `output`, its log to `log` (which may be one file).

        Both files begin empty, or go on with `append`.
        """
        self._starting = True  # a signal between the start and the entry in the list would leave an orphan
        try:
            mode = "ab" if append else "wb"
            with output.open(mode) as results, log.open(mode if log != output else "ab") as messages:
                process = subprocess.Popen(  # noqa: S603 - commands are this repository's own
                    command,
                    env=dict(environment),
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=results,
                    stderr=messages,
                    start_new_session=True,
                )
            self._processes.append(process)
        finally:
            self._starting = False
        if self._signals:
            raise Interrupted
        return process

    def wait(self, process: subprocess.Popen[bytes], meanwhile: Callable[[], None]) -> int:
        """Wait for a child to end by itself and return its status; call `meanwhile` some times a second."""
        while (status := process.poll()) is None:
            meanwhile()
            time.sleep(0.1)
        if not _is_alive(process):
            # The number of a group that is gone may become another program's; it must not be signalled later.
            self._processes.remove(process)
        return status

    def stop(self, grace: float = GRACE) -> None:
        """Ask every group to stop, the youngest first; after `grace` seconds, or at the next signal, kill it."""
        self._signals = max(self._signals, 1)  # from here on a signal ends the wait
        for process in reversed(self._processes):
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while self._signals < 2 and time.monotonic() < deadline and any(map(_is_alive, self._processes)):
            time.sleep(0.05)
        self._kill()
        for process in self._processes:
            process.wait()

    def _received(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's signature
        self._signals += 1
        if self._signals == 1 and not self._starting:
            raise Interrupted
        if self._signals > 1:
            self._kill()

    def _kill(self) -> None:
        for process in self._processes:
            _signal_group(process, signal.SIGKILL)


def _is_alive(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the child or a process of its group still runs."""
    process.poll()  # collects the child, so that it does not linger in its group as a zombie
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return process.returncode is None  # macOS says so of a group of zombies
    return True


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
