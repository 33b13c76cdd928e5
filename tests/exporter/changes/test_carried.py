"""Records read by the compiled scanner and in Python: the same rows, quarantine and times, however odd the records.

`CARRIED=20000` reads so many batches; `make soak` does.
"""

import datetime as dt
import os
import random
from types import MappingProxyType
from typing import Any

import pytest
from any_values import NAMES, value_of
from changing import TTL, event, item

from dataset_model import Dataset, IndexSource, ScanSource
from dataset_model.definition import Retention
from exporter.changes import carried
from exporter.changes.carried import RecordReader
from exporter.changes.change_rows import ChangeDecoder, DatasetOfStream
from exporter.decoding.schema import initial_schema
from exporter.planning.sort_key import SortKey
from exporter.sources.description import SourceDescription

BATCHES = int(os.environ.get("CARRIED", "150"))
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
INDEX = IndexSource(table="ttt", index="iii", partition_key="Kind", partition_values=("A", "ü"), sort_key="At")
PROJECTED = frozenset({"Id", "Kind", "At", "plain", 'quo"te', "Note"})
SOURCES: dict[str, tuple[Any, Retention, frozenset[str] | None]] = {
    "an index": (INDEX, Retention(), None),
    "an index of some attributes": (INDEX, Retention(expires_after_days=30), PROJECTED),
    "a table that is scanned": (ScanSource(kind="scan", table="ttt", date_attribute="At"), Retention(), None),
    "deleted rows are kept": (INDEX, Retention(keep_deleted=True), None),
}


