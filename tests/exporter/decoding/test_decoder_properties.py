"""For any item, decoded rows equal an independent plain reading of it, or it is quarantined with a reason."""

import base64
import datetime as dt
import json
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataset_model import Column, Dataset, IndexSource
from dataset_model.columns.types import ColumnType
from exporter.decoding.decoder import DAY, ITEM, KEY, LATE, DecodedPage, PageDecoder
from exporter.decoding.late_columns import kinds_of_late, late_column, with_types
from exporter.decoding.page import _ScannedPages, _TypedPages
from exporter.decoding.schema import extended_schema, initial_schema, kinds_in_page, type_of_kinds
from exporter.native.library import library
from exporter.planning.sort_key import SortKey

from .independent_reading import agrees, as_json, as_number, exact, from_json, parsed, read

CORPUS = Path(__file__).parents[1] / "corpus"
NAMES = [json.loads(line) for line in (CORPUS / "names.jsonl").read_text(encoding="utf-8").splitlines()]
NUMBERS = [
    line.split(" | ")[0]
    for line in (CORPUS / "numbers.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
NOW = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)
DECLARED = {
    "text": "string", "Amount": "double", "Whole": "bigint", "Exact": "decimal(20,4)", "Flag": "boolean",
    "Doc": "json", "Moment": "timestamp", "On": "date", 'we"ird': "double",
}  # fmt: skip
SCHEMES = st.sampled_from([("declared", "add"), ("declared", "extra"), ("declared", "ignore"), ("sampled", "add")])


def dataset(columns: str, undeclared: Any) -> Dataset:
    declared = [
        Column(name=f"c{number}", attribute=attribute, type=ColumnType.parse(column_type))
        for number, (attribute, column_type) in enumerate(DECLARED.items())
    ]
    source = IndexSource(table="orders", index="by-time", partition_key="Kind", partition_values=("A",), sort_key="At")
    return Dataset(
        name="orders", source=source, columns=declared if columns == "declared" else (), undeclared=undeclared
    )


def decoder(scheme: tuple[str, Any], sample: bytes, **options: Any) -> PageDecoder:
    described = dataset(*scheme)
    schema = initial_schema(described, None, NOW)
    if scheme[0] == "sampled":
        schema = extended_schema(schema, described, kinds_in_page(sample), NOW)
    return PageDecoder(schema, described, SortKey("ISO", described.zone, "S", 2027), ("Id", "Seq"), **options)


# ---- items

digits = st.integers(1, 38).flatmap(lambda length: st.integers(0, 10**length - 1))
numbers = st.sampled_from(NUMBERS) | st.builds(
    lambda sign, digit, exponent: str(Decimal((sign, tuple(map(int, str(digit))), exponent))),
    st.integers(0, 1),
    digits,
    st.integers(-40, 40),
)
texts = st.sampled_from(["", "n/a", "12", " 12", "1E5", "NaN", "inf", "true", "null", "2026-02-16", "1e999", "٣"]) | (
    st.text(max_size=6)
)
binaries = st.binary(max_size=6).map(lambda data: base64.b64encode(data).decode())
scalars = st.one_of(
    texts.map(lambda text: {"S": text}),
    numbers.map(lambda number: {"N": number}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    binaries.map(lambda data: {"B": data}),
    st.lists(texts, min_size=1, max_size=3, unique=True).map(lambda texts: {"SS": texts}),
    st.lists(numbers, min_size=1, max_size=3, unique_by=Decimal).map(lambda found: {"NS": found}),
    st.lists(binaries, min_size=1, max_size=3, unique=True).map(lambda found: {"BS": found}),
)
names = st.sampled_from(NAMES) | st.text(min_size=1, max_size=5)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda held: {"L": held})
        | st.dictionaries(names, inner, max_size=3).map(lambda held: {"M": held})
    ),
    max_leaves=5,
)
times = st.sampled_from(
    ["2026-02-16T09:58:00Z", "2026-02-16T23:59:59.999Z", "2026-02-17", "2026-02-17 00:30:00+05:30", "2026-02-15T08:00"]
).map(lambda text: {"S": text})
unreadable = st.sampled_from([{"S": "n/a"}, {"S": "1970-01-01T00:00:00Z"}, {"N": "12"}, {"NULL": True}])
usual = {
    "text": texts.map(lambda text: {"S": text}),
    "Amount": numbers.map(lambda number: {"N": number}),
    "Whole": st.integers(-(2**63), 2**63 - 1).map(lambda number: {"N": str(number)}),
    "Exact": st.decimals(-10000, 10000, places=4).map(lambda number: {"N": str(number)}),
    "Flag": st.booleans().map(lambda flag: {"BOOL": flag}),
    "Moment": times,
    "On": times,
}
plain_items = st.fixed_dictionaries(
    {"Id": texts.map(lambda text: {"S": text}), "Seq": numbers.map(lambda number: {"N": number}), "At": times},
    optional=usual,
)
wild_items = st.builds(
    lambda item, at, changed: item | {"At": at} | changed,
    plain_items,
    st.one_of(times, times, unreadable),
    st.dictionaries(st.sampled_from([*DECLARED, "Late"]) | names, values, max_size=4),
)
item_lists = st.lists(plain_items | wild_items, max_size=8)


