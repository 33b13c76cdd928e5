"""Two runs of one dataset: who may work, who waits, and what a run does that has lost its lease."""

import dataclasses
import datetime as dt
import json
import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from faults import Faults, s3_refused

import exporter.run.lease
import exporter.storage.object_store
from exporter.errors import LeaseHeld, LeaseLost, StaleRun
from exporter.run.lease import LEASE_SECONDS, Lease
from exporter.storage.object_store import PART_BYTES, Store

ONE = {"start": "2026-02-16", "end": "2026-02-16"}
NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(seconds=LEASE_SECONDS + 1)


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


@pytest.fixture
def leases(scene):
    """Make leases of one dataset, by run id; they share a clock, `make.clock`."""
    table = scene()
    clock = Hands()

    def make(run_id: str) -> Lease:
        return Lease(Store(table.s3, "reports"), table.prefix, run_id, clock=clock, stop=threading.Event())

    make.clock, make.table = clock, table
    return make


def test_a_lease_lasts_as_long_as_its_run(leases):
    """While a run lives `_lease.json` names it, its host and a time; afterwards the object is gone."""
    with leases("first").held():
        record = json.loads(leases.table.read("_lease.json"))
        assert record["owner"] == "first"
        assert record["host"]
        assert record["expires_at"] == "2026-02-20T09:02:00Z"
    assert leases.table.keys("_lease.json") == []


def test_a_second_run_says_who_is_at_work(scene, leases):
    """A run that finds the lease held reads nothing, fails, and names the holder and the time."""
    table = leases.table
    table.put("1", "2026-02-16T10:00:00Z")
    with leases("20260220T085900Z-aaaaaa").held():
        entry = table.job(**ONE).run()
    assert entry.status == "failed"
    assert "run 20260220T085900Z-aaaaaa on " in entry.error
    assert "until 2026-02-20 09:02:00 UTC" in entry.error
    assert "--wait" in entry.error
    assert (entry.owed, table.keys()) == ((), [])
    assert table.export(**ONE).rows == 1


def test_a_run_waits_for_another(leases, monkeypatch):
    """With --wait a run begins as soon as the other one has ended."""
    monkeypatch.setattr(exporter.run.lease, "POLL_SECONDS", 0.02)
    table = leases.table
    table.put("1", "2026-02-16T10:00:00Z")
    other, ended = leases("other"), threading.Event()
    with other.held():
        job = table.job(**ONE)
        job.request = dataclasses.replace(job.request, wait_minutes=5.0)
        entries = []
        waiting = threading.Thread(target=lambda: (entries.append(job.run()), ended.set()))
        waiting.start()
        assert not ended.wait(0.3)
    waiting.join(60)
    assert [entry.status for entry in entries] == ["succeeded"]


def test_a_run_that_waits_can_be_stopped(leases):
    """SIGTERM while waiting ends the wait; the run says that nothing was read."""
    with leases("other").held():
        job = leases.table.job(**ONE)
        job.request = dataclasses.replace(job.request, wait_minutes=5.0)
        job.stop.set()
        entry = job.run()
    assert (entry.status, entry.items) == ("interrupted", 0)
    assert "waiting for the lease" in entry.error


def test_the_lease_of_a_dead_run_is_taken_over(leases):
    """Once it has expired, the lease that a dead run left keeps no other run out."""
    leases("dead")._take(0)
    assert leases.table.job(**ONE).run().status == "failed"
    leases.clock.pass_by(LEASE_SECONDS + 1)
    with leases("next").held():
        assert json.loads(leases.table.read("_lease.json"))["owner"] == "next"


def test_a_living_run_renews_its_lease(leases):
    """Before it publishes, a run renews a lease that is older than the renewal time, and others stay out."""
    first = leases("first")
    with first.held():
        leases.clock.pass_by(60)
        first.require()
        assert json.loads(leases.table.read("_lease.json"))["expires_at"] == "2026-02-20T09:03:00Z"


def test_a_run_that_lost_its_lease_knows_it(leases):
    """A run that was paused until another took over stops reading and may not publish; it leaves the lease alone."""
    paused = leases("paused")
    with paused.held():
        leases.clock.pass_by(LEASE_SECONDS + 1)
        with leases("newer").held():
            with pytest.raises(LeaseLost, match=r"run newer on .* has taken it over"):
                paused.require()
            assert paused._stop.is_set()
        assert leases.table.keys("_lease.json") == []


def test_a_lease_that_cannot_be_renewed_in_time_is_lost(leases, monkeypatch):
    """While S3 cannot be reached the lease lasts until it expires, and not longer."""
    lease = leases("cut-off")
    with lease.held():
        refuse = ClientError({"Error": {"Code": "503", "Message": "no"}}, "PutObject")
        monkeypatch.setattr(leases.table.s3, "put_object", lambda **_: (_ for _ in ()).throw(refuse))
        leases.clock.pass_by(60)
        lease.require()
        leases.clock.pass_by(61)
        with pytest.raises(LeaseLost, match="could not be renewed in time"):
            lease.require()


