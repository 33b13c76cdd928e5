"""The settings of this process to its one service, made at the first call.

It stands outside Streamlit's caches: those can be cleared by a message of any connected browser.
"""

import threading
from collections.abc import Callable

from dashboard.services.service import Service


class ProcessService:
    """Calls return the same service; a `make` that raises is tried again at the next call."""

    def __init__(self, make: Callable[[], Service]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._service: Service | None = None

    def __call__(self) -> Service:
        """Return the service; raises what `make` raises."""
        with self._lock:
            if self._service is None:
                self._service = self._make()
            return self._service

    def clear(self) -> None:
        """Close the service; the next call makes another one."""
        with self._lock:
            service, self._service = self._service, None
        if service is not None:
            service.close()
