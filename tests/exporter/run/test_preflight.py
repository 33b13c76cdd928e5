"""What a run refuses before it reads anything, each with its reason; the dry run and the plan refuse it, too."""

import datetime as dt
import json
import zlib

import pytest
from faults import Response, every, s3_refused
from faulty import DAYS

from exporter.errors import SourceError
from exporter.estimates.cost import Assumptions
from exporter.estimates.estimator import estimate
from exporter.run.dry_run import preview
from exporter.run.request import request_from_options


def test_a_bucket_that_may_not_be_written_is_reported_before_anything_is_read(table, faults):
    """PutObject answered 403: the run ends at its lease, names bucket, key and permission, and reads nothing."""
    faults.rule = every("PutObject", lambda _: s3_refused("AccessDenied", 403))
    entry = table.job(**DAYS).run()
    assert entry.status == "failed"
    assert entry.error == (
        f"may not write s3://reports/{table.prefix}/_lease.json: access denied (as the test wants it). "
        "The role needs s3:PutObject on it."
    )
    assert faults.count("Query") == faults.count("DescribeTable") == 0
    assert {identity: row["padding"] for identity, row in table.rows().items()} == {"00": "old"}


def described(change):
    """Return a rule under which DescribeTable describes a changed index."""

    def answer(forward):
        found = json.loads(forward().body)
        change(found["Table"])
        body = json.dumps(found).encode()
        return Response(200, {"content-type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(body))}, body)

    return every("DescribeTable", answer)


@pytest.mark.parametrize("status", ["CREATING", "DELETING"])
def test_an_index_that_is_not_active_is_refused(table, faults, status):
    """A reading of an index that is being built would miss items: the run, the dry run and the plan say so alike."""
    faults.rule = described(lambda found: found["GlobalSecondaryIndexes"][0].update(IndexStatus=status))
    said = f"index by-kind is {status}: a read now would miss items. Run again when it is ACTIVE."
    assert table.job(**DAYS).run().error == said
    settings, now = table.settings(), dt.datetime(2026, 2, 20, 9, tzinfo=dt.UTC)
    request = request_from_options(settings, now, **DAYS)
    with pytest.raises(SourceError, match=said):
        preview(settings, request, now)
    with pytest.raises(SourceError, match=said):
        estimate(settings, request, Assumptions(), now)
    assert faults.count("Query") == 0


@pytest.mark.parametrize(
    ("attribute", "kind", "date_format", "said"),
    [
        ("At", "N", "ISO", "sort key At is a number, but the date format is ISO. Set DATE_FORMAT to EPOCH"),
        ("At", "N", "HUMAN_READABLE", "sort key At is a number, but the date format is HUMAN_READABLE"),
        ("At", "B", "ISO", "index by-kind has a binary key"),
        ("Kind", "B", "ISO", "index by-kind has a binary key"),
    ],
)
def test_a_key_of_a_type_that_the_date_format_cannot_read_is_refused(table, faults, attribute, kind, date_format, said):
    """A number is no ISO date, and bytes are no key that can be read: refused before anything is read."""

    def change(found):
        for definition in found["AttributeDefinitions"]:
            if definition["AttributeName"] == attribute:
                definition["AttributeType"] = kind

    faults.rule = described(change)
    entry = table.job(**DAYS, variables={"DATE_FORMAT": date_format}).run()
    assert entry.status == "failed"
    assert entry.error.startswith(said)
    assert faults.count("Query") == 0
