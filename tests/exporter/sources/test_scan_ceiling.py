"""A ceiling on read units holds for a whole scan, as the table counts them."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from exporter.sources.rate_limiter import RateLimiter

CEILING = 10.0
"""Read units a second: 20 items of 4 KB."""

ITEMS = 1_800
"""They cost 900 units and the sample of the index some more, so that a scan takes more than 90 seconds."""

WINDOW = 60.0
"""Seconds. Shorter ones may hold what was saved up before, a second's units."""


class Clock:
    """Time that passes by sleeping; threads that sleep at once sleep through the same time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        with self._lock:
            self.now = max(self.now, until)


@pytest.fixture
def spent(faults, scene, monkeypatch) -> Iterator[list[tuple[float, float]]]:
    """When each request of a scan with four requests at a time arrived, and what the stand-in charged for it."""
    clock, found = Clock(), []

    def charge(request, forward):
        at = clock()
        answer = forward()
        if request.operation in {"Query", "Scan", "GetItem", "BatchGetItem"}:
            found.append((at, json.loads(answer.body)["ConsumedCapacity"]["CapacityUnits"]))
        return answer

    table = scene()
    for start in range(0, ITEMS, 25):
        puts = [
            {"PutRequest": {"Item": {
                "Id": {"S": f"{number:04}"}, "Kind": {"S": "A"}, "At": {"S": "2026-02-16T10:00:00Z"},
                "Padding": {"S": "x" * 4_040},
            }}}
            for number in range(start, start + 25)
        ]  # fmt: skip
        table.dynamodb.batch_write_item(RequestItems={table.table: puts})
    faults.rule = charge
    monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
    monkeypatch.setattr("exporter.run.job.RateLimiter", partial(RateLimiter, clock=clock, sleep=clock.sleep))
    job = table.job(start="2026-02-16", end="2026-02-16")
    job.request = replace(job.request, source="scan", segments=8, ranges=4, max_read_units=CEILING)
    job.__post_init__()
    entry = job.run()
    assert (entry.status, entry.rows) == ("succeeded", ITEMS)
    return found


def test_no_minute_of_a_scan_uses_more_than_its_ceiling(spent):
    """60 seconds from any request on use 600 units at most, and the scan is not much slower than it may be."""
    total, end = sum(units for _, units in spent), max(at for at, _ in spent)
    assert total >= 900
    for start, _ in spent:
        assert sum(units for at, units in spent if start <= at < start + WINDOW) <= CEILING * WINDOW
    assert total / end >= 0.8 * CEILING