def _deep(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for _ in range(depth):
        value = {"M": {"k": value}} if depth % 2 else {"L": [value]}
    return value


ODD_VALUES: list[Any] = [
    {"S": "\ud800"}, {"S": 5}, {"S": None}, {"N": 1}, {"BOOL": "true"}, {"BOOL": 1}, {"NULL": False}, {"B": "AP8="},
    {}, {"S": "a", "N": "1"}, {"Q": "a"}, {"S": "x" * 5000}, {"S": '\x00\x1f\x7f\u2028 "\\/'}, {"L": {"S": "a"}},
    {"M": [{"S": "a"}]}, {"SS": "a"}, {"SS": [1]}, {"M": {"": {"S": ""}}}, None, "text", ["S"], 5, _deep(63), _deep(64),
    _deep(65), _deep(2000), MappingProxyType({"S": "a"}), {"S": "2026-02-16T10:00:00Z"}, {"N": "1771236000"},
    {"S": "ü"}, {"S": "A"}, {"N": "NaN"}, {"N": "\u0661"}, {5: "a"}, {"S": b"bytes"}, {"NULL": 1}, {"S": "ABCDEFGH"},
    {"S": "ABCDEFG\n"}, {"S": "ABCDEFGHÄJKLMNOP"}, {"S": '12345678"2345678'},
]  # fmt: skip
ODD_PARTS: dict[str, list[Any]] = {
    "SequenceNumber": ["", "1" * 40, "1" * 41, "\u0661", 7, None, "-1", "1 ", "0"],
    "ApproximateCreationDateTime": [
        True, False, 0, -1, 1.5, 99_999_999_999, 100_000_000_000, 10**30, None, "1771236000", NOW, float("nan"),
    ],
    "StreamViewType": [None, "NEW_AND_OLD_IMAGES ", {"S": "a"}, 5],
    "NewImage": [{}, None, [], "x", MappingProxyType(item("7", "2026-02-16T10:00:00Z"))],
    "OldImage": [{}, None, [], "x", {"Id": {"S": "7"}}],
}  # fmt: skip
ODD_EVENTS: dict[str, list[Any]] = {
    "eventName": ["INSERT", "MODIFY", "REMOVE", "insert", "", None, 5, ["INSERT"]],
    "userIdentity": [TTL, None, {}, {"type": "Service"}, "x"],
    "dynamodb": [None, {}, [], "x"],
}
WHOLE: list[Any] = [None, 5, [], "x", {}, MappingProxyType(event(9, NOW, item("9", "2026-02-16T10:00:00Z"), None))]


def _record(number: int, chance: random.Random) -> Any:
    identity, days = str(number), ["2026-02-16T10:00:00Z", "2026-02-17T09:30:00.5Z", "2026-02-30", ""]
    images: list[dict[str, Any]] = [
        item(identity, chance.choice(days[: chance.choice([1, 2, 4])]), chance.choice(["A", "A", "ü", "Z"]))
        for _ in range(2)
    ]
    for image in images:
        image |= {chance.choice(NAMES): value_of(chance) for _ in range(chance.randrange(4))}
        if chance.random() < 0.3:
            image[chance.choice(["At", "Kind", "Id", "Note", *NAMES])] = chance.choice(ODD_VALUES)
        if chance.random() < 0.1:
            image.pop(chance.choice(["At", "Kind", "Id"]))
    made: Any = event(number, NOW, item("k", "t"), item("k", "t"))
    made["eventName"] = chance.choice(["INSERT", "MODIFY", "MODIFY", "REMOVE"])
    made["dynamodb"] |= {"NewImage": images[0], "OldImage": images[1]}
    if chance.random() < 0.2:
        part = chance.choice([*ODD_PARTS])
        made["dynamodb"][part] = chance.choice(ODD_PARTS[part])
    if chance.random() < 0.1:
        part = chance.choice([*ODD_EVENTS])
        made[part] = chance.choice(ODD_EVENTS[part])
    return chance.choice(WHOLE) if chance.random() < 0.03 else made


def _read(source: str, events: list[Any]) -> dict[str, Any]:
    """Return all that comes of records, in an order that does not depend on how they were read."""
    of_items, retention, projected = SOURCES[source]
    dataset = Dataset(name="rows", source=of_items, retention=retention)
    kinds = ("S",) if isinstance(of_items, IndexSource) else ()
    description = SourceDescription(kinds, "S", ("Id",), projected, 0)
    of_stream = DatasetOfStream(dataset, SortKey("ISO", dataset.zone, "S", 2027), description)
    reader = RecordReader(dataset, description)
    records = reader.read(events)
    found = ChangeDecoder(of_stream, initial_schema(dataset, None, NOW)).decode(records, NOW)
    return {
        "rows": {day: sorted(map(repr, rows.to_pylist())) for day, rows in found.days.items()},
        "columns": sorted((column.name, str(column.type)) for column in found.schema.columns),
        "quarantined": sorted((one.reason, one.item) for page in found.quarantined for one in page),
        "poison": found.poison,
        "records": records.poison, "expired": records.expired, "ttl": records.by_ttl,
        "at": list(records.at), "newest": records.newest_at, "images": (len(records.new), len(records.old)),
    }  # fmt: skip


@pytest.mark.parametrize("source", [*SOURCES])
def test_both_ways_to_read_a_record_give_the_same(source, monkeypatch):
    """Rows, columns, quarantine, poison, times and what expired: the compiled scanner only makes them sooner."""
    for seed in range(BATCHES // len(SOURCES)):
        chance = random.Random(f"{source} {seed}")
        events = [_record(number, chance) for number in range(chance.choice([1, 2, 8]))]
        fast = _read(source, events)
        with monkeypatch.context() as without:
            without.setattr(carried, "library", lambda: None)
            slow = _read(source, events)
        assert fast == slow, f"seed {seed}"


def test_a_usual_record_needs_no_python(monkeypatch):
    """Every type of DynamoDB, hostile texts and names, moves and removals are the scanner's, as JSON has them."""
    monkeypatch.setattr(carried, "stream_record", None)
    new = item("1", "2026-02-16T10:00:00Z", Text={"S": 'ü\n"\\'}, **{'quo"te': {"N": "1E+1"}, "Flag": {"BOOL": False}})
    new |= {
        "Map": {"M": {"a": {"L": [{"NULL": True}, {"B": "AP8="}]}}},
        "Set": {"NS": ["1", "2.50"]},
        "None": {"M": {}},
    }
    old = item("1", "2026-02-17T10:00:00Z")
    found = _read("an index", [event(1, NOW, new, None), event(2, NOW, new, old), event(3, NOW, None, old)])
    assert {day.day: len(rows) for day, rows in found["rows"].items()} == {16: 2, 17: 2}
    assert (found["images"], found["quarantined"], found["poison"]) == ((2, 2), [], {})
