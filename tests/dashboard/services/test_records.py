"""What the dashboard reads of the exporter's records, and what it keeps of them."""

import datetime as dt
import threading

import boto3
import pytest

from dashboard.api.model_context.answers import freshness
from dashboard.errors import AccessDenied, AthenaUnreachable, InvalidRequest, StorageFailed, TableMissing
from dashboard.model.selection.filters import Filters
from dashboard.model.statements import Statement
from dashboard.quality.freshness import freshness_badges
from dashboard.services.service import Service, reuse_minutes
from dashboard.settings import settings_from_environment
from dashboard.stores.cache import Cache
from dataset_model.records.changes import as_of, change_file_key, empty_day_key, milliseconds
from dataset_model.records.manifest import MANIFEST_FILE, Manifest
from dataset_model.targets.partitions import object_key

D = dt.date


def made(published, **options):
    return Service(settings_from_environment(published.environment), **options)


def test_records_are_read_as_they_were_written(service, published):
    """Manifest, columns and ledger come back whole; the latest run is first."""
    assert service.manifest("contacts") == published.manifest
    assert service.of("contacts").schema() == published.schema
    assert service.runs("contacts") == tuple(reversed(published.runs))
    assert [run.status for run in service.runs("contacts", 1)] == ["succeeded"]


def test_a_day_nobody_compared_is_not_verified(publishing):
    """That the objects are the recorded ones does not make their days verified."""
    published = publishing("unlooked", first=D(2026, 1, 1), last=D(2026, 1, 2), per_day=3, verified=False)
    service = made(published)
    assert [known.state for known in service.day_statuses("contacts").values()] == ["unverified"] * 2
    assert service.latest_verification("contacts") is None
    service.close()


def test_the_latest_verification_is_read(service, published):
    """What `exporter verify` wrote last comes back whole."""
    found = service.latest_verification("contacts")
    assert (found.verification_id, found.agrees, len(found.days)) == ("20260203T050000Z-abc123", True, 45)


def test_choices_come_from_the_manifest(service):
    """Values of small dimensions without a query; a column without a list has none."""
    assert service.choices("contacts", "channel") == ("CHAT", "EMAIL", "TASK", "VOICE")
    assert service.choices("contacts", "agent_name") == ("", "Ana Lima", "Björn Ström", "Chidi O'Neil", "Dewi")
    assert service.choices("contacts", "contact_id") is None
    assert service.jobs.cancel_owner("") == 0


def test_a_dataset_that_is_not_served_is_named(service):
    """The answer lists what is served."""
    with pytest.raises(InvalidRequest, match="expected one of contacts; found 'orders'"):
        service.dataset("orders")


def test_an_object_that_was_replaced_has_changed(publishing):
    """Where an object is not the one that the manifest recorded, its day says so, and no verification covers for it."""
    published = publishing("torn", first=D(2026, 1, 1), last=D(2026, 1, 3), per_day=3)
    key = object_key(published.dataset.target.prefix, D(2026, 1, 2))
    s3 = boto3.client("s3")
    body = s3.get_object(Bucket=published.bucket, Key=object_key(published.dataset.target.prefix, D(2026, 1, 1)))
    s3.put_object(Bucket=published.bucket, Key=key, Body=body["Body"].read())
    service = made(published)
    known = service.day_statuses("contacts")
    assert [known[day].state for day in published.days] == ["verified", "changed", "verified"]
    assert known[D(2026, 1, 2)].verified_at is None
    service.close()


def test_a_verified_day_with_later_changes_is_not_shown_as_verified(publishing):
    """Days of a dataset with a stream: badge and `/mcp` name the day; the badge names the view that has the changes."""
    published = publishing("streamed", first=D(2026, 1, 1), last=D(2026, 1, 2), per_day=3)
    dataset, s3 = published.dataset, boto3.client("s3")
    prefix = dataset.target.prefix
    days = {day: one.model_copy(update={"as_of": as_of(one.read_at)}) for day, one in published.manifest.days.items()}
    manifest = published.manifest.model_copy(update={"days": days})
    s3.put_object(Bucket=published.bucket, Key=f"{prefix}/{MANIFEST_FILE}", Body=manifest.model_dump_json().encode())
    verified = days[D(2026, 1, 2)].verified_at
    for day, hours in ((D(2026, 1, 1), -1), (D(2026, 1, 2), -2), (D(2026, 1, 2), 1)):
        at = milliseconds(verified + dt.timedelta(hours=hours))
        s3.put_object(Bucket=published.bucket, Key=change_file_key(prefix, day, at, "0a"), Body=b"")
    s3.put_object(Bucket=published.bucket, Key=empty_day_key(prefix, D(2026, 1, 1)), Body=b"")
    # A name that holds no moment of a calendar, of a day that is not published: no page fails for it.
    s3.put_object(Bucket=published.bucket, Key=change_file_key(prefix, D(2026, 1, 9), 10**15 - 1, "0a"), Body=b"")
    service = made(published)
    known = service.day_statuses("contacts")
    assert [known[day].state for day in published.days] == ["verified", "later_changes"]
    read, later = freshness_badges(dataset, manifest, known, verified)
    assert read.help.endswith(
        f"Figures are of the days as they were read; {dataset.target.table}_live has what changed since as well."
    )
    assert (later.text, later.tone) == ("Later changes on 1 day", "warn")
    assert "changed in DynamoDB since: 2026-01-02." in later.help
    answer = freshness(service, "contacts")
    assert answer["laterChangesDays"] == {"count": 1, "latest": [D(2026, 1, 2)]}
    assert [one["verified"] for one in answer["data"]] == ["later_changes"]
    service.close()