def body_of(items: list[dict[str, Any]], ascii_only: bool = True, spaced: bool = True) -> bytes:
    separators = (", ", ": ") if spaced else (",", ":")
    response = {"Count": len(items), "Items": items, "ScannedCount": len(items)}
    return json.dumps(response, ensure_ascii=ascii_only, separators=separators).encode()


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(item_lists, SCHEMES, st.booleans(), st.booleans())
def test_rows_equal_an_independent_reading_of_the_items(items, scheme, ascii_only, spaced):
    """Promises 3 and 4: read = rows + withheld; each value is the one stored, or null with its item quarantined."""
    body = body_of(items, ascii_only, spaced)
    page = decoder(scheme, body).decode(body)
    assert page.items == len(items) == page.rows.num_rows + len(page.withheld)
    readable = [item for item in items if _day(item) is not None]
    assert [json.loads(found.item) for found in page.withheld] == [item for item in items if _day(item) is None]
    assert page.rows.column(DAY).to_pylist() == [_day(item) for item in readable]
    _check_columns(page, readable, decoder(scheme, body))
    _check_undeclared(page, readable, decoder(scheme, body), scheme[1])
    for found in page.nulled:
        assert json.loads(found.item) == readable[found.row or 0]
        assert found.day == _day(readable[found.row or 0])


def _day(item: dict[str, Any]) -> dt.date | None:
    days = {
        "2026-02-16T09:58:00Z": 16, "2026-02-16T23:59:59.999Z": 16, "2026-02-17": 17, "2026-02-17 00:30:00+05:30": 16,
        "2026-02-15T08:00": 15,
    }  # fmt: skip
    found = days.get(item["At"].get("S", ""))
    return None if found is None else dt.date(2026, 2, found)


def _check_columns(page: DecodedPage, items: list[dict[str, Any]], used: PageDecoder) -> None:
    nulled = {(found.row, found.attribute) for found in page.nulled}
    inexact: Counter[tuple[Any, str]] = Counter()
    for column in used.schema.columns:
        if column.attribute is None:
            continue
        cells = page.rows.column(column.name).to_pylist()
        for row, (cell, item) in enumerate(zip(cells, items, strict=True)):
            value = read(item.get(column.attribute))
            if column.type.name not in {"timestamp", "date"}:
                assert agrees(cell, value, str(column.type)), (column, cell, value)
            assert ((row, column.attribute) in nulled) == (cell is None and value is not None)
            if column.type.name == "double" and cell is not None and not exact(as_number(value) or Decimal()):
                inexact[_day(item), column.name] += 1
    assert {place: found.count for place, found in page.inexact.items()} == dict(inexact)


