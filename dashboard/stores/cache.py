"""Keys flow in, cached values flow out: each is computed once, for all who wait for it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from dashboard.errors import Forbidden, TooManyQueries

T = TypeVar("T")


class Cache(Generic[T]):
    """At most `size` values, the least recently used evicted first; none older than `seconds` (None: no limit).

    Callers that ask for a key under computation wait for it. An error is raised to all of them and is not cached: the
    next caller computes again. An error about who asked is raised to them alone: the others compute for themselves.
    """

    def __init__(self, size: int, seconds: float | None = None) -> None:
        self._size, self._seconds = size, seconds
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[float, Future[T]]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, computed by `make` where it is missing or too old."""
        while True:
            answer, is_mine = self._answer(key)
            if is_mine:
                self._make(key, answer, make)
            try:
                return answer.result()
            except (Forbidden, TooManyQueries):
                if is_mine:
                    raise

    def _answer(self, key: Hashable) -> tuple[Future[T], bool]:
        """Return the future of a key, and whether the caller is to compute it."""
        with self._lock:
            made, answer = self._answers.get(key, (0.0, None))
            stale = self._seconds is not None and answer is not None and time.monotonic() - made > self._seconds
            is_mine = answer is None or (stale and answer.done())
            if answer is None or is_mine:
                answer = Future()
                self._answers[key] = (time.monotonic(), answer)
                while len(self._answers) > self._size:
                    self._answers.popitem(last=False)
            self._answers.move_to_end(key)
            return answer, is_mine

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._answers

    def clear(self) -> None:
        """Remove every value."""
        with self._lock:
            self._answers.clear()

    def _make(self, key: Hashable, answer: Future[T], make: Callable[[], T]) -> None:
        try:
            answer.set_result(make())
        except BaseException as error:
            with self._lock:
                if self._answers.get(key, (0.0, None))[1] is answer:
                    del self._answers[key]
            answer.set_exception(error)
            raise
