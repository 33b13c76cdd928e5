"""`exporter quarantine`: lists and shows quarantined items, and retries them."""

import datetime as dt
import json
import threading
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from faults import Faults

from exporter.decoding.batch import QuarantinedItem
from exporter.errors import SourceError, UsageError
from exporter.quarantine.retry import Retry
from exporter.quarantine.summary import short_reason
from exporter.sources.partial_reads.item_lookup import ItemLookup
from exporter.sources.rate_limiter import RateLimiter
from exporter.targets.quarantine import Quarantine
from exporter.values.attribute_values import AttributeValue

_OF_THE_BODY = {"x-amz-crc32", "content-length"}
NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def table(scene, tmp_path):
    """A table of which two items are withheld and one has a nulled value, exported once."""
    made = scene()
    file = tmp_path / "declared.yaml"
    file.write_text(
        f"name: declared\nsource: {{table: {made.table}, index: by-kind, partition_key: Kind, "
        "partition_values: [A, B], sort_key: At}\ncolumns:\n"
        "  - {name: id, attribute: Id, type: string, role: key}\n"
        "  - {name: count, attribute: Count, type: bigint}\n"
    )
    made.variables |= {"DATASET": str(file)}
    made.put("well", "2026-02-16T10:00:00Z", Count={"N": "1"})
    made.put("part", "2026-02-16T11:00:00Z", Count={"N": "1.5"})
    made.put("spring", "in spring", Count={"N": "2"})
    made.put("old", "1999-01-01T00:00:00Z", "B")
    made.export(everything=True)
    return made


def retry(table, run_id=None, **options):
    return Retry(table.settings(), clock=lambda: NOW).run(run_id, **options)


def test_a_list_counts_by_reason(table, run):
    """Each run shows how many items it withheld and nulled, and how many lines share a reason; values are left out."""
    (entry,) = table.ledger()
    done = run(table, "quarantine", "list", "--json")
    (listed,) = json.loads(done.stdout)
    assert (listed["run_id"], listed["withheld"], listed["nulled"]) == (entry.run_id, 2, 1)
    assert {(row["fate"], row["reason"], row["lines"]) for row in listed["reasons"]} == {
        ("withheld", "At: no readable date", 1),
        ("withheld", "At: year 1999 is outside 2000 to 2027", 1),
        ("nulled", "count: expected a whole number of 64 bits", 1),
    }
    text = run(table, "quarantine", "list").stdout
    assert f"{entry.run_id}  2 withheld, 1 nulled" in text
    assert "1  nulled    count: expected a whole number of 64 bits" in text


def test_lines_are_shown_with_their_items(table, run):
    """A line has its reason, its day or `withheld`, and the item; JSON has the whole item with its numbers."""
    (entry,) = table.ledger()
    done = run(table, "quarantine", "show", entry.run_id, "--json", "--reason", "count")
    (line,) = [json.loads(text, parse_float=str, parse_int=str) for text in done.stdout.splitlines()]
    assert (line["day"], line["fault"]) == ("2026-02-16", "count: expected a whole number of 64 bits")
    assert line["item"]["Count"] == {"N": "1.5"}
    text = run(table, "quarantine", "show", entry.run_id, "--limit", "1").stdout
    assert len(text.splitlines()) == 2
    text = run(table, "quarantine", "show", entry.run_id).stdout
    assert "2026-02-16  count: expected a whole number of 64 bits" in text
    assert "withheld    At: no readable date" in text
    done = run(table, "quarantine", "show", "nothing")
    assert (done.returncode, "has no quarantined items" in done.stderr) == (2, True)


def test_corrected_items_are_published_by_a_retry(table):
    """An item with a corrected date or value is on its day afterwards; one that was not is reported as before."""
    table.put("part", "2026-02-16T11:00:00Z", Count={"N": "2"})
    table.put("spring", "2026-02-17T10:00:00Z")
    found = retry(table)
    assert (found.well, found.withheld, found.nulled, found.gone) == (("Id=part", "Id=spring"), ("Id=old",), (), ())
    assert table.days() == {"2026-02-16": ["part", "well"], "2026-02-17": ["spring"]}
    assert table.rows()["part"]["count"] == 2
    assert found.error is None


