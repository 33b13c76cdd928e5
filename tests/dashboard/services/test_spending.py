"""What people's queries cost: the daily limit, over tasks and restarts."""

import datetime as dt
import threading
from types import SimpleNamespace

import pytest

from dashboard.errors import StorageFailed, TooManyQueries
from dashboard.model.statements import Statement
from dashboard.services.audit import Audit
from dashboard.services.job import API, SHARED, Ticket
from dashboard.services.jobs import Jobs
from dashboard.stores.cache import Cache
from dashboard.stores.spending_store import SpendingStore

TODAY = dt.date(2026, 2, 3)
NOW = dt.datetime(2026, 2, 3, 12, tzinfo=dt.UTC)
ANN, BEN = Ticket(API, "ann", "ann", ("contacts",)), Ticket(API, "ben", "ben", ("contacts",))


def ended(ticket, scanned):
    """A job that has read so many bytes."""
    statistics = SimpleNamespace(bytes_scanned=scanned, reused=False)
    return SimpleNamespace(
        ticket=ticket, result=SimpleNamespace(statistics=statistics, row_count=1), statement=Statement("SELECT 1"),
        query_execution_id="q", state="succeeded", elapsed=1.0,
    )  # fmt: skip


@pytest.fixture
def bucket(publishing):
    return publishing("spending", per_day=0).bucket


@pytest.fixture
def task(service, bucket):
    """Return what starts another task, which shares the bucket."""
    return lambda limit=100, now=NOW: Audit(limit, lambda: now, SpendingStore(service.objects, bucket, "contacts"))


def test_a_restart_forgets_no_byte(task):
    """One who spent the day's bytes is refused by the next process; another is not, nor are they on the next day."""
    first = task()
    first.record(ended(ANN, 100))
    first.close()
    after = task()
    with pytest.raises(TooManyQueries, match="scanned 100 B today, and the limit is 100 B a day"):
        after.check(ANN)
    after.check(BEN)
    task(now=NOW + dt.timedelta(days=1)).check(ANN)


def test_tasks_add_up(task):
    """Bytes of two tasks and of one's own are one sum, and the page lists one line."""
    one, two = task(), task()
    for audit, scanned in ((one, 30), (two, 40)):
        audit.record(ended(ANN, scanned))
        audit.record(ended(BEN, 1))
        audit.close()
    third = task(limit=75)
    third.record(ended(ANN, 4))
    third.check(ANN)
    third.record(ended(ANN, 1))
    with pytest.raises(TooManyQueries):
        third.check(ANN)
    listed = [(one.day, one.person, one.dataset, one.queries, one.bytes) for one in third.spending()]
    assert listed == [(TODAY, "ann", "contacts", 4, 75), (TODAY, "ben", "contacts", 2, 2)]


def test_a_week_is_kept(task, service, bucket):
    """Older objects are deleted by the next write."""
    for days in (9, 6, 0):
        audit = task(now=NOW - dt.timedelta(days=days))
        audit.record(ended(ANN, 5))
        audit.close()
    assert [one.day for one in task().spending()] == [TODAY, TODAY - dt.timedelta(days=6)]
    keys = [item.key.split("/")[3] for item in service.objects.stored(bucket, "contacts/_queries/_spending/")]
    assert keys == ["2026-01-28", "2026-02-03"]


def test_visitors_without_a_name_are_not_stored(task, service, bucket):
    """Addresses and page sessions count in this process alone."""
    audit = task()
    visitor = Ticket(API, "", "10.0.0.1", ("contacts",))
    audit.record(ended(visitor, 100))
    audit.record(ended(ANN, 1))
    with pytest.raises(TooManyQueries):
        audit.check(visitor)
    audit.close()
    bodies = [
        service.objects.read(bucket, item.key)
        for item in service.objects.stored(bucket, "contacts/_queries/_spending/")
    ]
    assert b"ann" in bodies[0]
    assert b"10.0.0.1" not in b"".join(bodies)


def test_storage_that_fails_stops_no_query():
    """What this process knows still counts."""

    class Broken:
        def fails(self, *_):
            raise StorageFailed("out of reach")

        save = load = forget_before = fails

    audit = Audit(100, lambda: NOW, Broken())
    audit.check(ANN)
    audit.record(ended(ANN, 100))
    audit.close()
    with pytest.raises(TooManyQueries):
        audit.check(ANN)


def test_a_damaged_object_hides_no_other(task, service, bucket):
    """One that cannot be read counts nothing."""
    audit = task()
    audit.record(ended(ANN, 100))
    audit.close()
    service.objects.put(bucket, f"contacts/_queries/_spending/{TODAY}/x.json", b"{", etag=None)
    with pytest.raises(TooManyQueries):
        task().check(ANN)


def test_what_waits_is_held_against_what_was_spent_meanwhile():
    """Thirty queries queued at once are not all run where the first one spends the day."""
    ran = []

    class Runner:
        def run(self, statement, _):
            ran.append(statement.sql)
            raise StorageFailed("it is over")

    def before(job):
        if ran:
            raise TooManyQueries("the bytes of today are spent")

    jobs = Jobs(Runner, workers=1, before=before)
    found = [jobs.submit(Statement(f"SELECT {number}"), ticket=ANN) for number in range(5)]
    assert [job.wait(10) for job in found] == [True] * 5
    jobs.close()
    assert ran == ["SELECT 0"]
    assert {type(job.error) for job in found[1:]} == {TooManyQueries}


def test_figures_for_all_people_count_for_the_one_who_asked():
    """A person who spent the day gets what is there and starts nothing; one without a name has no share of it."""
    audit = Audit(100, lambda: NOW)
    audit.record(ended(Ticket(SHARED, "ann", SHARED, ("contacts",)), 100))
    audit.record(ended(Ticket(SHARED, "", SHARED, ("contacts",)), 100))
    with pytest.raises(TooManyQueries):
        audit.check(Ticket(SHARED, "ann", SHARED))
    audit.check(Ticket(SHARED, "ben", SHARED))
    audit.check(Ticket(SHARED, "", SHARED))


def test_the_limit_of_one_person_is_no_error_of_those_who_wait_with_them():
    """Two ask for the same figure; the first may start nothing, and the second computes it."""
    cache, entered, go = Cache(4), threading.Event(), threading.Event()
    outcomes = {}

    def refused():
        entered.set()
        go.wait(10)
        raise TooManyQueries("yours")

    def ask(name, make):
        try:
            outcomes[name] = cache.get("key", make)
        except TooManyQueries as error:
            outcomes[name] = str(error)

    first = threading.Thread(target=ask, args=("ann", refused))
    first.start()
    entered.wait(10)
    second = threading.Thread(target=ask, args=("ben", lambda: 41))
    second.start()
    go.set()
    first.join(10)
    second.join(10)
    assert outcomes == {"ann": "yours", "ben": 41}


def test_sums_are_per_day_person_and_dataset():
    """Two datasets of a person are two lines."""
    audit = Audit(None, lambda: NOW)
    for dataset in ("contacts", "orders", "orders"):
        audit.record(ended(Ticket(API, "ann", "ann", (dataset,)), 10))
    listed = [(one.dataset, one.queries, one.bytes) for one in audit.spending()]
    assert listed == [("orders", 2, 20), ("contacts", 1, 10)]
