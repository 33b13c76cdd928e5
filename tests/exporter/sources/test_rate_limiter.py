"""Rate limiting of index reads, on a clock that moves only when code waits."""

import random

import pytest

from exporter.sources.rate_limiter import FIRST_REQUESTS, RateLimiter


class Clock:
    """Time that passes when it is slept or taken by a request."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("ceiling", [5.0, 25.0, 200.0, 3000.0])
def test_the_ceiling_holds_over_any_thirty_seconds(ceiling):
    """After the first page, no 30 seconds spend more than 30 times the ceiling, though items differ in size."""
    clock, sizes = Clock(), random.Random(1)
    limiter = RateLimiter(8, ceiling, clock=clock, sleep=clock.sleep)
    spent: list[tuple[float, float]] = []
    while clock.now < 120:
        with limiter.turn() as limit:
            clock.sleep(0.01)
            items = min(limit, 2000)
            units = max(0.5, items * sizes.uniform(0.05, 0.1))
        limiter.learn(items=items, units=units, limit=limit, retries=0)
        spent.append((clock.now, units))
    for start, _ in spent[1:]:
        assert sum(units for at, units in spent[1:] if start <= at < start + 30) <= 30 * ceiling
    assert sum(units for _, units in spent) > 0.6 * 120 * min(ceiling, 100)


def test_look_ups_have_a_price_of_their_own():
    """An item of a page costs 0.1 units and a look-up 1: a ceiling of 100 asks for 237 items of a page, 23 look-ups."""
    clock = Clock()
    limiter = RateLimiter(8, 100, clock=clock, sleep=clock.sleep)
    asked: dict[str, list[int]] = {"pages": [], "look-ups": []}
    for _ in range(40):
        for kind, each in (("pages", 0.1), ("look-ups", 1.0)):
            with limiter.turn(kind) as limit:
                asked[kind].append(limit)
            limiter.learn(items=limit, units=limit * each, limit=limit, retries=0, kind=kind)
    assert [asked[kind][0] for kind in asked] == [1, 1]
    assert asked["pages"][-1] // asked["look-ups"][-1] == 10
    assert limiter.units <= 100 * (clock.now + 1)


def test_without_a_ceiling_pages_are_full():
    """No ceiling, no Limit, no waiting."""
    clock = Clock()
    limiter = RateLimiter(8, clock=clock, sleep=clock.sleep)
    for _ in range(50):
        with limiter.turn() as limit:
            assert limit is None
        limiter.learn(items=1000, units=128, limit=None, retries=0)
    assert clock.now == 0


def run(limiter: RateLimiter, clock: Clock, pages: int, capacity: float) -> None:
    """Answer pages of 128 units at 100 ms each, as many at a time as allowed, up to a server's capacity."""
    for _ in range(pages):
        with limiter.turn():
            pass
        clock.sleep(max(0.1 / limiter.at_a_time, 128 / capacity))
        limiter.learn(items=1000, units=128, limit=None, retries=0)


def test_more_requests_while_they_bring_more():
    """While throughput grows with every request added, requests are added up to the most allowed."""
    clock = Clock()
    limiter = RateLimiter(8, clock=clock, sleep=clock.sleep)
    assert limiter.at_a_time == FIRST_REQUESTS
    run(limiter, clock, 400, capacity=1e9)
    assert limiter.at_a_time == 8


def test_a_run_of_a_few_hundred_pages_reaches_its_most_early():
    """Requests double while that helps, so that a day of a hundred pages is read at full speed for most of it."""
    clock = Clock()
    limiter = RateLimiter(8, clock=clock, sleep=clock.sleep)
    run(limiter, clock, 12, capacity=1e9)
    assert limiter.at_a_time == 8


def test_no_more_requests_than_help():
    """Where the server answers no faster, more requests would only queue; the number stays low."""
    clock = Clock()
    limiter = RateLimiter(64, clock=clock, sleep=clock.sleep)
    run(limiter, clock, 2000, capacity=128 / 0.025)
    assert limiter.at_a_time <= 8


def test_requests_that_brought_nothing_are_taken_back():
    """Where four requests at a time are as fast as the reader, eight only cost it; four it is again."""
    clock = Clock()
    limiter = RateLimiter(8, clock=clock, sleep=clock.sleep)
    run(limiter, clock, 200, capacity=128 / 0.025)
    assert limiter.at_a_time == 4


def test_throttling_halves_the_requests():
    """An answer that took retries halves the requests at a time, and the next seconds try for no more."""
    clock = Clock()
    limiter = RateLimiter(8, clock=clock, sleep=clock.sleep)
    run(limiter, clock, 400, capacity=1e9)
    limiter.learn(items=1000, units=128, limit=None, retries=3)
    assert limiter.at_a_time == 4
    run(limiter, clock, 40, capacity=1e9)
    assert limiter.at_a_time == 4
    run(limiter, clock, 400, capacity=1e9)
    assert limiter.at_a_time == 8


def test_units_of_every_request_are_counted():
    """Every answer's units add up, so that the report's sum is what the account is billed for."""
    limiter = RateLimiter(1)
    for units in (0.5, 128, 3):
        limiter.learn(items=1, units=units, limit=None, retries=0)
    assert limiter.units == 131.5
