"""Turns among people: one person's many queries do not hold up another's one."""

import threading
import time

import pytest

from dashboard.errors import TooManyQueries
from dashboard.services import fair_queue
from dashboard.services.fair_queue import FairQueue


@pytest.fixture
def release():
    """Lets all blocked work end."""
    event = threading.Event()
    yield event
    event.set()


class Work:
    """Pieces of work that note their beginning and wait to be released."""

    def __init__(self, release: threading.Event):
        self.began, self._release = [], release

    def of(self, name: str):
        def run():
            self.began.append(name)
            self._release.wait(20)

        return run


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_person_with_many_queries_leaves_room_for_another(release):
    """17 queries of one person: two of them run, and another person's first query starts at once."""
    work, queue = Work(release), FairQueue(workers=4, per_lane=2)
    for number in range(17):
        queue.submit("ann", work.of(f"ann {number}"))
    queue.submit("ben", work.of("ben"))
    until(lambda: len(work.began) == 3)
    time.sleep(0.05)
    assert sorted(work.began) == ["ann 0", "ann 1", "ben"]
    queue.close()


def test_a_free_thread_takes_the_next_person_in_turn():
    """With one thread, people alternate, whatever the order in which they asked."""
    gate, work, order = threading.Event(), Work(threading.Event()), []
    queue = FairQueue(workers=1, per_lane=4)
    queue.submit("first", lambda: gate.wait(20))
    for name in ("ann 1", "ann 2", "ann 3", "ben 1", "cem 1", "ben 2"):
        queue.submit(name[:3], lambda name=name: order.append(name))
    gate.set()
    until(lambda: len(order) == 6)
    assert order == ["ann 1", "ben 1", "cem 1", "ann 2", "ben 2", "ann 3"]
    assert work.began == []
    queue.close()


def test_a_full_lane_is_refused_with_the_figures(release, monkeypatch):
    """A person's waiting queries are bounded; the message says how many wait and run."""
    monkeypatch.setattr(fair_queue, "QUEUED_PER_LANE", 3)
    work, queue = Work(release), FairQueue(workers=4, per_lane=2)
    for number in range(5):
        queue.submit("ann", work.of(str(number)))
    with pytest.raises(TooManyQueries, match="3 of your queries wait and 2 run already"):
        queue.submit("ann", work.of("one more"))
    queue.submit("ben", work.of("ben"))
    until(lambda: "ben" in work.began)
    queue.close()


def test_the_whole_queue_is_bounded(release, monkeypatch):
    """Many people with one query each cannot fill the memory."""
    monkeypatch.setattr(fair_queue, "QUEUED", 3)
    work, queue = Work(release), FairQueue(workers=1, per_lane=1)
    for number in range(4):
        queue.submit(f"person {number}", work.of(str(number)))
    with pytest.raises(TooManyQueries, match="3 queries wait already"):
        queue.submit("late", work.of("late"))
    queue.close()


def test_cancelled_work_never_starts(release):
    """What waits can be taken back; what has started cannot."""
    work, queue = Work(release), FairQueue(workers=1, per_lane=1)
    running, waiting = queue.submit("ann", work.of("running")), queue.submit("ann", work.of("waiting"))
    until(lambda: work.began == ["running"])
    assert (queue.cancel(running), queue.cancel(waiting), queue.cancel(waiting)) == (False, True, False)
    release.set()
    queue.submit("ann", work.of("after"))
    until(lambda: work.began == ["running", "after"])
    queue.close()


def test_work_that_fails_frees_its_place():
    """An error in one piece of work does not use up a person's share."""
    done, queue = threading.Event(), FairQueue(workers=1, per_lane=1)
    queue.submit("ann", lambda: 1 // 0)
    queue.submit("ann", done.set)
    assert done.wait(10)
    queue.close()
