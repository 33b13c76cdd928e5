"""A dataset with `explode`: a row for each message of a conversation, counted as items and as rows."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from exporter.audit.verify import Verifier, VerifyRequest
from exporter.changes.writer import ChangeWriter
from exporter.clients import Clients
from exporter.errors import UsageError
from exporter.quarantine.retry import Retry
from exporter.run.table_export.export_conversion import Converter
from exporter.sources.table_export.exporting import CompletedExport

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
FILE = """\
name: messages
source:
  table: conversations
  index: by-kind
  partition_key: Kind
  partition_values: [A, B]
  sort_key: At
explode: messages
undeclared: {undeclared}
columns:
  - {{name: id, attribute: Id, type: string}}
  - {{name: number, attribute: "messages[#]", type: bigint}}
  - {{name: role, attribute: "messages[*].role", type: string}}
  - {{name: seconds, attribute: "messages[*].seconds", type: double}}
  - {{name: intent, attribute: "messages[*].meta.intent", type: string}}
  - {{name: channel, attribute: Channel, type: string}}
"""


def message(role: str, **members: dict[str, Any]) -> dict[str, Any]:
    return {"M": {"role": {"S": role}, **members}}


@pytest.fixture
def talks(scene, tmp_path: Path):
    """A table of conversations, and the file of its messages."""

    def made(undeclared: str = "ignore", **variables: str):
        file = tmp_path / "messages.yaml"
        file.write_text(FILE.format(undeclared=undeclared), encoding="utf-8")
        table = scene(DATASET=str(file), ATHENA_RESULTS="s3://reports/results/", **variables)
        table.put(
            "c-1", "2026-02-16T10:00:00Z", Channel={"S": "web"},
            messages={"L": [
                message("user", seconds={"N": "1.5"}, meta={"M": {"intent": {"S": "order"}}}),
                message("bot", seconds={"N": "2"}),
                message("user"),
            ]},
        )  # fmt: skip
        return table

    return made


def rows_of(table) -> list[tuple[Any, ...]]:
    return [
        tuple(row[name] for name in ("id", "number", "role", "seconds", "intent", "channel"))
        for key in table.keys("year=")
        for row in table.table_of(key).to_pylist()
    ]


def test_every_message_is_a_row_in_order_with_the_columns_of_its_conversation(talks):
    """Members of the element, the element's number, and the item's own attributes, on the item's day."""
    table = talks()
    table.put("c-2", "2026-02-17T10:00:00Z", "B", messages={"L": [message("bot")]})
    entry = table.export(everything=True)
    assert rows_of(table) == [
        ("c-1", 1, "user", 1.5, "order", "web"),
        ("c-1", 2, "bot", 2.0, None, "web"),
        ("c-1", 3, "user", None, None, "web"),
        ("c-2", 1, "bot", None, None, None),
    ]
    assert (entry.items, entry.rows, entry.quarantined) == (2, 4, 0)
    days = table.manifest().days
    assert [(str(day), record.rows, record.items_by_partition_value) for day, record in sorted(days.items())] == [
        ("2026-02-16", 3, {"A": 1}),
        ("2026-02-17", 1, {"B": 1}),
    ]


def test_a_conversation_without_messages_has_no_row_and_is_counted(talks):
    """Missing, NULL and empty are the same; a day of nothing else is published as empty, and verified."""
    table = talks()
    table.put("c-2", "2026-02-15T10:00:00Z")
    table.put("c-3", "2026-02-16T11:00:00Z", messages={"L": []})
    table.put("c-4", "2026-02-18T11:00:00Z", messages={"NULL": True})
    entry = table.export(everything=True)
    assert (entry.items, entry.rows, entry.quarantined) == (4, 3, 0)
    counted = {str(day): record.items_by_partition_value for day, record in table.manifest().days.items()}
    assert counted["2026-02-15"] == {"A": 1}
    assert counted["2026-02-16"] == {"A": 2}
    assert counted["2026-02-17"] == {}
    assert counted["2026-02-18"] == {"A": 1}
    found = Verifier(table.settings(), VerifyRequest(None)).run()
    assert found.disagreements == ()
    assert [day.disagreements for day in found.days] == [()] * 4
    assert (found.items, found.rows) == (4, 3)


def test_a_conversation_that_is_missing_or_too_many_is_found(talks):
    """Items are compared with items, whatever their rows."""
    table = talks()
    table.put("c-2", "2026-02-16T11:00:00Z")
    table.export(everything=True)
    table.put("c-3", "2026-02-16T12:00:00Z", messages={"L": [message("bot")]})
    found = Verifier(table.settings(), VerifyRequest(None)).run()
    assert found.days[0].disagreements == (
        "DynamoDB holds 3 items, published are 2",
        "A: DynamoDB holds 3 items, published are 2",
    )


