"""Work of many people in, a bounded number of running threads out: each person gets a turn before anyone gets two.

Work waits in one lane per person. A free thread takes the next piece from the next lane in turn, and a lane never has
more than its share running. Both the lanes and the queue as a whole are bounded.
"""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from dashboard.errors import TooManyQueries

QUEUED_PER_LANE = 32
QUEUED = 512


class Turn:
    """One piece of work that waits or runs."""

    def __init__(self, lane: str, work: Callable[[], None]) -> None:
        self.lane = lane
        self.work = work
        self.is_taken = False
        """Whether a thread has taken it, or it was cancelled before."""


class FairQueue:
    """Runs work in at most `workers` threads, at most `per_lane` of a lane at once; `shares` sets other limits."""

    def __init__(self, workers: int, per_lane: int, shares: Mapping[str, int] | None = None) -> None:
        self._workers, self._per_lane, self._shares = workers, per_lane, dict(shares or {})
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="query")
        self._lock = threading.Lock()
        self._lanes: OrderedDict[str, deque[Turn]] = OrderedDict()
        self._running: Counter[str] = Counter()
        self._is_closed = False

    def submit(self, lane: str, work: Callable[[], None]) -> Turn:
        """Queue a piece of work; raises TooManyQueries where the lane or the whole queue is full."""
        turn = Turn(lane, work)
        with self._lock:
            waiting = self._lanes.get(lane, deque())
            if len(waiting) >= QUEUED_PER_LANE:
                raise TooManyQueries(
                    f"{len(waiting)} of your queries wait and {self._running[lane]} run already, which is the limit. "
                    "Wait for one to end, or stop some."
                )
            if sum(map(len, self._lanes.values())) >= QUEUED:
                raise TooManyQueries(f"{QUEUED} queries wait already, which is the limit. Try again in a minute.")
            waiting.append(turn)
            self._lanes[lane] = waiting
            self._dispatch()
        return turn

    def cancel(self, turn: Turn) -> bool:
        """Take a piece of work out of the queue; return False where a thread has taken it already."""
        with self._lock:
            if turn.is_taken:
                return False
            turn.is_taken = True
            waiting = self._lanes.get(turn.lane)
            if waiting is not None:
                waiting.remove(turn)
                self._drop_if_empty(turn.lane)
            return True

    def close(self) -> None:
        """Drop what waits and take no more; what runs goes on to its end."""
        with self._lock:
            self._is_closed = True
            self._lanes.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _dispatch(self) -> None:
        while not self._is_closed and sum(self._running.values()) < self._workers:
            lane = next((name for name in self._lanes if self._running[name] < self._share(name)), None)
            if lane is None:
                return
            turn = self._lanes[lane].popleft()
            turn.is_taken = True
            self._running[lane] += 1
            # Its next turn comes after everyone else's.
            self._lanes.move_to_end(lane)
            self._drop_if_empty(lane)
            self._pool.submit(self._run, turn)

    def _run(self, turn: Turn) -> None:
        try:
            turn.work()
        finally:
            with self._lock:
                self._running[turn.lane] -= 1
                if not self._running[turn.lane]:
                    del self._running[turn.lane]
                self._dispatch()

    def _share(self, lane: str) -> int:
        return self._shares.get(lane, self._per_lane)

    def _drop_if_empty(self, lane: str) -> None:
        if not self._lanes.get(lane):
            self._lanes.pop(lane, None)
