"""Items of every kind, each with a list of elements of every kind, against a reading of their JSON."""

import datetime as dt
import json
import random
from typing import Any

import pytest
from fenced import Fenced, elements_fenced

from dataset_model import dataset_from_text
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.nested.elements import Elements
from exporter.decoding.schema import initial_schema
from exporter.native.library import ElementParts, library
from exporter.planning.sort_key import SortKey

FILE = """\
name: d
source: {table: ttt, index: iii, partition_key: Kind, partition_values: [A], sort_key: At}
undeclared: UNDECLARED
explode: "LIST"
columns:
- {name: id, attribute: Id, type: string}
- {name: number, attribute: "LIST[#]", type: bigint}
- {name: role, attribute: "LIST[*].role", type: string}
- {name: seconds, attribute: "LIST[*].seconds", type: double}
- {name: inner, attribute: "LIST[*].map.x", type: string}
"""
NAMES = ["plain", 'with"quote', "per%cent", "%b", "%d", "back\\slash", "Ümläut 🎧", "a%%b"]
ODD: list[dict[str, Any]] = [
    {"S": 'q"\\%b'}, {"N": "1.50"}, {"BOOL": True}, {"NULL": True}, {"L": [{"S": "y"}]}, {"M": {"k": {"S": "v%"}}},
]  # fmt: skip
DAYS = ["2026-02-16", "2026-02-17", "never"]


