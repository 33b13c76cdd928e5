"""What `exporter verify` asks of DynamoDB, Athena and the objects, and what it does where one does not answer."""

import datetime as dt
from dataclasses import replace

import boto3
import pytest
from faults import Faults

from exporter.audit.verify import Verifier, VerifyRequest
from exporter.decoding.decoder import PageDecoder
from exporter.errors import AthenaError, SourceError
from exporter.planning.window import Window
from exporter.storage import parquet_footers
from exporter.storage.athena import Athena

from .verifying import FILE, MONDAY, RESULTS, WEEK, disagreeing, filled, verify


def test_athena_is_asked_about_the_days_alone(scene):
    """The statement prunes by year, month and day, also across the turn of a year."""
    from exporter.audit.athena_counts import CountQuestion

    table = filled(scene)
    table.export(**WEEK)
    dataset = table.settings().dataset
    question = CountQuestion(dataset, "kind", ("id",))
    statement = question.statement(Window(dt.date(2025, 12, 31), dt.date(2026, 1, 2), dataset.zone))
    assert '"year" BETWEEN 2025 AND 2026 AND "month" BETWEEN 1 AND 12 AND "day" BETWEEN 1 AND 31' in statement
    assert '("year" = 2025 AND "month" = 12 AND "day" BETWEEN 31 AND 31)' in statement
    assert '("year" = 2026 AND "month" = 1 AND "day" BETWEEN 1 AND 2)' in statement


def test_an_athena_that_cannot_answer_is_a_disagreement(scene):
    """A missing Glue table does not hide what the other places say; the reason is among the disagreements."""
    table = filled(scene)
    table.export(**WEEK)
    boto3.client("glue").delete_table(DatabaseName=table.database, Name="rows")
    found = verify(table)
    assert not found.agrees
    assert "rows" in found.disagreements[0]
    assert disagreeing(found) == {}
    assert verify(table, athena=False).agrees
    assert table.manifest().days[MONDAY].verified_at is None


def test_a_place_for_results_is_asked_for(aws):
    """Without a workgroup's place and without ATHENA_RESULTS the message says what to set."""
    athena = Athena(boto3.client("athena"), workgroup=None, results=None)
    with pytest.raises(AthenaError, match="Set ATHENA_RESULTS"):
        athena.run("SELECT 1", "default")


def test_many_columns_still_fit_a_ranged_get(scene, monkeypatch):
    """A footer larger than the first range is fetched by its own length; an object without one is reported as such."""
    table = filled(scene)
    table.export(**WEEK)
    monkeypatch.setattr(parquet_footers, "FIRST_BYTES", 64)
    store = Verifier(table.settings(), VerifyRequest(None))._store
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/text", Body=b"not a file of ours")
    keys = [f"{table.prefix}/{FILE}", f"{table.prefix}/text", f"{table.prefix}/nothing"]
    found = parquet_footers.read_footers(store, keys)
    assert {key: footer and footer.rows for key, footer in found.items()} == {keys[0]: 2, keys[1]: None}


def test_the_count_is_dynamodbs_own(scene, aws, monkeypatch):
    """An item that DynamoDB counts and that was not read from its answer is a disagreement, whatever else agrees."""
    table = filled(scene)
    table.export(**WEEK)

    def rule(request, forward):
        answer = forward()
        if request.operation != "Query" or b'"B"' not in request.body:
            return answer
        headers = {name: value for name, value in answer.headers.items() if name != "x-amz-crc32"}
        return replace(answer, headers=headers, body=answer.body.replace(b'"Count": 1', b'"Count": 2'))

    with Faults(aws.url, rule) as faults:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", faults.url)
        found = verify(table)
        assert (found.items, found.rows, found.agrees) == (4, 3, False)
        assert disagreeing(found) == {}
        (reason,) = found.disagreements
        assert reason.startswith("B: DynamoDB's answers count 2 items, and 1 were read from them")
        assert not verify(table, ("2026-02-16", "2026-02-16")).agrees


def test_an_answer_that_is_taken_for_the_last_is_refused(scene, monkeypatch):
    """Where DynamoDB was decoded as the last page, a decoder that does not see it stops the comparison."""
    table = scene(**RESULTS)
    for number in range(4):
        table.put(str(number), f"2026-02-16T0{number}:00:00Z", Padding={"S": "x" * 390_000})
    table.export(**WEEK)
    decode = PageDecoder.decode
    monkeypatch.setattr(
        PageDecoder, "decode", lambda decoder, body: replace(decode(decoder, body), last_evaluated_key=None)
    )
    with pytest.raises(SourceError, match="was decoded as the last page"):
        verify(table)
