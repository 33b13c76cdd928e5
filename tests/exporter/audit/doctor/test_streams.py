"""`exporter doctor` on a table's stream, its mapping and its changes."""

import datetime as dt

import pytest
from botocore.stub import Stubber
from changing import event, item, write

from exporter.audit.doctor import examine
from exporter.audit.stream_mapping import StreamMapping, mappings_of
from exporter.clients import Clients

from .examining import NOW, put


def test_changes_that_wait_or_are_outdated_and_a_stream_without_old_images_are_found(scene):
    """Days read before there were changes, change files that `compact` would remove, and the stream's own settings."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("2", "2026-02-17T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-17")
    long_ago = NOW - dt.timedelta(hours=1)
    write(table, *(event(day, long_ago, item("3", f"2026-02-{day}T10:00:00Z"), None) for day in (16, 17)))
    table.export(start="2026-02-17", end="2026-02-17")
    table.dynamodb.update_table(
        TableName=table.table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    findings = examine(table.settings(), NOW + dt.timedelta(days=2))
    found = [finding for finding in findings if finding.kind in {"changes", "stream"}]
    assert [(finding.kind, finding.where) for finding in found] == [
        ("stream", f"table {table.table}"),
        ("changes", "_changes/ of 2026-02-17"),
        ("changes", "_changes/ of 2026-02-16"),
    ]
    assert "carries NEW_IMAGE; NEW_AND_OLD_IMAGES is needed" in found[0].found
    assert "StreamEnabled=false`, then `aws dynamodb update-table" in found[0].advice
    assert "1 change files are older" in found[1].found
    assert "--start 2026-02-16 --end 2026-02-16" in found[2].advice


def test_items_that_batches_of_changes_have_quarantined_are_counted_apart(scene):
    """The ledger knows what runs have quarantined and not what batches have: none of them is said to be no item."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("odd", "2026-02-16 or so")
    table.export(everything=True)
    write(table, event(1, NOW - dt.timedelta(hours=1), item("2", "someday"), None))
    (finding,) = [one for one in examine(table.settings(), NOW) if one.kind == "quarantine"]
    runs, *_, batches = finding.found.split("; ")
    assert runs == "1 items quarantined by 1 run"
    assert batches.endswith("items of 1 batch of changes quarantined, which the ledger does not count")
    put(table, "_quarantine/20260219T090000Z-changes/part-00001.ndjson", b"{}")  # of a window that feeds no files
    (finding,) = [one for one in examine(table.settings(), NOW) if one.kind == "quarantine"]
    assert "by 1 run; " in finding.found
    assert finding.found.endswith("items of 2 batches of changes quarantined, which the ledger does not count")


UUID = "0f1e2d3c-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("mapping", "found"),
    [
        (StreamMapping(UUID, "changes", "Enabled", "OK", dt.timedelta(minutes=59)), []),
        (StreamMapping(UUID, "changes", "Enabled", "No records processed", None), []),
        (
            StreamMapping(UUID, "changes", "Disabled", "OK", None),
            ["it is Disabled: no change is written, and the stream forgets after 24 hours"],
        ),
        (
            StreamMapping(UUID, "changes", "Enabled", "PROBLEM: Function call failed", dt.timedelta(hours=20.5)),
            [
                "its last batch was not delivered: PROBLEM: Function call failed",
                "records are 20.5 hours old when they are read (IteratorAge); a stream forgets after 24",
            ],
        ),
    ],
)
def test_a_mapping_that_lags_or_stands_is_found(scene, mapping, found, monkeypatch):
    """A mapping that is off, fails, or lets records wait for an hour and more is named by its id and function."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-16")
    write(table, event(1, NOW, item("3", "2026-02-16T10:00:00Z"), None))
    view = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    table.dynamodb.update_table(TableName=table.table, StreamSpecification=view)
    monkeypatch.setattr("exporter.audit.doctor.mappings_of", lambda *_: (mapping,))
    findings = [one for one in examine(table.settings(), NOW) if one.kind == "stream"]
    assert [one.found for one in findings] == found
    assert {one.where for one in findings} <= {f"mapping {UUID} of function changes"}


def test_mappings_are_what_lambda_and_cloudwatch_say(aws):
    """State, last result and the oldest record of half an hour are read, and what may not be asked is not known."""
    clients, now = Clients("us-east-1"), dt.datetime.now(dt.UTC)
    stream = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-11-01T00:00:00.000"
    assert mappings_of(clients, stream, now) == ()
    with Stubber(clients.lambda_) as functions, Stubber(clients.cloudwatch) as metrics:
        arn = "arn:aws:lambda:us-east-1:123456789012:function:changes:live"
        one = {"UUID": UUID, "FunctionArn": arn, "State": "Enabled", "LastProcessingResult": "OK"}
        functions.add_response("list_event_source_mappings", {"EventSourceMappings": [one]}, {"EventSourceArn": stream})
        metrics.add_response("get_metric_statistics", {"Datapoints": [{"Maximum": 1000.0}, {"Maximum": 7_200_000.0}]})
        assert mappings_of(clients, stream, now) == (
            StreamMapping(UUID, "changes", "Enabled", "OK", dt.timedelta(hours=2)),
        )
        functions.add_response("list_event_source_mappings", {"EventSourceMappings": [one]}, {"EventSourceArn": stream})
        metrics.add_client_error("get_metric_statistics", "AccessDenied")
        assert mappings_of(clients, stream, now) == (StreamMapping(UUID, "changes", "Enabled", "OK", None),)
        functions.add_client_error("list_event_source_mappings", "AccessDeniedException")
        assert mappings_of(clients, stream, now) == ()
