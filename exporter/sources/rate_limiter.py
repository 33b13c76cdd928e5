"""Rate limiter of index reads: costs of answers flow in, the number of concurrent requests and their limits flow out.

Concurrency grows while throughput grows, and is halved when DynamoDB throttles. A ceiling on read units per second is
met by waiting before a request and by asking for fewer items: a full page costs 128 units at once.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["pages", "look-ups"]
"""What a request reads: items in order, paid together, or single items, each of which costs half a unit or more."""

FIRST_REQUESTS = 4
"""Requests at a time to begin with."""

_FIRST_PAGES_PER_STEP, _PAGES_PER_STEP = 2, 6
"""Pages per concurrent request after which throughput is compared: the first value while the number doubles, the second
afterwards."""

_GAIN = 1.05
_CALM_SECONDS = 5.0
"""After throttling, how long not to try for more."""

_MARGIN = 0.95
"""Share of the ceiling that is used, so that a page dearer than expected stays below it."""

_BURST_SECONDS = 1.0


@dataclass
class Allowance:
    """A token bucket of read units; its balance may be negative after a page that cost more than expected."""

    per_second: float
    clock: Callable[[], float]
    _tokens: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = self.burst
        self._at = self.clock()

    @property
    def burst(self) -> float:
        """Units that may be spent at once."""
        return max(self.per_second * _MARGIN * _BURST_SECONDS, 0.5)

    def wait_for(self, units: float) -> float:
        """Return the seconds until `units` may be spent, and take them."""
        now = self.clock()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.per_second * _MARGIN)
        self._at = now
        self._tokens -= units
        return max(0.0, -self._tokens / (self.per_second * _MARGIN))

    def settle(self, difference: float) -> None:
        """Take the difference between the real and the estimated cost of a page; a negative one adds units."""
        self._tokens -= difference


class RateLimiter:
    """Limits concurrency and read units per second; shared by every thread that reads one index."""

    def __init__(
        self,
        most: int,
        max_read_units: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.units = 0.0
        """Read units consumed so far, by all requests."""
        self.most = most
        self._clock, self._sleep = clock, sleep
        self._free = threading.Condition()
        self._under_way = 0
        self._allowance = Allowance(max_read_units, clock) if max_read_units else None
        # Until a page has shown what an item costs, a ceiling can only be kept by asking once, for little.
        self._at_a_time = 1 if self._allowance else min(FIRST_REQUESTS, most)
        self._doubling = True  # until that has not helped once
        self._before = self._at_a_time
        self._units_per_item: dict[Kind, float] = {}
        self._calm_until = 0.0
        self._step_pages, self._step_units, self._step_began = 0, 0.0, clock()
        self._best = 0.0

    @property
    def at_a_time(self) -> int:
        """Requests at a time at present."""
        return self._at_a_time

    @property
    def at_full_pages(self) -> bool:
        """Whether a request may bring a full page, since no ceiling is set."""
        return self._allowance is None

    @contextmanager
    def turn(self, kind: Kind = "pages") -> Iterator[int | None]:
        """Wait for a turn to send one request; the value is the most items to ask for, None for a full page."""
        with self._free:
            while self._under_way >= self._at_a_time:
                self._free.wait()
            self._under_way += 1
        try:
            yield self._limit(kind)
        finally:
            with self._free:
                self._under_way -= 1
                self._free.notify()

    def learn(self, *, items: int, units: float, limit: int | None, retries: int, kind: Kind = "pages") -> None:
        """Take account of one answer."""
        with self._free:
            self.units += units
            if self._allowance:
                self._allowance.settle(units - self._expected(kind, limit))
                if items:
                    # The dearest kind of item seen decides, slowly forgotten, so that requests stay below the ceiling.
                    found = units / items
                    self._units_per_item[kind] = max(found, self._units_per_item.get(kind, found) * 0.98)
            if retries:
                self._slow_down()
            elif kind == "pages":
                self._step(units)
            self._free.notify_all()

    def _limit(self, kind: Kind) -> int | None:
        if self._allowance is None:
            return None
        with self._free:
            per_item = self._units_per_item.get(kind)
            limit = 1 if per_item is None else max(1, int(self._allowance.burst / self._at_a_time / per_item))
            seconds = self._allowance.wait_for(self._expected(kind, limit))
        if seconds:
            self._sleep(seconds)
        return limit

    def _expected(self, kind: Kind, limit: int | None) -> float:
        return self._units_per_item.get(kind, 0.5) * (limit or 1)

    def _slow_down(self) -> None:
        self._at_a_time = max(1, self._at_a_time // 2)
        self._doubling = False
        self._before = self._at_a_time
        self._calm_until = self._clock() + _CALM_SECONDS
        self._best = 0.0
        self._begin_step()

    def _step(self, units: float) -> None:
        self._step_pages += 1
        self._step_units += units
        if self._step_pages < (_FIRST_PAGES_PER_STEP if self._doubling else _PAGES_PER_STEP) * self._at_a_time:
            return
        rate = self._step_units / max(self._clock() - self._step_began, 1e-6)
        self._begin_step()
        if self._clock() >= self._calm_until and rate >= self._best * _GAIN:
            self._best = rate
            more = self._at_a_time if self._doubling else max(1, self._at_a_time // 2)
            self._before = self._at_a_time
            self._at_a_time = min(self.most, self._at_a_time + more)
        elif self._at_a_time > self._before:
            # The last requests added brought no gain, and cost memory and processor time.
            self._at_a_time = self._before
            self._doubling = False

    def _begin_step(self) -> None:
        self._step_pages, self._step_units, self._step_began = 0, 0.0, self._clock()