def test_a_retry_says_what_it_cost(table):
    """Its read units are those of its look-ups and of its exports, and both stay below the ceiling that it is given."""
    found = Retry(table.settings(), clock=lambda: NOW, max_read_units=50).run(None)
    (entry,) = found.exports
    assert found.read_units > entry.read_units
    assert found.plain()["read_units"] == found.read_units


def test_what_is_still_wrong_stays_quarantined(table):
    """Without a correction no item is well, and the new run quarantines the nulled item again."""
    found = retry(table)
    assert (found.well, found.nulled, set(found.withheld)) == ((), ("Id=part",), {"Id=old", "Id=spring"})
    assert [entry.nulled for entry in found.exports] == [1]


def test_items_that_are_gone_are_reported(table):
    """A deleted item, and one that left the dataset's partition values, are gone, and so is the row of a nulled one."""
    table.delete("part")
    table.put("spring", "2026-02-17T10:00:00Z", "Z")
    found = retry(table)
    assert set(found.gone) == {"Id=part", "Id=spring"}
    assert table.days() == {"2026-02-16": ["well"]}


def test_one_run_can_be_retried_alone(table):
    """With a run's id its items alone are looked at; a run without quarantined items is a usage error."""
    (first,) = table.ledger()
    table.put("more", "2026-02-18T10:00:00Z", Count={"N": "0.5"})
    later = table.job(start="2026-02-18", end="2026-02-18", now=NOW + dt.timedelta(minutes=1)).run()
    assert retry(table, later.run_id).nulled == ("Id=more",)
    assert set(retry(table, first.run_id).withheld) == {"Id=old", "Id=spring"}
    with pytest.raises(UsageError, match="the quarantine holds nothing of run other"):
        retry(table, "other")


def test_clearing_keeps_what_is_still_withheld(table):
    """--clear removes the quarantine of a run once nothing of it is withheld; the newer run holds what is nulled."""
    (first,) = table.ledger()
    assert retry(table, clear=True).cleared == ()
    table.delete("old")
    table.put("spring", "2026-02-17T10:00:00Z")
    found = retry(table, first.run_id, clear=True)
    assert found.cleared == (first.run_id,)
    assert [line["item"]["Id"]["S"] for line in table.quarantine()] == ["part", "part"]


def test_a_failed_export_makes_nothing_well(table):
    """Where the day cannot be published, corrected items are not reported as well, and the reason is given."""
    table.put("part", "2026-02-16T11:00:00Z", Count={"N": "2"})
    lease = {"owner": "another", "host": "elsewhere", "expires_at": (NOW + dt.timedelta(minutes=1)).isoformat()}
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/_lease.json", Body=json.dumps(lease).encode())
    found = retry(table)
    assert found.well == ()
    assert "another" in found.error


def test_an_item_that_the_index_does_not_return_yet_is_not_well(table, aws, monkeypatch):
    """The table has the corrected item, the index not yet: it is unseen, and --clear keeps the only copy of it."""
    (first,) = table.ledger()
    table.delete("old")
    table.put("spring", "2026-02-17T10:00:00Z")

    def rule(request, forward):
        answer = forward()
        if request.operation != "Query" or b'"spring"' not in answer.body:
            return answer
        page = json.loads(answer.body)
        items = [item for item in page["Items"] if item["Id"] != {"S": "spring"}]
        body = json.dumps(page | {"Items": items, "Count": len(items)}).encode()
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in _OF_THE_BODY}
        return replace(answer, headers=headers, body=body)

    with Faults(aws.url, rule) as faults:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", faults.url)
        found = retry(table, first.run_id, clear=True)
    assert (found.well, found.unseen, found.nulled, found.cleared) == ((), ("Id=spring",), ("Id=part",), ())
    assert "Id=spring" in found.text()
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    found = retry(table, first.run_id, clear=True)
    assert (found.well, found.cleared) == (("Id=spring",), (first.run_id,))


