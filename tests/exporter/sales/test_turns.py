"""Several runs of one date at once: at the end its files are of one run."""

import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from exporter.errors import StaleRun, StoreError
from exporter.sales.turns import Turns

FILES = ("a", "b", "c", "d", "e")
SCHEDULES = 150


class Schedule:
    """Lets one of several runs do one call at a time, in an order that a seed decides."""

    def __init__(self, seed: int, runs: int) -> None:
        self._choice, self._waiting, self._running = random.Random(seed), set[int](), runs
        self._turn = threading.Condition()
        self._next: int | None = None

    def step(self, run: int) -> None:
        with self._turn:
            self._waiting.add(run)
            self._choose()
            self._turn.wait_for(lambda: self._next == run)
            self._waiting.discard(run)
            self._next = None

    def ends(self) -> None:
        with self._turn:
            self._running -= 1
            self._choose()

    def _choose(self) -> None:
        if self._next is None and self._waiting and len(self._waiting) == self._running:
            self._next = self._choice.choice(sorted(self._waiting))
            self._turn.notify_all()


class Bucket:
    """Objects in memory; each call waits for its place in the schedule."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule, self.objects = schedule, dict[str, bytes]()

    def replace(self, key: str, body: bytes, _seen: None) -> str:
        if key in self.objects:
            raise StaleRun(key)
        self.objects[key] = body
        return ""


def play(seed: int, runs: int, dies: Callable[[int, int], bool] = lambda _run, _put: False) -> tuple[Bucket, set[int]]:
    """Play some runs of one date at once; return the bucket, and the runs that ended well."""
    schedule = Schedule(seed, runs)
    bucket, done = Bucket(schedule), set[int]()

    class Client:
        def __init__(self, run: int) -> None:
            self.run, self.puts = run, 0

        def replace(self, key: str, body: bytes, seen: None) -> str:
            schedule.step(self.run)
            return bucket.replace(key, body, seen)

        def put(self, *, again: bool) -> None:
            assert again == (self.puts >= len(FILES))
            for file in FILES:
                schedule.step(self.run)
                self.puts += 1
                if dies(self.run, self.puts):
                    raise StoreError("no space")
                bucket.objects[file] = str(self.run).encode()

    def work(run: int) -> None:
        client = Client(run)
        try:
            Turns(client, "turns", str(run), sleep=lambda _: None).write_alone(client.put)
            done.add(run)
        except StoreError:
            pass
        finally:
            schedule.ends()

    threads = [threading.Thread(target=work, args=(run,)) for run in range(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return bucket, done


def writers(bucket: Bucket) -> set[bytes]:
    return {bucket.objects[file] for file in FILES}


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_the_files_are_of_one_run_in_any_order(runs: int):
    """Whatever order the calls of some runs come in: where all end well, the five files are of one of them."""
    ended = Counter[int]()
    for seed in range(SCHEDULES):
        bucket, done = play(seed, runs)
        ended[len(done)] += 1
        if len(done) == runs:
            assert len(writers(bucket)) == 1, seed
    assert ended[runs] > SCHEDULES * 0.9


def test_a_run_that_dies_between_its_files_is_the_only_one_to_mix_them():
    """It has failed, and its event again completes the date: the unfinished turn blocks no other export."""
    for seed in range(SCHEDULES):
        bucket, done = play(seed, 2, dies=lambda run, put: run == 0 and put == 3)
        assert done == {1}
        Turns(bucket, "turns", "0").write_alone(
            lambda again: bucket.objects.update(dict.fromkeys(FILES, b"0"))  # noqa: ARG005, B023
        )
        assert writers(bucket) == {b"0"}


def test_turns_are_taken_in_order_and_say_whose_they_are():
    """Two runs one after the other: four numbers."""
    bucket = Bucket(Schedule(0, 1))
    for run in ("r1", "r2"):
        Turns(bucket, "turns/2026-02-16", run).write_alone(lambda again: None)  # noqa: ARG005
    assert bucket.objects == {
        "turns/2026-02-16/1.json": b'{"run": "r1", "turn": 1, "what": "begins"}\n',
        "turns/2026-02-16/2.json": b'{"run": "r1", "turn": 2, "what": "has written"}\n',
        "turns/2026-02-16/3.json": b'{"run": "r2", "turn": 3, "what": "begins"}\n',
        "turns/2026-02-16/4.json": b'{"run": "r2", "turn": 4, "what": "has written"}\n',
    }


def test_a_run_that_never_has_a_turn_to_itself_says_so():
    """After eight attempts, each after a longer pause than the one before could be: an error, not a success."""

    class Taken:
        calls = 0

        def replace(self, _key: str, _body: bytes, _seen: None) -> str:
            self.calls += 1
            if self.calls % 2 == 0:
                raise StaleRun("another")
            return ""

    pauses: list[float] = []
    wrote: list[bool] = []
    turns = Turns(Taken(), "turns", "r", sleep=pauses.append)

    def write(*, again: bool) -> None:
        wrote.append(again)

    with pytest.raises(StoreError, match=r"^other runs of the same date began in each of 8 attempts, so its files may"):
        turns.write_alone(write)
    assert wrote == [False, *[True] * 7]
    assert [0 <= pause <= 0.25 * 2**attempt for attempt, pause in enumerate(pauses, 1)] == [True] * 7