def test_what_is_no_list_and_what_is_no_map_is_quarantined_by_its_path(talks):
    """A list of another type gives no row; an element of another type a row without members. Nothing is lost."""
    table = talks()
    table.put("c-2", "2026-02-16T11:00:00Z", messages={"S": "hello"})
    table.put("c-3", "2026-02-16T12:00:00Z", messages={"L": [{"S": "hello"}, {"NULL": True}, message("bot")]})
    table.put("c-4", "2026-02-16T13:00:00Z", messages={"L": [{"M": {"role": {"S": "a"}, "seconds": {"S": "x"}}}]})
    table.put("c-5", "2026-02-16T14:00:00Z", **{"messages[*].role": {"S": "b"}})
    entry = table.export(everything=True)
    assert [row[:4] for row in rows_of(table)] == [
        ("c-1", 1, "user", 1.5), ("c-1", 2, "bot", 2.0), ("c-1", 3, "user", None),
        ("c-3", 1, None, None), ("c-3", 2, None, None), ("c-3", 3, "bot", None),
        ("c-4", 1, "a", None),
    ]  # fmt: skip
    assert sorted((line["item"]["Id"]["S"], line["day"], line["reason"]) for line in table.quarantine()) == [
        ("c-2", "2026-02-16", "messages: expected a list; found S"),
        ("c-3", "2026-02-16", "messages[0]: expected a map; found S"),
        ("c-4", "2026-02-16", "seconds: expected a number; found S 'x'"),
        ("c-5", "2026-02-16", "messages: 'messages[*].role' is the name of an element's value"),
    ]
    assert (entry.items, entry.withheld, entry.nulled) == (5, 0, 4)
    assert Verifier(table.settings(), VerifyRequest(None)).run().agrees


def test_an_item_without_a_readable_day_is_withheld_once(talks):
    """Not once for each of its messages."""
    table = talks()
    table.put("c-2", "soon", messages={"L": [message("bot"), message("user")]})
    entry = table.export(everything=True)
    assert (entry.items, entry.rows, entry.withheld) == (2, 3, 1)
    assert [line["item"]["Id"]["S"] for line in table.quarantine()] == ["c-2"]


def test_attributes_without_a_column_are_kept_or_counted_once_an_item(talks):
    """`extra` holds those of an element in its row, and those of the item in its first: items may be long."""
    table = talks("extra")
    listed = [message("bot", tone={"S": "calm"}), message("bot", tone={"S": "loud"})]
    table.put("c-2", "2026-02-17T10:00:00Z", Mood={"S": "good"}, messages={"L": listed})
    table.export(everything=True)
    extra = [row["extra"] for key in table.keys("year=") for row in table.table_of(key).to_pylist()]
    assert [json.loads(text) for text in extra[-2:]] == [
        {"At": "2026-02-17T10:00:00Z", "Kind": "A", "Mood": "good", "messages[*].tone": "calm"},
        {"At": "2026-02-17T10:00:00Z", "messages[*].tone": "loud"},
    ]


def test_a_day_that_is_read_again_is_replaced(talks):
    """A message more and a conversation less: the day has the rows of what is there now."""
    table = talks()
    table.put("c-2", "2026-02-16T11:00:00Z", messages={"L": [message("bot")]})
    table.export(everything=True)
    table.delete("c-1")
    table.put("c-2", "2026-02-16T11:00:00Z", messages={"L": [message("bot"), message("user")]})
    table.export(start="2026-02-16", end="2026-02-16")
    assert [row[:3] for row in rows_of(table)] == [("c-2", 1, "bot"), ("c-2", 2, "user")]


def test_other_rows_than_those_of_the_prefix_are_refused(talks, tmp_path):
    """A table of conversations does not become one of messages by a line in its file."""
    table = talks()
    table.export(everything=True)
    file = tmp_path / "messages.yaml"
    text = file.read_text(encoding="utf-8").replace("explode: messages\n", "")
    lines = [line for line in text.splitlines() if "messages[" not in line]
    file.write_text("\n".join(lines), encoding="utf-8")
    entry = table.job(everything=True).run()
    assert "explode 'messages', now None" in (entry.error or "")


def test_a_corrected_list_is_published_by_a_retry(talks):
    """It is well when its rows are in what was published; a list that is still none stays in quarantine."""
    table = talks()
    table.put("c-2", "2026-02-16T11:00:00Z", messages={"S": "hello"})
    table.put("c-3", "2026-02-16T12:00:00Z", messages={"S": "hello"})
    table.export(everything=True)
    table.put("c-2", "2026-02-16T11:00:00Z", messages={"L": [message("bot"), message("user")]})
    found = Retry(table.settings(), clock=lambda: NOW).run(None)
    assert (found.well, found.nulled, found.unseen) == (("Id=c-2",), ("Id=c-3",), ())
    assert [row[:3] for row in rows_of(table)][3:] == [("c-2", 1, "bot"), ("c-2", 2, "user")]


def test_a_stream_and_workers_are_refused(talks):
    """Before anything is read."""
    table = talks()
    with pytest.raises(UsageError, match="has `explode: messages`, which workers do not convert"):
        Converter(table.settings(), CompletedExport("arn", "table", "reports", "key"))
    with pytest.raises(UsageError, match="has `explode: messages`: one change of an item changes many rows"):
        ChangeWriter(table.settings(), Clients("us-east-1"))
