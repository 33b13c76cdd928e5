"""Ended queries in, one audit line each and the spending per person and dataset out; the daily limit of bytes."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from dashboard.errors import TooManyQueries
from dashboard.log import LogLines
from dashboard.model.formats import size
from dashboard.services.job import Job
from dashboard.sql.cost.upper_bound import dollars_for

_MOST_DAYS = 7
"""Days of spending that are remembered."""

_log = LogLines("dashboard.audit")


@dataclass(frozen=True)
class Spending:
    """What one person's queries over one dataset cost on a day (UTC)."""

    day: dt.date
    person: str
    dataset: str
    queries: int
    bytes: int
    dollars: Decimal


class Audit:
    """Counts since the start of this process. Safe to use from any thread."""

    def __init__(
        self,
        bytes_per_day: int | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        """Set the limit: bytes that the queries of one person may scan in a day (UTC); None: any number."""
        self._limit = bytes_per_day
        self._now = now
        self._lock = threading.Lock()
        self._spent: dict[tuple[dt.date, str, str], Spending] = {}

    def check_budget(self, lane: str) -> None:
        """Raise TooManyQueries where a person has spent the bytes of today."""
        if self._limit is None:
            return
        today = self._now().date()
        with self._lock:
            spent = sum(one.bytes for (day, who, _), one in self._spent.items() if (day, who) == (today, lane))
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
            self._add(ticket.person or ticket.lane, ",".join(ticket.datasets), scanned, dollars)

    def spending(self) -> list[Spending]:
        """Return what was spent, the latest day and the highest cost first."""
        with self._lock:
            found = list(self._spent.values())
        return sorted(found, key=lambda one: (one.day, one.dollars, one.bytes), reverse=True)

    def _add(self, lane: str, dataset: str, scanned: int, dollars: Decimal) -> None:
        today = self._now().date()
        with self._lock:
            before = self._spent.get((today, lane, dataset)) or Spending(today, lane, dataset, 0, 0, Decimal(0))
            self._spent[today, lane, dataset] = Spending(
                today, lane, dataset, before.queries + 1, before.bytes + scanned, before.dollars + dollars
            )
            oldest = today - dt.timedelta(days=_MOST_DAYS)
            self._spent = {key: one for key, one in self._spent.items() if one.day > oldest}
