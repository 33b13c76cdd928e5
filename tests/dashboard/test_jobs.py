"""Queries under way: watched, waited for, and stopped where they run."""

import threading
import time

import pytest

from dashboard.errors import QueryCancelled, QueryFailed
from dashboard.jobs import Jobs
from dashboard.queries import Statement


@pytest.fixture
def endless(published):
    """A statement that would run for minutes."""
    table = f'"{published.dataset.target.database}"."contacts"'
    joined = " CROSS JOIN ".join(f"{table} t{number}" for number in range(5))
    return Statement(f"SELECT count(*), max(t0.note || t1.note || t2.note || t3.note || t4.note) FROM {joined}")


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_job_can_be_watched_to_its_end(service):
    """Queued, running, succeeded; elapsed time stops with the query; the result stays."""
    job = service.jobs.submit(Statement("SELECT 1 AS a"))
    assert job.state in {"queued", "running"}
    assert job.outcome().table.to_pylist() == [{"a": 1}]
    assert job.state == "succeeded"
    elapsed = job.elapsed
    time.sleep(0.01)
    assert job.elapsed == elapsed < 20
    assert service.jobs.get(job.id) is job
    assert service.jobs.by_execution(job.query_execution_id) is job


def test_cancel_reaches_athena(service, endless):
    """After cancel, Athena itself says CANCELLED."""
    job = service.jobs.submit(endless)
    until(lambda: job.state == "running")
    service.jobs.cancel(job.id)
    assert job.wait(20)
    assert job.state == "cancelled"
    assert isinstance(job.error, QueryCancelled)
    assert service.athena.state(job.query_execution_id) == "CANCELLED"


def test_a_time_limit_stops_the_query_in_athena(service, endless):
    """A query that runs longer than the limit is stopped, and the error names the limit."""
    jobs = Jobs(service.athena, time_limit=0.6)
    job = jobs.submit(endless)
    with pytest.raises(QueryCancelled, match=r"limit of 0\.6 s"):
        job.outcome()
    assert service.athena.state(job.query_execution_id) == "CANCELLED"
    jobs.close()


def test_leaving_stops_ones_own_queries_alone(service, endless):
    """A session that goes away takes its queries with it; another session's go on."""
    mine, theirs = (service.jobs.submit(endless, owner=owner) for owner in ("me", "them"))
    until(lambda: mine.state == theirs.state == "running")
    assert service.jobs.cancel_owner("me") == 1
    assert mine.wait(20)
    assert (mine.state, theirs.state) == ("cancelled", "running")
    service.jobs.cancel(theirs.id)
    assert theirs.wait(20)


def test_a_session_that_is_gone_leaves_no_query_running(service, endless, monkeypatch):
    """A closed tab stops its query in Athena after a while; a short absence does not."""
    monkeypatch.setattr("dashboard.jobs.ABANDONED_SECONDS", 0.8)
    there = {"gone": True}
    jobs = Jobs(service.athena, is_there=there.__getitem__)
    job = jobs.submit(endless, owner="gone")
    until(lambda: job.state == "running")
    there["gone"] = False
    time.sleep(0.3)
    assert job.state == "running"
    assert job.wait(20)
    assert service.athena.state(job.query_execution_id) == "CANCELLED"
    jobs.close()


def test_a_cancelled_job_that_waits_for_its_turn_never_starts():
    """A job cancelled in the queue ends at once and Athena never hears of it."""
    release = threading.Event()
    asked = []

    class Slow:
        def run(self, statement, _watch):
            asked.append(statement.sql)
            release.wait(20)
            raise QueryFailed("done")

        def stop(self, query_execution_id):
            raise AssertionError(query_execution_id)

    jobs = Jobs(Slow(), workers=1)
    first, second = jobs.submit(Statement("first")), jobs.submit(Statement("second"))
    until(lambda: asked == ["first"])
    jobs.cancel(second.id)
    assert second.wait(1)
    assert second.state == "cancelled"
    release.set()
    assert first.wait(20)
    assert asked == ["first"]
    jobs.close()


def test_a_fault_of_our_own_ends_the_job():
    """Whoever waits hears of an error that nobody foresaw, instead of waiting for ever."""

    class Broken:
        def run(self, *_):
            raise ZeroDivisionError

        def stop(self, query_execution_id):
            pass

    jobs = Jobs(Broken())
    with pytest.raises(QueryFailed, match="ZeroDivisionError"):
        jobs.submit(Statement("x")).outcome()
    jobs.close()


def test_ended_jobs_are_forgotten_in_order(service, monkeypatch):
    """Only the latest results are held, so that memory stays bounded."""
    monkeypatch.setattr("dashboard.jobs.KEPT_JOBS", 2)
    jobs = [service.jobs.submit(Statement(f"SELECT {number} AS a")) for number in range(4)]
    for job in jobs:
        job.outcome()
    until(lambda: sum(service.jobs.get(job.id) is not None for job in jobs) == 2)


def test_cancelling_what_is_over_changes_nothing(service):
    """A job that has ended stays as it is."""
    job = service.jobs.submit(Statement("SELECT 1 AS a"))
    job.outcome()
    service.jobs.cancel(job.id)
    service.jobs.cancel("no such job")
    assert job.state == "succeeded"
