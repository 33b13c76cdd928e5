"""SIGTERM and SIGINT to a callback in the event loop.

A server waits for open responses before it ends the application, and the stream's responses stay open on purpose. So
the signal is handled here first; the server's own handler runs afterwards.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def on_termination(act: Callable[[], None]) -> None:
    """Call `act` in the running loop when this process is asked to end; does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        _install(number, loop, act)


def _install(number: signal.Signals, loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    before = signal.getsignal(number)
    if not callable(before):
        return  # the process simply ends

    def handle(received: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(act)
        before(received, frame)

    signal.signal(number, handle)