def _check_undeclared(page: DecodedPage, items: list[dict[str, Any]], used: PageDecoder, policy: str) -> None:
    undeclared = sorted({name for item in items for name in item} - used.schema.names.keys())
    late = [name for name in page.rows.schema.names if name.startswith(LATE)]
    assert late == ([LATE + name for name in undeclared] if policy == "add" else [])
    assert (ITEM in page.rows.schema.names) == bool(late)
    for name in late:
        raw = page.rows.column(name)
        column_type = type_of_kinds(kinds_of_late(raw))
        if column_type is not None:
            typed = late_column(raw, column_type)
            assert not typed.contradictions
            for cell, item in zip(typed.values.to_pylist(), items, strict=True):
                assert agrees(cell, read(item.get(name[len(LATE) :])), str(column_type))
    if policy == "extra":
        for cell, item in zip(page.rows.column("extra").to_pylist(), items, strict=True):
            held = {name: as_json(read(value)) for name, value in item.items() if name in undeclared}
            assert from_json(cell) == (held or None)
    counted = Counter((_day(item), name) for item in items for name in item if name in undeclared)
    assert page.ignored == (counted if policy == "ignore" else {})


def _outcome(pages: list[DecodedPage]) -> Any:
    names = sorted({name for page in pages for name in page.rows.schema.names})
    rows = [{name: row.get(name) for name in names} for page in pages for row in page.rows.to_pylist()]
    inexact: Counter[Any] = Counter()
    ignored: Counter[Any] = Counter()
    for page in pages:
        inexact.update({place: found.count for place, found in page.inexact.items()})
        ignored.update(page.ignored)
    nulled = [(found.reason, found.item, found.attribute, found.day) for page in pages for found in page.nulled]
    return rows, [found for page in pages for found in page.withheld], nulled, inexact, ignored


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(item_lists, SCHEMES, st.randoms(use_true_random=False))
def test_page_boundaries_do_not_show_in_the_result(items, scheme, randomness: random.Random):
    """However an index is cut into pages, in whatever order earlier pages taught the decoder, rows are the same."""
    whole = body_of(items)
    cuts = sorted(randomness.randrange(len(items) + 1) for _ in range(randomness.randrange(4)))
    pieces = [items[start:end] for start, end in zip([0, *cuts], [*cuts, len(items)], strict=True)]
    used = decoder(scheme, whole)
    one_by_one = [used.decode(body_of(piece, randomness.random() < 0.5, randomness.random() < 0.5)) for piece in pieces]
    assert _outcome(one_by_one) == _outcome([decoder(scheme, whole).decode(whole)])
    assert _outcome([used.decode(whole)]) == _outcome([decoder(scheme, whole).decode(whole)])


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(item_lists, SCHEMES)
def test_items_that_the_client_parsed_give_the_same_page(items, scheme):
    """The fallback from raw bodies changes nothing but speed."""
    body = body_of(items)
    used = decoder(scheme, body)
    by_client = [{name: parsed(value) for name, value in item.items()} for item in items]
    assert _outcome([used.decode(msgspec.json.encode({"Items": by_client}))]) == _outcome([used.decode(body)])


def _read_by(scheme: tuple[str, Any], sample: bytes, *ways: type, **options: Any) -> PageDecoder:
    """Return a decoder that reads pages in these ways alone, and as values of any kind where they decline one."""
    with patch("exporter.decoding.decoder.library", library if _ScannedPages in ways else lambda: None):
        used = decoder(scheme, sample, **options)
    reader = used._reader
    prepare = reader._prepare

    def prepare_these() -> None:
        prepare()
        reader._ways = tuple(way for way in reader._ways if isinstance(way, ways))

    reader._prepare = prepare_these
    prepare_these()
    return used


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(item_lists, SCHEMES, st.booleans(), st.booleans())
def test_every_way_through_a_page_gives_the_same_page(items, scheme, ascii_only, spaced):
    """Compiled, by structs or as values of any kind: what a page holds does not depend on how it was read."""
    body = body_of(items, ascii_only, spaced)
    ways = [(_ScannedPages, _TypedPages), (_ScannedPages,), (_TypedPages,), ()]
    first, *others = [_outcome([used.decode(body), used.decode(body)])
                      for used in (_read_by(scheme, body, *way) for way in ways)]  # fmt: skip
    for other in others:
        assert other == first


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(item_lists, SCHEMES, st.randoms(use_true_random=False))
def test_damaged_bytes_are_read_by_every_way_alike(items, scheme, randomness: random.Random):
    """Bytes that are hardly a response any more: the same rows or the same refusal, compiled or not."""
    whole = body_of(items, randomness.random() < 0.5, spaced=False)
    body = bytearray(whole)
    for _ in range(randomness.randrange(1, 4)):
        at = randomness.randrange(len(body) + 1)
        match randomness.randrange(4):
            case 0:
                body[at : at + 1] = bytes([randomness.randrange(256)])
            case 1:
                body[at:at] = randomness.choice([b'"', b"\\", b"{", b"}", b"[", b",", b"\\u12", b"\x80", b" ", b'"N":'])
            case 2:
                del body[at : at + randomness.randrange(1, 5)]
            case _:
                start = randomness.randrange(len(body) + 1)
                body[at:at] = body[start : start + randomness.randrange(40)]
    outcomes = []
    for ways in ((_ScannedPages, _TypedPages), (_TypedPages,)):
        used = _read_by(scheme, whole, *ways)
        try:
            outcomes.append(repr(_outcome([used.decode(bytes(body))])))
        except (msgspec.MsgspecError, ArithmeticError, ValueError):
            outcomes.append("refused")
    assert outcomes[0] == outcomes[1]


