"""Queries under way: observed, waited for, and stopped where they run."""

import threading
import time

import pyarrow as pa
import pytest

from dashboard.errors import QueryCancelled, QueryFailed, ResultMissing
from dashboard.model.result import QueryResult, Statistics
from dashboard.model.statements import Statement
from dashboard.results.result_cache import TableRows
from dashboard.services.jobs import Jobs
from dashboard.sql.determinism import is_repeatable


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
    jobs = Jobs(lambda: service.athena, time_limit=0.6)
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
    monkeypatch.setattr("dashboard.services.job.ABANDONED_SECONDS", 0.8)
    there = {"gone": True}
    jobs = Jobs(lambda: service.athena, is_there=there.__getitem__)
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

    slow = Slow()
    jobs = Jobs(lambda: slow, workers=1)
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
    """An unforeseen error reaches waiting callers, instead of leaving them waiting for ever."""

    class Broken:
        def run(self, *_):
            raise ZeroDivisionError

        def stop(self, query_execution_id):
            pass

    jobs = Jobs(Broken)
    with pytest.raises(QueryFailed, match="ZeroDivisionError"):
        jobs.submit(Statement("x")).outcome()
    jobs.close()


def test_ended_jobs_are_forgotten_in_order(service, monkeypatch):
    """Only the latest results are held, so that memory stays bounded."""
    monkeypatch.setattr("dashboard.services.jobs.KEPT_JOBS", 2)
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


class Counted:
    """A runner that waits to be let go, and counts what it was asked."""

    def __init__(self):
        self.asked, self.stopped, self.release = [], [], threading.Event()

    def run(self, statement, watch):
        self.asked.append(statement.sql)
        watch.on_start(f"q{len(self.asked)}")
        while not self.release.wait(0.02):
            if watch.should_stop():
                raise QueryCancelled("stopped")
        took = Statistics(10, 1, 2, reused=False, submitted_at=None)
        rows = TableRows(pa.table({"a": [1]}))
        return QueryResult(f"q{len(self.asked)}", statement, rows, 1, (), False, took, "s3://b/k")

    def stop(self, query_execution_id):
        self.stopped.append(query_execution_id)


@pytest.fixture
def counted():
    runner = Counted()
    jobs = Jobs(lambda: runner)
    yield runner, jobs
    runner.release.set()
    jobs.close()


def test_who_asks_the_same_while_it_runs_waits_for_that_answer(counted):
    """Athena hears one of two equal questions; both have the same rows, and the second reports no cost."""
    runner, jobs = counted
    first, second = (jobs.submit(Statement("x"), owner=owner, same="x on v1") for owner in ("me", "them"))
    until(lambda: runner.asked == ["x"])
    runner.release.set()
    assert first.outcome().rows is second.outcome().rows
    assert jobs.submit(Statement("x"), same="x on v1").outcome().rows is first.outcome().rows
    assert runner.asked == ["x"]
    assert (first.outcome().statistics.bytes_scanned, second.outcome().statistics.bytes_scanned) == (10, 0)
    assert second.outcome().statistics.reused
    assert first.query_execution_id == second.query_execution_id == "q1"


def test_who_stops_waiting_does_not_stop_somebody_elses_query(counted):
    """Two tabs with the same question do not disturb each other when one of them is cancelled."""
    runner, jobs = counted
    first, second = (jobs.submit(Statement("x"), same="x on v1") for _ in range(2))
    until(lambda: runner.asked == ["x"])
    jobs.cancel(second.id)
    assert second.wait(20)
    assert (second.state, first.state, runner.stopped) == ("cancelled", "running", [])
    third = jobs.submit(Statement("x"), same="x on v1")
    jobs.cancel(first.id)
    assert first.wait(20)
    assert runner.stopped == ["q1"]
    until(lambda: runner.asked == ["x", "x"])
    runner.release.set()
    assert third.outcome().query_execution_id == "q2"


def test_other_data_and_forgetting_ask_again(counted):
    """An answer is given for the data that it is of, and not past a refresh."""
    runner, jobs = counted
    runner.release.set()
    for same in ("x on v1", "x on v2", "x on v2", None, None):
        jobs.submit(Statement("x"), same=same).outcome()
    assert len(runner.asked) == 4
    jobs.forget_answers()
    jobs.submit(Statement("x"), same="x on v2").outcome()
    assert len(runner.asked) == 5


def test_an_answer_whose_file_is_gone_is_asked_again(counted):
    """Rows that can no longer be read are not given to the next person."""
    runner, jobs = counted
    runner.release.set()
    first = jobs.submit(Statement("x"), same="x on v1").outcome()

    def gone():
        raise ResultMissing("gone")

    object.__setattr__(first.rows, "table", gone)
    assert jobs.submit(Statement("x"), same="x on v1").outcome().query_execution_id == "q2"
    assert len(runner.asked) == 2


def test_two_people_share_one_copy_of_a_result(service, published):
    """The same question of two sessions is one execution in Athena and one table; another limit is another question."""
    statement = Statement(f'SELECT note FROM "{published.dataset.target.database}"."contacts" LIMIT 6', limit=5)
    name = service.names[0]
    found = [service.start(name, statement, owner).outcome() for owner in ("me", "them")]
    assert found[0].query_execution_id == found[1].query_execution_id
    assert found[0].rows == found[1].rows
    table = service.athena.results.table
    assert table(found[0].output_location, found[0].columns) is table(found[1].output_location, found[1].columns)
    assert found[0].table.num_rows == 5


@pytest.mark.parametrize("expression", ["rand()", "now()", "current_date", "uuid()", "CURRENT_TIMESTAMP"])
def test_what_changes_by_itself_is_asked_every_time(expression):
    """A clock or chance in the SQL keeps its answer from being given to another caller."""
    assert not is_repeatable(Statement(f"SELECT {expression} FROM contacts"))
    assert is_repeatable(Statement("SELECT brand, known FROM contacts"))