def test_a_new_export_changes_the_figures(publishing):
    """The next manifest is noticed, and the cache of the old one is not used."""
    published = publishing("renewed", first=D(2026, 1, 1), last=D(2026, 1, 2), per_day=3)
    service = made(published, manifest_seconds=0)
    before = service.overview("contacts", Filters())
    days = {D(2026, 1, 1): published.manifest.days[D(2026, 1, 1)]}
    later = published.manifest.model_copy(update={"version": 8, "days": days})
    key = f"{published.dataset.target.prefix}/{MANIFEST_FILE}"
    boto3.client("s3").put_object(Bucket=published.bucket, Key=key, Body=later.model_dump_json().encode())
    after = service.overview("contacts", Filters())
    assert (before.manifest_version, after.manifest_version) == (7, 8)
    assert (before.last_day, after.last_day) == (D(2026, 1, 2), D(2026, 1, 1))
    service.close()


def test_nothing_exported_is_none(publishing):
    """Without records there is no Overview, no estimate, no run; and a query names the table that is missing."""
    published = publishing("bare", per_day=0)
    environment = {**published.environment, "S3_PREFIX": "elsewhere", "ATHENA_TABLE": "not_yet"}
    service = Service(settings_from_environment(environment))
    assert service.manifest("contacts") is None
    assert service.overview("contacts", Filters()) is None
    assert service.runs("contacts") == ()
    assert service.day_statuses("contacts") == {}
    assert service.latest_verification("contacts") is None
    assert service.choices("contacts", "channel") == ()
    assert len(service.model("contacts").columns) == 35
    with pytest.raises(TableMissing, match="Run an export"):
        service.athena.run(service.prepare("contacts", _all_records(service)))
    service.close()


def test_a_dataset_whose_last_day_was_removed_is_empty(publishing):
    """A manifest without days is an empty Overview, not an error, and costs no query."""
    service = made(publishing("emptied", per_day=0))
    overview = service.overview("contacts", Filters())
    assert (overview.totals.rows, overview.days, overview.statements) == (0, None, ())
    assert [card.value for card in overview.cards] == [0, 0, 0, 0]
    service.close()


def test_a_record_of_another_version_is_named(publishing):
    """A manifest that cannot be read says which object and which field."""
    published = publishing("garbled", per_day=0)
    key = f"{published.dataset.target.prefix}/{MANIFEST_FILE}"
    boto3.client("s3").put_object(Bucket=published.bucket, Key=key, Body=b'{"format": 2}')
    service = made(published)
    with pytest.raises(StorageFailed, match=r"_manifest\.json cannot be read by this version: format"):
        service.manifest("contacts")
    service.close()


def test_a_bucket_that_does_not_exist_is_nothing_exported(published):
    """The first look at a new deployment is an empty page, not a traceback."""
    service = Service(settings_from_environment({**published.environment, "S3_BUCKET": "no-such-bucket-here"}))
    assert service.manifest("contacts") is None
    assert service.runs("contacts") == ()
    service.close()


def test_services_out_of_reach_are_named(published, monkeypatch):
    """S3 and Athena each say that they did not answer."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    service = made(published)
    with pytest.raises(AthenaUnreachable, match="S3 did not answer while reading"):
        service.manifest("contacts")
    with pytest.raises(AthenaUnreachable, match="Athena did not answer"):
        service.athena.run(Statement("SELECT 1"))
    service.close()


def test_credentials_that_are_missing_are_named(published, monkeypatch):
    """Without credentials the message says so instead of naming a network."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    # The SDK remembers credentials per session.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    service = made(published)
    with pytest.raises(AccessDenied, match="needs credentials"):
        service.manifest("contacts")
    service.close()


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 0), (59, 0), (60, 1), (119, 1), (3600, 60), (-5, 0)])
def test_results_are_reused_back_to_the_last_publish_alone(seconds, minutes):
    """Whole minutes since the manifest was written, rounded down."""
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    manifest = Manifest(
        dataset="a", location="s3://a/b/", time_zone="UTC", updated_at=now - dt.timedelta(seconds=seconds)
    )
    assert reuse_minutes(manifest, now) == minutes
    assert reuse_minutes(None, now) == 0


def test_the_same_question_twice_is_reused_by_athena(service):
    """An export long ago allows reuse: the second asking scans nothing."""
    statement = Statement("SELECT 40 + 2 AS answer")
    first = service.start("contacts", statement).outcome()
    second = service.start("contacts", statement).outcome()
    assert (first.statistics.reused, second.statistics.reused) == (False, True)
    assert second.table.equals(first.table)


def test_many_who_wait_cost_one_answer():
    """Ten threads ask at once; it is made once."""
    cache, made_by, gate = Cache(4), [], threading.Event()

    def make():
        gate.wait(5)
        made_by.append(threading.get_ident())
        return len(made_by)

    answers = []
    threads = [threading.Thread(target=lambda: answers.append(cache.get("key", make))) for _ in range(10)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert (answers, len(made_by)) == ([1] * 10, 1)


def test_a_failure_is_reported_and_not_kept():
    """The next one who asks tries again."""
    cache = Cache(4)
    with pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: 1 // 0)
    assert cache.get("key", lambda: 7) == 7


def test_the_least_asked_for_goes_first():
    """Within its size, what was asked for lately stays."""
    cache = Cache(2)
    for key in ("a", "b", "a", "c"):
        cache.get(key, key.upper)
    assert ["a" in cache, "b" in cache, "c" in cache] == [True, False, True]


def _all_records(service):
    from dashboard.model.query_types import request_from

    return request_from({"query": "all_records"}, service.model("contacts"), 10)