def test_what_is_quarantined_while_lines_are_written_is_in_the_next_part():
    """Other ranges go on reading while a part goes to S3: what they quarantine in that moment is in the next part."""
    parts: list[bytes] = []
    others: list[threading.Thread] = []

    class Slow:
        """Writes slowly, while another thread quarantines an item."""

        def write(self, _, body, **__):
            if not others:
                others.append(
                    threading.Thread(target=quarantine.add, args=([QuarantinedItem("late", "{}", None, None)],))
                )
                others[0].start()
                others[0].join(timeout=0.2)
            parts.append(body)

    quarantine = Quarantine(Slow(), "data", "run")
    quarantine.add([QuarantinedItem("early", "{}", None, None)])
    quarantine.flush()
    others[0].join()
    quarantine.flush()
    assert [line["reason"] for part in parts for line in map(json.loads, part.splitlines())] == ["early", "late"]
    assert quarantine.withheld == 2


def test_unprocessed_keys_are_asked_for_again(table):
    """DynamoDB may answer a part of a batch; the rest is asked for again until it is there."""

    class Halting:
        """Answers one key of each batch."""

        def batch_get_item(self, RequestItems, **_):  # noqa: N803 - the client's own spelling
            ((name, request),) = RequestItems.items()
            first, *rest = request["Keys"]
            left = {name: {"Keys": rest}} if rest else {}
            return {
                "Responses": {name: [first]},
                "UnprocessedKeys": left,
                "ConsumedCapacity": [{"TableName": name, "CapacityUnits": 0.5}],
                "ResponseMetadata": {"RetryAttempts": 0},
            }

    limiter = RateLimiter(1)
    lookup = ItemLookup(Halting(), "t", ("Id",), (), limiter, sleep=lambda _: None)
    wanted = [{"Id": AttributeValue(S=str(number))} for number in range(250)]
    assert sorted(int(item["Id"].S) for item in lookup.items(wanted)) == list(range(250))
    assert limiter.units == 125


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        ("AccessDeniedException", "no right", "The role needs dynamodb:BatchGetItem on the table."),
        ("AccessDeniedException", "not authorized to perform: kms:Decrypt", "kms:Decrypt"),
        ("ExpiredTokenException", "too old", "the credentials have expired"),
        ("ResourceNotFoundException", "no table", "Check DYNAMO_TABLE_NAME"),
    ],
)
def test_a_look_up_that_is_refused_says_what_to_do(code, message, advice):
    """Only a missing right asks for the right; the service's own message stands in each."""

    class Refusing:
        """Answers every request with one error."""

        def batch_get_item(self, **_):
            raise ClientError({"Error": {"Code": code, "Message": message}}, "BatchGetItem")

    lookup = ItemLookup(Refusing(), "contacts", ("Id",), (), RateLimiter(1))
    with pytest.raises(SourceError) as refused:
        list(lookup.items([{"Id": AttributeValue(S="1")}]))
    assert [part in str(refused.value) for part in (advice, message, "contacts")] == [True, True, True]
    assert ("BatchGetItem" in str(refused.value)) == ("BatchGetItem" in advice)


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        ("At: no readable date: 'x: y; found z'", "At: no readable date"),
        ("count: expected a whole number of 64 bits; found N 1.5", "count: expected a whole number of 64 bits"),
        ("At: expected S; found nothing", "At: expected S"),
    ],
)
def test_a_reason_without_its_value_is_one_fault(reason, short):
    """Values are cut off, so that a thousand bad dates are one line of the list."""
    assert short_reason(reason) == short


def test_the_command_retries(table, run):
    """`quarantine retry` says what became of the items; an empty quarantine is a usage error."""
    table.put("part", "2026-02-16T11:00:00Z", Count={"N": "2"})
    done = run(table, "quarantine", "retry")
    assert done.returncode == 0, done.stderr
    assert "1 are corrected and published: Id=part" in done.stdout
    done = run(table, "quarantine", "retry", S3_PREFIX="nothing-here")
    assert (done.returncode, "the quarantine holds nothing" in done.stderr) == (2, True)
    assert run(table, "quarantine", "list", S3_PREFIX="nothing-here").stdout == "the quarantine is empty\n"
