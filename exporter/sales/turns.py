"""The files of a date flow in, one run's files stand at the end, however many runs of the date there are at once.

S3 puts one object at a time, so two runs could leave some files of the one and some of the other. A turn is a number
of the date: an object that is put only where there is none, so one run alone has it. That needs no right to read.
After its files a run takes the next number. If it gets it, no other run has begun since its turn did. If the number is
taken, the files of both may be mixed, and the run puts all of its own again, in a new turn. A slower run that began
earlier finds its next number taken as well. So every run that ends well has put its files after, or before, all others.
"""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from exporter.errors import StaleRun, StoreError

MOST_TURNS = 8
"""Of one run. The pauses between them grow, so that one of several runs gets through."""

_FIRST_PAUSE = 0.25


class _Write(Protocol):
    def __call__(self, *, again: bool) -> None:
        """Put the files; `again` where this run has put them in an earlier turn."""


class _Objects(Protocol):
    def replace(self, key: str, body: bytes, seen: None) -> str:
        """Put an object where there is none; raise StaleRun where there is one."""


@dataclass(frozen=True)
class Turns:
    """The turns of one date."""

    store: _Objects
    folder: str
    """Prefix of their objects, without a slash at its end."""
    run: str
    """Identifies the run; its turns say it."""
    sleep: Callable[[float], None] = time.sleep

    def write_alone(self, write: _Write) -> None:
        """Call `write`, and again as long as another run has begun in the meantime; what it raises ends the turn."""
        number = 1
        for attempt in range(MOST_TURNS):
            if attempt:
                self.sleep(random.uniform(0, _FIRST_PAUSE * 2**attempt))  # noqa: S311 - no secret
            while not self._take(number, "begins"):
                number += 1
            write(again=attempt > 0)
            if self._take(number + 1, "has written"):
                return
        raise StoreError(
            f"other runs of the same date began in each of {MOST_TURNS} attempts, so its files may be of several runs. "
            "Send the event again when no other run of the date is at work"
        )

    def _take(self, number: int, what: str) -> bool:
        body = json.dumps({"run": self.run, "turn": number, "what": what}) + "\n"
        try:
            self.store.replace(f"{self.folder}/{number}.json", body.encode(), None)
        except StaleRun:
            return False
        return True
