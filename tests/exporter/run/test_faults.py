"""The exporter against a network and services that fail: nothing lost, nothing twice, nothing half.

A real server between the exporter and the stand-in spoils answers. Either a run succeeds and the rows are exact, or it
fails with a clear message, owes its days and leaves what was published.
"""

import json
import threading
import time
import zlib

import pytest
from faults import Response, every, first, refused, s3_refused, torn, with_wrong_crc, without_checksum
from faulty import DAYS, assert_exact, assert_untouched

import exporter.clients
import exporter.sources.index_query
import exporter.storage.object_store


def server_error(_):
    return refused("InternalServerError", 500)


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
)
def test_a_burst_of_throttling_costs_time_alone(table, faults, code):
    """Throttled requests are sent again until they are answered; no page is lost or read twice."""
    faults.rule = first(8, "Query", lambda _: refused(code))
    assert table.export(**DAYS).rows == 9
    assert_exact(table)


def test_throttling_outlasts_what_the_sdk_grants(table, faults):
    """The SDK's quota of retries is used up by long throttling, after which it gives up at once; the run does not."""
    times: dict[bytes, int] = {}

    def rule(request, forward):
        if request.operation != "Query":
            return forward()
        times[request.body] = times.get(request.body, 0) + 1
        return forward() if times[request.body] > 10 else refused("ThrottlingException")

    faults.rule = rule
    assert table.export(**DAYS, variables={"GSI_PK_VALUE": "A,B,C,D,E"}).rows == 9
    assert_exact(table)
    # Each retry costs the SDK's quota of 500 five, and an answer at last gives five back.
    assert 9 * 5 * len(times) > 500


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("Query", lambda forward: torn(without_checksum(forward()))),
        ("Query", server_error),
        ("Query", lambda _: refused("ServiceUnavailable", 503)),
        ("Query", lambda forward: torn(forward())),
        ("Query", lambda forward: with_wrong_crc(forward())),
        ("Query", lambda _: None),
        ("DescribeTable", server_error),
        ("GetTable", server_error),
        ("GetObject", lambda forward: torn(forward())),
        ("GetObject", lambda _: s3_refused("InternalError", 500)),
        ("ListObjects", lambda forward: torn(forward())),
        ("PutObject", lambda _: s3_refused("SlowDown", 503)),
        ("PutObject", lambda _: None),
    ],
)
def test_passing_faults_change_nothing(table, faults, operation, answer):
    """Errors of the services, torn answers, wrong checksums and cut connections are repeated until all is well."""
    faults.rule = first(3, operation, answer)
    assert table.export(**DAYS).rows == 9
    assert_exact(table)
    assert faults.count(operation) > 3


@pytest.mark.parametrize("operation", ["PutObject", "CompleteMultipartUpload"])
def test_a_write_whose_answer_is_lost_is_no_other_runs(table, faults, operation, small_parts, monkeypatch):
    """The repeated request is refused because of the first; the run recognises its own write and goes on."""
    monkeypatch.setattr(exporter.storage.object_store, "PART_BYTES", 400)
    seen = threading.Lock()

    def rule(request, forward):
        with seen:
            if request.operation == operation and request.path not in {path for path, _ in done}:
                done.append((request.path, forward()))
                return None
        return forward()

    done: list[tuple[str, object]] = []
    faults.rule = rule
    assert table.export(**DAYS).rows == 9
    assert_exact(table)
    assert len(done) >= 3
    assert all(response.status == 200 for _, response in done)


def test_throttling_without_end_fails_clearly(table, faults, monkeypatch):
    """When the attempts are used up the run fails, names the error and owes its days."""
    monkeypatch.setattr(exporter.clients, "_RETRIES", {"mode": "standard", "total_max_attempts": 3})
    faults.rule = every("Query", lambda _: refused("ProvisionedThroughputExceededException"))
    assert_untouched(table, table.job(**DAYS).run(), "ProvisionedThroughputExceededException", "Run again")


def test_a_stop_amid_throttling_does_not_wait_for_its_end(table, faults):
    """Refused requests are sent again for minutes, but not after a stop: a task has two before it is killed."""
    job = table.job(**DAYS)
    stopped_at: list[int] = []

    def throttled(_):
        if faults.count("Query") >= 6 and not stopped_at:
            job.stop.set()
            stopped_at.append(faults.count("Query"))
        return refused("ThrottlingException")

    faults.rule = every("Query", throttled)
    entry = job.run()
    assert entry.status == "interrupted"
    assert "while DynamoDB was throttling" in entry.error
    assert [str(day) for day in entry.owed] == ["2026-02-16", "2026-02-17", "2026-02-18"]
    assert {identity: row["padding"] for identity, row in table.rows().items()} == {"00": "old"}
    assert faults.count("Query") - stopped_at[0] <= job.request.ranges


def test_an_answer_that_is_always_damaged_is_never_used(table, faults, monkeypatch):
    """After its last attempt the SDK hands a damaged answer over; the run refuses it."""
    monkeypatch.setattr(exporter.clients, "_RETRIES", {"mode": "standard", "total_max_attempts": 3})
    faults.rule = every("Query", lambda forward: with_wrong_crc(forward()))
    assert_untouched(table, table.job(**DAYS).run(), "arrived damaged")
    assert faults.count("Query") >= 3


