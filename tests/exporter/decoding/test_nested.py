"""Columns of values inside maps and lists."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from dataset_model import Column, Dataset, IndexSource
from dataset_model.columns.types import ColumnType
from exporter.decoding.batch import ITEM
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.schema import extended_schema, initial_schema
from exporter.errors import SchemaConflict
from exporter.planning.sort_key import SortKey

NOW = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)
SOURCE = IndexSource(
    table="calls", index="by-time", partition_key="Kind", partition_values=("A",), sort_key="At", date_format="ISO"
)


def dataset(columns: dict[str, str], undeclared: str = "ignore") -> Dataset:
    """Return a dataset with a column c0, c1 ... for each attribute."""
    declared = [
        Column(name=f"c{number}", attribute=attribute, type=ColumnType.parse(column_type))
        for number, (attribute, column_type) in enumerate(columns.items())
    ]
    return Dataset(name="calls", source=SOURCE, columns=declared, undeclared=undeclared)


def decoded(described: Dataset, *items: dict):
    schema = initial_schema(described, None, NOW)
    decoder = PageDecoder(schema, described, SortKey("ISO", ZoneInfo("UTC"), "S", 2027), ("Id",))
    present = [{"At": {"S": "2026-02-16T09:58:00Z"}} | item for item in items]
    return decoder.decode(json.dumps({"Items": present}).encode())


def cells(page, name: str) -> list:
    return page.rows.column(name).to_pylist()


PAYLOAD = {
    "M": {
        "agentId": {"S": "a-7"},
        "queue": {"N": "0012"},
        "legs": {"L": [{"M": {"seconds": {"N": "61.5"}}}, {"M": {"seconds": {"N": "2"}}}]},
        "vip": {"BOOL": True},
        "nothing": {"NULL": True},
    }
}


@pytest.mark.parametrize(
    ("attribute", "column_type", "value"),
    [
        ("payload.agentId", "string", "a-7"),
        ("payload.queue", "string", "0012"),
        ("payload.queue", "bigint", 12),
        ("payload.legs[0].seconds", "double", 61.5),
        ("payload.legs.1.seconds", "double", 2.0),
        ("payload.legs[1]", "json", '{"seconds":2}'),
        ("payload.vip", "boolean", True),
        ("payload.nothing", "string", None),
        ("payload.nothing.deeper", "string", None),
        ("payload.missing", "string", None),
        ("payload.missing.deeper[3].still", "string", None),
        ("payload.legs[2].seconds", "double", None),
        ("absent.agentId", "string", None),
    ],
)
def test_a_path_reads_a_value_inside_an_attribute(attribute, column_type, value):
    """The value is read as the column's type; a missing step, or a NULL on the way, is null and no contradiction."""
    page = decoded(dataset({attribute: column_type}), {"payload": PAYLOAD})
    assert cells(page, "c0") == [value]
    assert page.nulled == ()
    assert ("payload" in {name for _, name in page.ignored}) == attribute.startswith("absent")


@pytest.mark.parametrize(
    ("attribute", "column_type", "payload", "reason"),
    [
        (
            "payload.agentId", "string", {"S": "free text"},
            "c0: payload.agentId: expected a map at payload; found S 'free text'",
        ),
        ("payload.a.b", "string", {"M": {"a": {"N": "1"}}}, "c0: payload.a.b: expected a map at payload.a; found N 1"),
        ("payload[0]", "string", {"M": {}}, "c0: payload[0]: expected a list at payload; found M {}"),
        ("payload.name", "string", {"L": []}, "c0: payload.name: expected a map at payload; found L []"),
        (
            "payload[0][1]", "string", {"L": [{"SS": ["x"]}]},
            'c0: payload[0][1]: expected a list at payload[0]; found SS ["x"]',
        ),
        (
            "payload.rate", "double", {"M": {"rate": {"S": "n/a"}}},
            "c0: payload.rate: expected a number; found S 'n/a'",
        ),
    ],
)  # fmt: skip
def test_a_wrong_type_is_quarantined_with_the_path(attribute, column_type, payload, reason):
    """A step into what is no map or list, or a value that contradicts its column, becomes null; its path is named."""
    page = decoded(dataset({attribute: column_type}), {"payload": payload})
    assert cells(page, "c0") == [None]
    assert [(found.reason, found.attribute, found.row) for found in page.nulled] == [(reason, attribute, 0)]


def test_an_attribute_with_a_dot_in_its_name_and_a_path_are_two_columns():
    r"""`payload\.agentId` is the attribute of that name, `payload.agentId` the member of a map, in one item."""
    described = dataset({r"payload\.agentId": "string", "payload.agentId": "string", "payload": "json"})
    page = decoded(described, {"payload": {"M": {"agentId": {"S": "in"}}}, "payload.agentId": {"S": "out"}})
    assert [cells(page, name) for name in ("c0", "c1", "c2")] == [["out"], ["in"], ['{"agentId":"in"}']]
    assert page.nulled == ()


@pytest.mark.parametrize("undeclared", ["add", "extra"])
def test_the_rest_of_an_attribute_is_not_lost(undeclared):
    """Under `add` and `extra` the attribute is kept whole as well: members without a column stay readable."""
    page = decoded(dataset({"payload.agentId": "string"}, undeclared), {"payload": PAYLOAD, "payload.x": {"S": "dot"}})
    if undeclared == "extra":
        assert json.loads(cells(page, "extra")[0])["payload"]["queue"] == 12
        assert json.loads(cells(page, "extra")[0])["payload.x"] == "dot"
    else:
        assert json.loads(cells(page, "late:payload")[0]) == PAYLOAD
        assert json.loads(cells(page, "late:payload.x")[0]) == {"S": "dot"}
        assert cells(page, ITEM)[0] is not None


def test_rows_keep_their_values_where_others_are_withheld_or_mixed():
    """A page of plain maps, a text instead of a map, an item without day and an item without the attribute."""
    page = decoded(
        dataset({"payload.n": "bigint", "plain": "string"}),
        {"payload": {"M": {"n": {"N": "1"}}}, "plain": {"S": "a"}},
        {"payload": {"M": {"n": {"N": "2"}}}, "At": {"S": "never"}},
        {"payload": {"S": "x"}, "plain": {"N": "5"}},
        {"plain": {"S": "d"}},
    )
    assert cells(page, "c0") == [1, None, None]
    assert cells(page, "c1") == ["a", "5", "d"]
    assert [found.row for found in page.nulled] == [1]
    assert len(page.withheld) == 1


def test_a_published_column_of_a_dotted_name_is_not_taken_for_a_path():
    """A table that has learned the attribute `payload.agentId` refuses the path, and says how to write the name."""
    learned = extended_schema(
        initial_schema(dataset({}, "add"), None, NOW), dataset({}, "add"), {"payload.agentId": {"S"}}, NOW
    )
    assert [(column.name, column.attribute) for column in learned.columns] == [("payload_agentid", "payload.agentId")]
    column = Column(name="payload_agentid", attribute="payload.agentId", type=ColumnType("string"))
    wanted = dataset({}, "add").model_copy(update={"columns": (column,)})
    with pytest.raises(SchemaConflict) as refused:
        initial_schema(wanted, learned, NOW)
    assert "declared as string of path 'payload.agentId', but payload_agentid is published as string of attribute " in (
        str(refused.value)
    )
    assert r"'payload\.agentId'" in str(refused.value)
    escaped = wanted.model_copy(update={"columns": (column.model_copy(update={"attribute": r"payload\.agentId"}),)})
    assert [found.name for found in initial_schema(escaped, learned, NOW).columns] == ["payload_agentid"]