def test_a_run_that_lost_its_lease_publishes_nothing(scene):
    """A run that is overtaken while it reads fails, owes its days, and what the newer one published stays."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    clock = Hands()
    job = table.job(**ONE)
    job.clock = job._lease._clock = clock
    write_day = job._quarantine.flush

    def overtaken() -> None:
        if not table.keys():
            clock.pass_by(LEASE_SECONDS + 1)
            table.export(**ONE, now=LATER)
        write_day()

    job._quarantine.flush = overtaken
    entry = job.run()
    assert entry.status == "failed"
    assert "lost its lease" in entry.error
    assert [str(day) for day in entry.owed] == ["2026-02-16"]
    (record,) = table.manifest().days.values()
    assert record.read_at == LATER
    assert (
        table.s3.head_object(Bucket="reports", Key=record.objects[0].key)["ETag"].strip('"') == record.objects[0].etag
    )


@pytest.mark.parametrize("size", [10, PART_BYTES + 10])
def test_fencing_does_not_depend_on_the_lease(scene, tmp_path, size):
    """In one put or in parts, what changed since the run began is not overwritten, nor what is new replaced."""
    table = scene()
    store = Store(table.s3, "reports")
    file = tmp_path / "day"
    file.write_bytes(b"x" * size)
    key = f"{table.prefix}/year=2026/month=02/day=16/data.parquet"
    first = store.replace_with_file(key, file, None, content_type="x/y")
    newer = store.replace(key, b"newer", first)
    for seen in (first, None) if size < PART_BYTES else (first,):
        with pytest.raises(StaleRun, match="another run is newer"):
            store.replace_with_file(key, file, seen, content_type="x/y")
    assert store.read(key) == (b"newer", newer)
    store.replace_with_file(key, file, newer, content_type="x/y")
    assert store.read(key)[0] == b"x" * size
    assert table.s3.list_multipart_uploads(Bucket="reports", Prefix=table.prefix).get("Uploads", []) == []


def test_a_file_of_any_size_fits_into_the_parts_that_s3_takes(scene, small_parts, monkeypatch, tmp_path):
    """S3 takes 10,000 parts of one object: parts of a file that would need more are larger."""
    table = scene()
    monkeypatch.setattr(exporter.storage.object_store, "PART_BYTES", small_parts)
    monkeypatch.setattr(exporter.storage.object_store, "MOST_PARTS", 2)
    file = tmp_path / "day"
    file.write_bytes(bytes(range(256)) * (5 * small_parts // 256))
    key = f"{table.prefix}/large"
    etag = Store(table.s3, "reports").replace_with_file(key, file, None, content_type="x/y")
    assert etag.endswith("-2")
    assert table.s3.get_object(Bucket="reports", Key=key)["Body"].read() == file.read_bytes()


def test_parts_are_completed_only_where_the_object_is_as_seen(scene, aws, small_parts, monkeypatch, tmp_path):
    """S3 compares the ETag when an upload is completed: the request carries it, and a refusal aborts the upload."""
    table = scene()
    monkeypatch.setattr(exporter.storage.object_store, "PART_BYTES", small_parts)
    file = tmp_path / "day"
    file.write_bytes(b"x" * (3 * small_parts))
    key = f"{table.prefix}/day"
    first = Store(table.s3, "reports").replace(key, b"old", None)

    def rule(request, forward):
        return s3_refused("PreconditionFailed", 412) if request.operation == "CompleteMultipartUpload" else forward()

    with Faults(aws.url, rule) as faults:
        client = boto3.client("s3", endpoint_url=faults.url, config=Config(s3={"addressing_style": "path"}))
        with pytest.raises(StaleRun):
            Store(client, "reports").replace_with_file(key, file, first, content_type="x/y")
        (completion,) = [found for found in faults.requests if found.operation == "CompleteMultipartUpload"]
        assert completion.headers["if-match"].strip('"') == first
        assert faults.count("AbortMultipartUpload") == 1
    assert Store(table.s3, "reports").read(key) == (b"old", first)


def test_of_many_runs_at_once_one_works(leases):
    """Of eight runs that ask for the lease in the same moment one gets it, also when a dead run's has just run out."""
    leases("dead")._take(0)
    leases.clock.pass_by(LEASE_SECONDS + 1)
    barrier, outcomes = threading.Barrier(8), []

    def ask(number: int) -> None:
        lease = leases(f"run-{number}")
        barrier.wait()
        try:
            lease._take(0)
        except LeaseHeld:
            outcomes.append("held")
        else:
            outcomes.append("taken")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["held"] * 7 + ["taken"]
