"""Answers kept by key: asked for once, however many people wait for the same one. Pure."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """At most `size` answers, the least recently asked for dropped first; none older than `seconds` (None: no limit).

    Whoever asks for a key that is being made waits for that making. A making that fails is told to all who waited and
    is not kept, so that the next one who asks tries again.
    """

    def __init__(self, size: int, seconds: float | None = None) -> None:
        self._size, self._seconds = size, seconds
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[float, Future[T]]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the answer for a key, made by `make` where it is not there or too old."""
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
        if is_mine:
            self._make(key, answer, make)
        return answer.result()

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._answers

    def clear(self) -> None:
        """Forget everything."""
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