@pytest.mark.parametrize("checksum", [True, False])
def test_an_answer_that_is_always_torn_is_never_used(table, faults, monkeypatch, checksum):
    """Half a body is no body, also where no checksum shows it: the run fails rather than take what came through."""
    monkeypatch.setattr(exporter.clients, "_RETRIES", {"mode": "standard", "total_max_attempts": 3})

    def half(forward):
        answer = torn(forward())
        return answer if checksum else without_checksum(answer)

    faults.rule = every("Query", half)
    assert_untouched(table, table.job(**DAYS).run(), "arrived damaged or incomplete")


def test_a_slow_page_is_asked_for_again(table, faults, monkeypatch):
    """A server that falls silent costs the read timeout; the page comes with the next attempt, once."""
    monkeypatch.setattr(exporter.clients, "READ_SECONDS", 1.0)

    def slow(forward):
        time.sleep(2.5)
        return forward()

    faults.rule = first(2, "Query", slow)
    assert table.export(**DAYS).rows == 9
    assert_exact(table)


def throttled_key_range(_):
    """Return the newer shape of throttling: a code as before, and the reason in a separate list."""
    index = "arn:aws:dynamodb:us-east-1:1:table/t/index/by-kind"
    reasons = [{"reason": "IndexReadKeyRangeThroughputExceeded", "resource": index}]
    body = json.dumps(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException",
            "message": "Throughput exceeds the current capacity of one or more key ranges.",
            "ThrottlingReasons": reasons,
        }
    ).encode()
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(body))}
    return Response(400, headers, body)


def test_a_throttled_key_range_slows_the_reading(table, faults):
    """IndexReadKeyRangeThroughputExceeded, in ThrottlingReasons, halves the requests at a time; nothing is lost."""
    job = table.job(**DAYS)
    halved: list[tuple[int, int]] = []
    learn = job._limiter.learn

    def learned(**facts):
        before = job._limiter.at_a_time
        learn(**facts)
        if facts["retries"]:
            halved.append((before, job._limiter.at_a_time))

    job._limiter.learn = learned
    job._limiter._clock = lambda: 0.0  # on a slow machine the calm would end within the run
    faults.rule = first(4, "Query", throttled_key_range)
    assert job.run().rows == 9
    assert_exact(table)
    assert halved
    assert all(after == max(1, before // 2) for before, after in halved)
    assert job._limiter.at_a_time == 1


def test_a_key_range_that_stays_throttled_is_named(table, faults, monkeypatch):
    """When the attempts are used up, the message has what DynamoDB said."""
    monkeypatch.setattr(exporter.clients, "_RETRIES", {"mode": "standard", "total_max_attempts": 3})
    faults.rule = every("Query", throttled_key_range)
    assert_untouched(table, table.job(**DAYS).run(), "ThrottlingException", "one or more key ranges", "Run again")


def third_part(answer):
    """Return a rule that spoils every third part of a multipart upload."""

    def rule(request, forward):
        return answer(request) if request.part == 3 else forward()

    return rule


def test_the_third_part_may_fail_for_a_while(table, faults, small_parts, monkeypatch):
    """A part that fails goes up again; the object is whole."""
    monkeypatch.setattr(exporter.storage.object_store, "PART_BYTES", 400)
    failed: dict[str, int] = {}

    def answer(request):
        failed[request.path] = failed.get(request.path, 0) + 1
        return s3_refused("InternalError", 500) if failed[request.path] <= 2 else faults.forward(request)

    faults.rule = third_part(answer)
    assert table.export(**DAYS).rows == 9
    assert_exact(table)
    assert len(failed) >= 3


def test_the_third_part_may_fail_for_good(table, faults, small_parts, monkeypatch):
    """An upload that cannot be finished is given up: the old object stays, and no parts are left to pay for."""
    monkeypatch.setattr(exporter.storage.object_store, "PART_BYTES", 400)
    faults.rule = third_part(lambda _: s3_refused("AccessDenied", 403))
    assert_untouched(table, table.job(**DAYS).run(), "access denied", "day=16/data.parquet")
    assert table.s3.list_multipart_uploads(Bucket="reports", Prefix=table.prefix).get("Uploads", []) == []


def test_credentials_that_expire_while_reading(table, faults):
    """The run reports that they have expired; nothing of the day that was being read is published."""
    reads = []

    def rule(request, forward):
        if request.operation == "Query":
            reads.append(request)
            if len(reads) > 4:
                return refused("ExpiredTokenException", message="The security token included has expired")
        return forward()

    faults.rule = rule
    assert_untouched(table, table.job(**DAYS).run(), "has expired", "Renew them and run again")


def test_credentials_that_expire_while_publishing(table, faults):
    """What is published stays, the rest is owed, and the next run finishes it."""
    written = []

    def rule(request, forward):
        if "/year" in request.path and request.method == "PUT":
            written.append(request.path)
            if len(written) > 1:
                return s3_refused("ExpiredToken", 400)
        return forward()

    faults.rule = rule
    entry = table.job(**DAYS).run()
    assert entry.status == "failed"
    assert "the credentials have expired" in entry.error
    assert [str(day) for day in entry.owed][-2:] == ["2026-02-17", "2026-02-18"]
    faults.rule = lambda _, forward: forward()
    table.export(**DAYS)
    assert_exact(table)


def test_an_unreachable_service(table, monkeypatch):
    """A refused connection is one clear message that names what could not be reached and which setting to check."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    assert_untouched(table, table.job(**DAYS).run(), "cannot reach DynamoDB", "AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    entry = table.job(**DAYS).run()
    assert entry.status == "failed"
    assert "cannot reach s3://reports" in entry.error
