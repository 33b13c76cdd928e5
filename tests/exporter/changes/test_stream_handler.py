"""The Lambda handler: its answer is a checkpoint, and what it writes is what the records say."""

import datetime as dt
import json
from typing import Any

import pytest
from changing import event, item, live, write, writer

from exporter.errors import SourceError
from exporter.stream_handler import _writer, handler

AT = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)


def new(number: int, text: str = "n") -> dict:
    return event(number, AT, item(str(number), "2026-02-16T10:00:00Z", Note={"S": text}), None)


def test_a_batch_is_written_and_nothing_is_reported(table, capsys):
    """The answer names no record, and a line of metrics says how many there were and how late."""
    assert handler({"Records": [new(1), new(2)]}, None) == {"batchItemFailures": []}
    assert live(table) == [("16", "1", "n"), ("16", "2", "n")]
    lines = [line for line in capsys.readouterr().err.splitlines() if '"_aws"' in line]
    metrics = json.loads(lines[-1])
    assert (metrics["stream_records"], metrics["stream_rows"], metrics["stream_quarantined"]) == (2, 2, 0)
    lag = int(dt.datetime.now(dt.UTC).timestamp() - AT.timestamp())
    assert lag - 60 <= metrics["stream_lag"] <= lag


def test_a_poison_record_is_answered_as_success(table):
    """The mapping must not send it again: everything after it would come again with it, for a day."""
    bad = new(1) | {"eventName": "RENAME"}
    assert handler({"Records": [bad, new(2)]}, None) == {"batchItemFailures": []}
    assert live(table) == [("16", "2", "n")]
    assert len(table.quarantine()) == 1


def test_the_first_record_is_the_checkpoint_where_s3_is_down(table, faults, monkeypatch):
    """The whole batch comes again; after the fault it is written once."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
    monkeypatch.setattr("exporter.clients._RETRIES", {"mode": "standard", "total_max_attempts": 2})
    _writer.cache_clear()
    faults.rule = lambda request, forward: (
        (503, {}, b"") if "/_changes/year" in request.path and request.method == "PUT" else forward()
    )
    batch = {"Records": [new(1), new(2)]}
    first = batch["Records"][0]["dynamodb"]["SequenceNumber"]
    assert handler(batch, None) == {"batchItemFailures": [{"itemIdentifier": first}]}
    faults.rule = lambda _, forward: forward()
    assert handler(batch, None) == {"batchItemFailures": []}
    assert live(table) == [("16", "1", "n"), ("16", "2", "n")]


def test_what_no_retry_can_mend_is_raised(table):
    """A stream without old images fails the invocation, so that the mapping's errors and the alarm on them show it."""
    record = new(1)
    record["dynamodb"]["StreamViewType"] = "KEYS_ONLY"
    with pytest.raises(SourceError, match="KEYS_ONLY"):
        handler({"Records": [record]}, None)


def _odd(number: int, **change: Any) -> dict[str, Any]:
    record = new(number)
    record["dynamodb"] |= change
    return record


def _nested() -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(3000):
        value = {"L": [value]}
    return value


def _with(**attributes: Any) -> dict[str, Any]:
    return {"NewImage": item("odd", "2026-02-16T10:00:00Z", **attributes)}


ODD = {
    "nothing": None,
    "a number": 5,
    "a list": [],
    "a view of another type": _odd(7, StreamViewType={"S": "a"}),
    "a view without a name": _odd(7, StreamViewType=None),
    "a key of bytes": _odd(7, Keys={"Id": {"B": b"\xff"}}, SequenceNumber="x"),
    "an empty number": _odd(7, **_with(Fresh={"N": ""})),
    "a set of words as numbers": _odd(7, **_with(Fresh={"NS": ["a"]})),
    "nested without end": _odd(7, **_with(Deep=_nested())),
}


def test_odd_records_spoil_no_other(table):
    """Each is quarantined once and counts as handled; those before, between and after them are written."""
    good = [new(number) for number in range(len(ODD) + 1)]
    batch = [record for both in zip(good, ODD.values(), strict=False) for record in both] + good[-1:]
    handled = write(table, *batch)
    assert (handled.records, handled.rows, handled.quarantined) == (19, 10, 9)
    assert [identity for _, identity, _ in live(table)] == [str(number) for number in range(10)]
    assert len(table.quarantine()) == 9


@pytest.mark.parametrize("name", ["nothing", "an empty number"])
def test_an_odd_record_alone_is_quarantined(table, name):
    """As the only record of a batch, and the mapping is not asked to send it again."""
    assert handler({"Records": [ODD[name]]}, None) == {"batchItemFailures": []}
    assert len(table.quarantine()) == 1


def test_two_writers_that_meet_new_attributes_add_both(table):
    """Invocations run at once, one for each shard: a column that another one has added meanwhile stays."""
    one, other = writer(table), writer(table)
    one.write([new(1)])
    other.write([new(2)])
    one.write([event(3, AT, item("3", "2026-02-16T10:00:00Z", Left={"S": "l"}), None)])
    other.write([event(4, AT, item("4", "2026-02-16T10:00:00Z", Right={"N": "4"}, Left={"S": "m"}), None)])
    assert live(table, 'id, "left", "right"') == [
        ("16", "1", None, None), ("16", "2", None, None), ("16", "3", "l", None), ("16", "4", "m", "4.0")
    ]  # fmt: skip
