"""Work of requests flows in, a bounded number of threads runs it: a few of each person, so that others get theirs."""

from collections.abc import Callable
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from dashboard.errors import TooManyQueries
from dashboard.model.access.requester import current_requester

THREADS: Final = 16
PER_PERSON: Final = 4
MOST_OF_A_PERSON: Final = 64
"""Requests that run or wait; they hold a connection each, and no thread while they wait."""

T = TypeVar("T")


class _Lane:
    """The requests of one person."""

    def __init__(self, at_once: int) -> None:
        self.turn = anyio.Semaphore(at_once)
        self.requests = 0


class Turns:
    """Threads for the work of requests. Used from the event loop."""

    def __init__(self, threads: int = THREADS, per_person: int = PER_PERSON) -> None:
        self._threads = anyio.CapacityLimiter(threads)
        self._per_person = per_person
        self._lanes: dict[str, _Lane] = {}

    async def run(self, work: Callable[[], T]) -> T:
        """Run work in a thread for the requester, after their own earlier work; raise TooManyQueries above the limit.

        Where sign-in is off, an address stands for a person.
        """
        asks = current_requester()
        who = asks.person or asks.address
        lane = self._lanes.setdefault(who, _Lane(self._per_person))
        if lane.requests >= MOST_OF_A_PERSON:
            raise TooManyQueries(
                f"{lane.requests} of your requests wait or run already, which is the limit. Wait for one to end."
            )
        lane.requests += 1
        try:
            async with lane.turn:
                return await anyio.to_thread.run_sync(work, limiter=self._threads)
        finally:
            lane.requests -= 1
            if not lane.requests:
                del self._lanes[who]