@given(st.lists(plain_items, min_size=1, max_size=6))
def test_equal_keys_have_equal_hashes_and_others_differ(items):
    """`_key` stands for the primary key: the same for any way to write its number, different otherwise."""
    page = decoder(("declared", "ignore"), b"{}").decode(body_of(items))
    keys = [(item["Id"]["S"], Decimal(item["Seq"]["N"])) for item in items]
    hashes = page.rows.column(KEY).to_pylist()
    assert all(len(found) == 16 for found in hashes)
    assert len(set(zip(keys, hashes, strict=True))) == len(set(keys)) == len(set(hashes))


def test_a_key_has_one_hash_however_its_number_is_written():
    """A key that an emulator keeps as it was put is the key that DynamoDB would have made of it."""
    ways = ["100", "1E+2", "100.0", "0100", "+100", "1e2"]
    items = [{"Id": {"S": "a"}, "Seq": {"N": way}, "At": {"S": "2026-02-16"}} for way in ways]
    keys = decoder(("declared", "ignore"), b"{}").decode(body_of(items)).rows.column(KEY).to_pylist()
    assert len(set(keys)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_corpus_is_an_attribute_like_any_other(name):
    """An attribute may have any name: declared, added, kept as extra or late."""
    item = {"At": {"S": "2026-02-16"}, name: {"S": "value"}}
    body = body_of([item, {"At": {"S": "2026-02-16"}}])
    source = dataset("none", "add")
    schema = extended_schema(initial_schema(source, None, NOW), source, {name: {"S"}}, NOW)
    page = PageDecoder(schema, source, SortKey("ISO", source.zone, "S", 2027), ()).decode(body)
    assert page.rows.column(schema.names[name]).to_pylist() == ["value", None]
    late = decoder(("declared", "add"), body).decode(body)
    assert late.rows.column(LATE + name).to_pylist() == ['{"S":"value"}', None]
    extra = decoder(("declared", "extra"), body).decode(body)
    assert json.loads(extra.rows.column("extra")[0].as_py()) == {"At": "2026-02-16", name: "value"}


WAYS = st.sampled_from([(), (_TypedPages,), (_ScannedPages, _TypedPages)])


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(item_lists, WAYS, st.randoms(use_true_random=False))
def test_attributes_that_get_their_types_late_have_the_same_values(items, ways, randomness: random.Random):
    """Pages read without columns, in any cuts and ways, give the rows of a run that knew all types before."""
    scheme, whole = ("sampled", "add"), body_of(items)
    knowing = decoder(scheme, whole)
    names = [*(column.name for column in knowing.schema.columns), DAY, KEY]
    expected = [{name: row[name] for name in names} for row in knowing.decode(whole).rows.to_pylist()]
    used = _read_by(("none", "add"), whole, *ways, late_by_kind=True)
    cut = randomness.randrange(len(items) + 1)
    pages = [used.decode(body_of(part, spaced=randomness.random() < 0.5)) for part in (items[:cut], items[cut:])]
    together = pa.concat_tables([pa.Table.from_batches([page.rows]) for page in pages], promote_options="default")
    typed = [with_types(batch, knowing.schema)[0] for batch in together.combine_chunks().to_batches()]
    assert [{name: row.get(name) for name in names} for batch in typed for row in batch.to_pylist()] == expected