def element(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.3:
        return rng.choice(ODD)
    members: dict[str, Any] = {name: rng.choice(ODD) for name in rng.sample(NAMES, rng.randrange(3))}
    if rng.random() < 0.8:
        members["role"] = {"S": rng.choice("abc")}
    if rng.random() < 0.7:
        members["seconds"] = rng.choice([{"N": str(rng.randrange(100))}, {"S": "x"}])
    if rng.random() < 0.5:
        members["map"] = rng.choice([{"M": {"x": {"S": "in"}}}, {"S": "none"}])
    return {"M": members}


def item(rng: random.Random, identity: str, listed: str) -> dict[str, Any]:
    made: dict[str, Any] = {"Id": {"S": identity}, "Kind": {"S": "A"}, "At": {"S": f"{rng.choice(DAYS)}T10:00:00Z"}}
    made |= {name: rng.choice(ODD) for name in rng.sample(NAMES, rng.randrange(2))}
    if rng.random() < 0.8:
        made[listed] = {"L": [element(rng) for _ in range(rng.randrange(5))]}
    elif rng.random() < 0.5:
        made[listed] = rng.choice(ODD)
    if rng.random() < 0.03:
        made[f"{listed}[*].role"] = {"S": "not an element's"}
    return dict(rng.sample(sorted(made.items()), len(made)))


def rows_of(items: list[dict[str, Any]], listed: str) -> tuple[list[tuple[Any, ...]], dict[str, int], int, int]:
    """Return the rows, the items by day, and how many items are withheld or have a list that is not readable."""
    rows: list[tuple[Any, ...]] = []
    days: dict[str, int] = {}
    withheld = refused = 0
    for each in items:
        day = each["At"]["S"][:10]
        if day.startswith("never"):
            withheld += 1
            continue
        days[day] = days.get(day, 0) + 1
        found = each.get(listed, {"NULL": True})
        if f"{listed}[*].role" in each or not {"L", "NULL"} & found.keys():
            refused += 1
            continue
        for number, value in enumerate(found.get("L", []), 1):
            members = value.get("M", {})
            seconds = members.get("seconds", {}).get("N")
            inner = members.get("map", {}).get("M", {}).get("x", {}).get("S")
            role = members.get("role", {}).get("S")
            rows.append((each["Id"]["S"], number, role, None if seconds is None else float(seconds), inner, day))
    return rows, days, withheld, refused


@pytest.mark.parametrize("listed", ["messages", "a%b", "ü ber"])
@pytest.mark.parametrize("undeclared", ["ignore", "extra"])
@pytest.mark.parametrize("reader", [library, lambda: None], ids=["compiled", "python"])
def test_rows_items_and_quarantine_are_those_of_the_json(listed, undeclared, reader, monkeypatch):
    """Whatever the names, the spelling of the JSON and the order of attributes; every row has a key of its own."""
    monkeypatch.setattr("exporter.decoding.decoder.library", reader)
    dataset = dataset_from_text(FILE.replace("UNDECLARED", undeclared).replace("LIST", listed), "d.yaml")
    schema = initial_schema(dataset, None, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    decoder = PageDecoder(schema, dataset, SortKey("ISO", dataset.zone, "S", 2027), ("Id",))
    rng = random.Random(f"{listed} {undeclared}")
    for page in range(60):
        items = [item(rng, f"{page}-{place}", listed) for place in range(rng.randrange(6))]
        content = {"Items": items, "Count": len(items), "ConsumedCapacity": {"CapacityUnits": 1.5}}
        decoded = decoder.decode(json.dumps(content, ensure_ascii=rng.random() < 0.5).encode())
        names = ("id", "number", "role", "seconds", "inner", "_day")
        found = [tuple(str(row[n]) if n == "_day" else row[n] for n in names) for row in decoded.rows.to_pylist()]
        rows, days, withheld, refused = rows_of(items, listed)
        assert found == rows, content
        assert {str(day): count for day, count in (decoded.items_by_day or {}).items()} == days
        assert (decoded.items, len(decoded.withheld), decoded.read_units) == (len(items), withheld, 1.5)
        assert sum(entry.row is None for entry in decoded.nulled) == refused
        assert len(set(decoded.rows.column("_key").to_pylist())) == len(rows)
        for entry in decoded.nulled:
            assert entry.row is None or json.loads(entry.item)["Id"]["S"] == rows[entry.row][0]


def test_a_long_item_is_not_repeated_for_each_of_its_elements():
    """An attribute without a column is in the first row's bytes alone: memory does not grow by the product."""
    dataset = dataset_from_text(FILE.replace("UNDECLARED", "extra").replace("LIST", "messages"), "d.yaml")
    schema = initial_schema(dataset, None, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    decoder = PageDecoder(schema, dataset, SortKey("ISO", dataset.zone, "S", 2027), ("Id",))
    listed = {"L": [{"M": {"role": {"S": "a"}}}] * 3000}
    long = {"Id": {"S": "1"}, "At": {"S": "2026-02-16T10:00:00Z"}, "Long": {"S": "x" * 200_000}, "messages": listed}
    decoded = decoder.decode(json.dumps({"Items": [long]}).encode())
    assert decoded.rows.num_rows == 3000
    assert decoded.rows.nbytes < 1_000_000


MAPS = [
    b'{"L":[{"M":{"a":{"S":"x"}}}]}',
    b' { "L" : [ { "M" : { "a" : {"S": "x"} , "b":{"N" :"1"} } } , {"M":{}} ] } ',
    b'{"L":[]}',
    '{"L":[{"M":{"Ü 🎧":{"S":"ä"},"%b":{"L":[{"M":{"k":{"BOOL":true}}}]}}}]}'.encode(),
    b'{"L":[' + b",".join([b'{"M":{"a":{"N":"1"}}}'] * 1234) + b"]}",
    b'{"L":[{"M":{' + b",".join(b'"m%d":{"NULL":true}' % number for number in range(64)) + b"}}]}",
]
DECLINED = [
    b'{"L":[{"M":{' + b",".join(b'"m%d":{"NULL":true}' % number for number in range(65)) + b"}}]}",
    rb'{"L":[{"M":{"\u0061":{"S":"x"}}}]}',
    b'{"L":[{"M":{"a":{"S":"x"},"a":{"S":"y"}}}]}',
    b'{"L":[{"M":{"a":{"S":"x"}}},{"NULL":true}]}',
    b'{"L":[{"M":{"a":{"S":"x"}}},{"S":"text"}]}',
    b'{"L":[{"M":{"a":' + b'{"L":[' * 70 + b"]}" * 70 + b"}}]}",
    b'{"NULL":true}',
    b'{"S":"L"}',
]


@pytest.mark.parametrize("listed", [*MAPS, *DECLINED])
def test_a_list_becomes_the_same_items_compiled_and_in_python(listed):
    """Every member, element and number, also where the compiled library leaves a list to Python."""
    body = b'{"Items":[{"Id":{"S":"1"},"messages":%b,"Other":{"S":"o"}},{"Id":{"S":"2"}}]}' % listed
    made = [Elements("messages", ["Id"], reader).explode(body) for reader in (library(), None)]
    assert json.loads(made[0].body) == json.loads(made[1].body)
    assert (made[0].origins, made[0].numbers, made[0].refused) == (made[1].origins, made[1].numbers, made[1].refused)
    assert made[0].plain == made[1].plain


@pytest.mark.parametrize("listed", MAPS)
def test_the_compiled_library_declines_a_torn_list(listed):
    """Cut off at any byte, or with a byte of another kind there, a list is declined or read; nothing lies beyond it."""
    parts, source, target = ElementParts.of(b"{", b"", b"p."), Fenced(1 << 16), Fenced(1 << 16)

    def made(given):
        return elements_fenced(library(), given, parts, source, target)

    assert made(listed) is not None
    for cut in range(min(len(listed.rstrip()), 300)):
        assert made(listed[:cut]) is None
        for byte in b'"\\{}[]\x00\xff':
            made(listed[:cut] + bytes([byte]) + listed[cut + 1 :])


@pytest.mark.parametrize("listed", DECLINED)
def test_the_compiled_library_leaves_what_is_not_plain_to_python(listed):
    """Else the test above would compare Python with itself and say nothing of what is declined."""
    assert library().elements(listed, ElementParts.of(b"{", b"", b"p."), b"", b"") is None
