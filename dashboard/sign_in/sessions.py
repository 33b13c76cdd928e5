"""Signed-in browsers in, live sessions out: which sign-ins still hold, and how they end.

A sign-in ends at sign-out (every session of the person, on every tab and device), by an admin, after the idle time, and
after twelve hours. What ended is shared through a store, so other tasks and the next start know it as well; who was
active when is known to this process alone.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from dashboard.errors import DashboardError
from dashboard.log import LogLines
from dashboard.sign_in.person import SESSION_SECONDS, Person
from dataset_model.faults import DatasetError

REFRESH_SECONDS: Final = 10.0
"""How late another task knows of a sign-out."""
CLOCK_SECONDS: Final = 30.0
"""How far the provider's clock, which writes `iat`, may be from ours."""

_log = LogLines(__name__)


class Ended(Protocol):
    """Keeps what ended, by digest of the person: sign-ins issued up to a moment no longer hold."""

    def load(self) -> Mapping[str, float]:
        """Return the moments; raises DashboardError."""
        ...

    def add(self, person: str, until: float) -> None:
        """Add one; raises DashboardError."""
        ...


@dataclass
class Session:
    """One sign-in of a person, known by the digest of its claims: a copied cookie is the same session."""

    key: str
    person: Person
    last_active: float
    enders: set[Callable[[], None]] = field(default_factory=set)
    """Called when it ends: each open socket has one."""


class Sessions:
    """The sessions that this process has seen. Used from the event loop."""

    def __init__(
        self,
        idle_seconds: float,
        ended: Callable[[], Ended] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make the registry; `ended` gives the store where there is one, and is called in a thread."""
        self._idle_seconds = idle_seconds
        self._store = ended
        self._clock = clock
        self._known: dict[str, Session] = {}
        self._ended: dict[str, float] = {}
        self._over: dict[str, float] = {}
        self._refreshed = float("-inf")
        self._has_read = False
        self._refreshing = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.on_person_end: Callable[[str], object] = lambda _: None
        """Called with the subject, in a thread, when an admin or a sign-out ends a person's sessions."""

    async def refresh(self) -> None:
        """Read what other tasks ended, at most every `REFRESH_SECONDS`; failures are logged and tried again."""
        self._loop = asyncio.get_running_loop()
        if self._store is None or self._is_fresh() or (self._has_read and self._refreshing.locked()):
            return
        # Until the first reading is over, every request waits for it: what ended before the start must not pass.
        async with self._refreshing:
            if self._is_fresh():
                return
            try:
                self._take(await asyncio.to_thread(lambda store: store().load(), self._store))
            except (DashboardError, DatasetError) as error:
                _log.error("ended sessions cannot be read", reason=str(error))
            self._has_read, self._refreshed = True, self._clock()

    def _is_fresh(self) -> bool:
        # A clock that was set back must not keep what others ended from being read until it is here again.
        return 0 <= self._clock() - self._refreshed < REFRESH_SECONDS

    def admit(self, person: Person, *, active: bool) -> Session | None:
        """Return the session of a person with a genuine cookie; None where it has ended."""
        key, now = _key(person), self._clock()
        if key in self._over or self.is_ended(person):
            return None
        session = self._known.get(key)
        if session is None:
            self._forget(now)
            session = self._known[key] = Session(key, person, now)
        if self.seconds_left(session) <= 0:
            self._end(session)
            return None
        if active:
            session.last_active = now
        return session

    def is_ended(self, person: Person) -> bool:
        """Return whether a sign-in, or a token, was issued up to the moment at which the person's sessions ended."""
        return person.issued <= self._ended.get(_digest(person.subject), float("-inf"))

    def touch(self, session: Session) -> None:
        """Note that the person did something."""
        session.last_active = self._clock()

    def seconds_left(self, session: Session) -> float:
        """Return how long the session holds if nothing happens."""
        now = self._clock()
        if session.key in self._over or self.is_ended(session.person):
            return 0.0
        return min(session.last_active + self._idle_seconds, session.person.issued + SESSION_SECONDS) - now

    async def end_person(self, subject: str) -> int:
        """End every session of a person at once; return how many this process knew."""
        own = [one for one in self._known.values() if one.person.subject == subject]
        until = max([self._clock() - CLOCK_SECONDS, *(one.person.issued for one in own)])
        self._take({_digest(subject): until})
        if self._store is not None:
            try:
                await asyncio.to_thread(lambda store: store().add(_digest(subject), until), self._store)
            except (DashboardError, DatasetError) as error:
                _log.error("an ended session cannot be written; other tasks do not know of it", reason=str(error))
        with suppress(DashboardError, DatasetError):
            await asyncio.to_thread(self.on_person_end, subject)
        _log.info("sessions ended", person=subject, sessions=len(own))
        return len(own)

    def end_person_from_thread(self, subject: str) -> None:
        """End every session of a person, asked from a thread outside the event loop."""
        if self._loop is not None:
            ending = asyncio.run_coroutine_threadsafe(self.end_person(subject), self._loop)
            # They have ended here; the store, which tells other tasks, may take longer.
            with suppress(TimeoutError):
                ending.result(30)

    def open_pages(self, subject: str) -> int:
        """Return how many sockets of a person are open in this process, in every browser."""
        return sum(len(one.enders) for one in self._known.values() if one.person.subject == subject)

    def listed(self) -> list[Session]:
        """Return the sessions that hold, the latest active first."""
        held = [one for one in self._known.values() if self.seconds_left(one) > 0]
        return sorted(held, key=lambda one: one.last_active, reverse=True)

    def _take(self, ended: Mapping[str, float]) -> None:
        for person, until in ended.items():
            self._ended[person] = max(until, self._ended.get(person, until))
        for session in [one for one in self._known.values() if self.is_ended(one.person)]:
            self._end(session)

    def _end(self, session: Session) -> None:
        self._known.pop(session.key, None)
        self._over[session.key] = session.person.issued
        for end in tuple(session.enders):
            end()

    def _forget(self, now: float) -> None:
        """Drop what no cookie can name any more: those are refused by their age."""
        oldest = now - SESSION_SECONDS - CLOCK_SECONDS
        self._known = {key: one for key, one in self._known.items() if one.person.issued > oldest}
        self._over = {key: issued for key, issued in self._over.items() if issued > oldest}


def _key(person: Person) -> str:
    return _digest(json.dumps(dict(person.claims), sort_keys=True, default=str))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
