"""Ended queries in, one audit line each and the spending per person and dataset out; the daily limit of bytes."""

import datetime as dt
import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Protocol

from dashboard.errors import DashboardError, TooManyQueries
from dashboard.log import LogLines
from dashboard.model.access.spending import Spending, summed
from dashboard.model.formats import size
from dashboard.services.job import SHARED, Job, Ticket
from dashboard.sql.cost.upper_bound import dollars_for

_MOST_DAYS = 7
"""Days of spending that are remembered, today included."""
REFRESH_SECONDS = 30.0
"""How late a task knows what a person spent by another one."""

_log = LogLines("dashboard.audit")


class Store(Protocol):
    """Keeps what each process has spent."""

    def save(self, day: dt.date, spent: Iterable[Spending]) -> None:
        """Write the sums of this process for a day; raises DashboardError."""
        ...

    def load(self, day: dt.date) -> tuple[Spending, ...]:
        """Return what other processes spent on a day; raises DashboardError."""
        ...

    def forget_before(self, day: dt.date) -> None:
        """Remove what is older; raises DashboardError."""
        ...


class Audit:
    """Counts what queries cost, over all tasks and restarts. Safe to use from any thread."""

    def __init__(
        self,
        bytes_per_day: int | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        store: Store | None = None,
    ) -> None:
        """Set the limit: bytes that the queries of one person may scan in a day (UTC); None: any number.

        `store` keeps sums of people who signed in; without it they are those of this process.
        """
        self._limit, self._now, self._store = bytes_per_day, now, store
        self._lock = threading.Lock()
        self._spent: dict[tuple[dt.date, str, str], Spending] = {}
        self._people: set[str] = set()
        self._reading = threading.Lock()
        self._others: dict[dt.date, tuple[Spending, ...]] = {}
        self._read_at = float("-inf")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="spending")
        self._is_writing = False

    def check(self, ticket: Ticket) -> None:
        """Raise TooManyQueries where the person of a query, or who shares its lane, has spent the bytes of today."""
        # A query for all people by a requester without a name belongs to no lane.
        who = ticket.person or ("" if ticket.owner == SHARED else ticket.lane)
        if self._limit is None or not who:
            return
        today = self._now().date()
        spent = sum(one.bytes for one in self._known([today]) if (one.day, one.person) == (today, who))
        if spent >= self._limit:
            raise TooManyQueries(
                f"Your queries have scanned {size(spent)} today, and the limit is {size(self._limit)} a day. "
                "Run them again after 00:00 UTC, or ask an admin to raise USER_BYTES_PER_DAY."
            )

    def record(self, job: Job) -> None:
        """Write the line of an ended query and add its cost."""
        ticket, found = job.ticket, job.result
        took = found.statistics if found else None
        scanned = None if took is None else took.bytes_scanned
        dollars = None if took is None else Decimal(0) if took.reused else dollars_for(took.bytes_scanned)
        _log.info(
            "query",
            person=ticket.person or ticket.lane,
            owner=ticket.owner,
            token=ticket.token,
            what=job.statement.title or "custom_sql",
            sql_sha256=hashlib.sha256(job.statement.shown_sql.encode()).hexdigest()[:16],
            datasets=list(ticket.datasets),
            query_execution_id=job.query_execution_id,
            bytes=scanned,
            dollars=None if dollars is None else f"{dollars:.6f}",
            result=job.state,
            rows=found.row_count if found else None,
            seconds=round(job.elapsed, 3),
        )
        if scanned is not None and dollars is not None:
            self._add(ticket, scanned, dollars)

    def spending(self) -> list[Spending]:
        """Return what was spent, the latest day and the highest cost first."""
        today = self._now().date()
        found = self._known([today - dt.timedelta(days=days) for days in range(_MOST_DAYS)])
        return sorted(found, key=lambda one: (one.day, one.dollars, one.bytes), reverse=True)

    def close(self) -> None:
        """Wait for the write under way."""
        self._writer.shutdown(wait=True)

    def _known(self, days: Iterable[dt.date]) -> Iterable[Spending]:
        """Return the sums of this process and of others."""
        others = self._read(tuple(days))
        with self._lock:
            return summed((*self._spent.values(), *others)).values()

    def _read(self, days: tuple[dt.date, ...]) -> tuple[Spending, ...]:
        if self._store is None:
            return ()
        with self._reading:
            is_old = time.monotonic() - self._read_at >= REFRESH_SECONDS
            # The days before today do not grow any more.
            wanted = [day for day in days if day not in self._others or (is_old and day == max(days))]
            try:
                for day in wanted:
                    self._others[day] = self._store.load(day)
                    self._read_at = time.monotonic()
            except DashboardError as error:
                _log.warning("what other tasks spent cannot be read", reason=str(error))
            self._others = {day: self._others[day] for day in sorted(self._others)[-_MOST_DAYS:]}
            return tuple(one for day in days for one in self._others.get(day, ()))

    def _add(self, ticket: Ticket, scanned: int, dollars: Decimal) -> None:
        today = self._now().date()
        new = Spending(today, ticket.person or ticket.lane, ",".join(ticket.datasets), 1, scanned, dollars)
        oldest = today - dt.timedelta(days=_MOST_DAYS)
        with self._lock:
            sums = summed((*self._spent.values(), new))
            self._spent = {key: one for key, one in sums.items() if one.day > oldest}
            self._people |= {ticket.person} - {""}
            # One write at a time: the next one holds what came meanwhile.
            is_due = self._store is not None and bool(ticket.person) and not self._is_writing
            self._is_writing |= is_due
        if is_due:
            self._writer.submit(self._save, today)

    def _save(self, today: dt.date) -> None:
        with self._lock:
            self._is_writing = False
            people = [one for one in self._spent.values() if one.day == today and one.person in self._people]
        try:
            if self._store is not None:
                self._store.save(today, people)
                self._store.forget_before(today - dt.timedelta(days=_MOST_DAYS - 1))
        except DashboardError as error:
            _log.warning("spending cannot be written; other tasks do not know of it", reason=str(error))
