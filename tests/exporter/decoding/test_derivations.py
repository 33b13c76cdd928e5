"""Derived columns of decoded rows."""

import datetime as dt
import json
import threading
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dataset_model import dataset_from_text
from dataset_model.derivations import NotYet
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.derivations import AT_A_TIME, BoundedCache
from exporter.decoding.schema import initial_schema
from exporter.errors import SchemaConflict, StoreError
from exporter.planning.sort_key import SortKey

from .deriving import HEAD, NOW, Functions, decoder, derived, page_of


@pytest.mark.parametrize(
    ("value", "column_type", "held"),
    [
        ("text", "string", "text"),
        (61.5, "double", 61.5),
        (7, "bigint", 7),
        (Decimal("1.10"), "decimal(5,2)", Decimal("1.10")),
        (True, "boolean", True),
        (None, "string", None),
        (dt.datetime(2026, 2, 16, 10, tzinfo=dt.UTC), "timestamp", dt.datetime(2026, 2, 16, 10)),
        (dt.date(2026, 2, 16), "date", dt.date(2026, 2, 16)),
        ({"b": [1, None], "a": "x"}, "json", '{"a":"x","b":[1,null]}'),
        (Decimal("12345678901234567890.123"), "string", "12345678901234567890.123"),
    ],
)
def test_a_value_of_each_type_is_held(value, column_type, held):
    """What a function returns becomes a value of the column's type, by the rules of every column."""
    page = page_of(decoder(Functions(lambda _: value).deriver, column_type), {"x": {"S": "1"}})
    assert derived(page) == [held]
    assert page.nulled == ()


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        ({"S": "a"}, "a"),
        ({"N": "1.50"}, Decimal("1.50")),
        ({"BOOL": False}, False),
        ({"M": {"a": {"L": [{"N": "1"}, {"NULL": True}]}}}, {"a": [Decimal(1), None]}),
        ({"B": "aGk="}, b"hi"),
        ({"NS": ["2"]}, [Decimal(2)]),
        ({"SS": ["s"]}, ["s"]),
    ],
)
def test_a_function_is_given_plain_values(stored, given):
    """Numbers are decimals, maps dicts, lists lists, NULL None, binary bytes."""
    functions = Functions(lambda _: "done")
    assert derived(page_of(decoder(functions.deriver), {"x": stored})) == ["done"]
    assert functions.calls == [(given,)]


def test_inputs_are_paths_and_may_be_columns_of_their_own():
    """A path, an attribute with a column, the sort key and the table's key are inputs like any other."""
    functions = Functions(lambda *values: "|".join(map(str, values)))
    made = decoder(functions.deriver, inputs="p.a, n, At, Id", more="- {name: n, attribute: n, type: bigint}\n")
    page = page_of(made, {"p": {"M": {"a": {"S": "deep"}}}, "n": {"N": "5"}}, {"n": {"N": "6"}})
    assert derived(page) == ["deep|5|2026-02-16T09:58:00Z|0", "None|6|2026-02-16T09:58:00Z|1"]
    assert page.rows.column("n").to_pylist() == [5, 6]


def test_an_item_without_input_is_null_and_no_call():
    """Absent and NULL inputs give null without asking the function."""
    functions = Functions(lambda _: "x")
    assert derived(page_of(decoder(functions.deriver), {}, {"x": {"NULL": True}})) == [None, None]
    assert functions.calls == []


@pytest.mark.parametrize("batch", [0, 1, 2, 25])
def test_a_failure_is_its_items_and_is_named(batch):
    """One bad item of many is nulled with the derivation's name and the error; the others keep their values."""

    def upper(text):
        if text == "bad":
            raise LookupError("no such call")
        return text.upper()

    functions = Functions((lambda _, rows: [upper(*row) for row in rows]) if batch else upper, batch)
    page = page_of(decoder(functions.deriver), *({"x": {"S": text}} for text in ("a", "bad", "c", "d")))
    assert derived(page) == ["A", None, "C", "D"]
    assert [(one.reason, one.attribute, one.row) for one in page.nulled] == [
        ("d: derivation f failed; found LookupError: no such call", "f", 1)
    ]
    assert json.loads(page.nulled[0].item)["x"] == {"S": "bad"}


@pytest.mark.parametrize(
    ("value", "column_type", "reason"),
    [
        ("n/a", "double", "d: derivation f: expected a number; found S 'n/a'"),
        (1.5, "bigint", "d: derivation f: expected a whole number of 64 bits; found N 1.5"),
        (float("nan"), "double", "d: derivation f failed; found ValueError: nan is no number of a column"),
        (
            {1},
            "json",
            "d: derivation f failed; found ValueError: a function returned a set, which no column holds",
        ),
    ],
)
def test_a_value_that_contradicts_its_column_is_nulled(value, column_type, reason):
    """A derived value is held to its column's type as an attribute's is."""
    page = page_of(decoder(Functions(lambda _: value).deriver, column_type), {"x": {"S": "1"}})
    assert derived(page) == [None]
    assert [one.reason for one in page.nulled] == [reason]


def test_a_step_into_what_is_no_map_is_nulled_with_the_path():
    """An input's path that contradicts the item is quarantined with that path."""
    page = page_of(decoder(Functions(lambda _: "x").deriver, inputs="x.a"), {"x": {"S": "1"}})
    assert [one.reason for one in page.nulled] == ["d: x.a: expected a map at x; found S '1'"]


def test_a_wrong_number_of_values_fails_each_item_alone():
    """A function that returns too few values for a batch is asked for each item; those that it answers are kept."""
    functions = Functions(lambda _, rows: [rows[0][0]], 10)
    page = page_of(decoder(functions.deriver), {"x": {"S": "a"}}, {"x": {"S": "b"}})
    assert derived(page) == ["a", "b"]
    assert functions.calls == [[("a",), ("b",)], [("a",)], [("b",)]]


def test_equal_inputs_are_asked_once_in_a_run():
    """A function that reads something is asked once for equal inputs, over pages; again after `forget`."""
    functions = Functions(lambda _, rows: [row[0] for row in rows], 2)
    made = decoder(functions.deriver)
    for _ in range(2):
        assert derived(page_of(made, *({"x": {"S": text}} for text in "abcab"))) == list("abcab")
    assert sorted(functions.calls) == [[("a",), ("b",)], [("c",)]]
    functions.deriver.forget()
    page_of(made, {"x": {"S": "a"}})
    assert len(functions.calls) == 3


def test_a_value_that_may_come_later_is_named():
    """`NotYet` gives its value for now; the row is listed as awaited, with its item and day."""
    functions = Functions(lambda _, rows: [NotYet("for now") if row == ("b",) else "here" for row in rows], 5)
    page = page_of(decoder(functions.deriver), {"x": {"S": "a"}}, {"x": {"S": "b"}})
    assert derived(page) == ["here", "for now"]
    assert [(one.row, one.day, json.loads(one.item)["x"]) for one in page.awaited] == [
        (1, dt.date(2026, 2, 16), {"S": "b"})
    ]


def test_calls_at_the_same_time_are_bounded():
    """Over several threads no more than 16 calls run at once."""
    running, most, lock = 0, 0, threading.Lock()

    def slow(_, rows):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.005)
        with lock:
            running -= 1
        return [row[0] for row in rows]

    made = decoder(Functions(slow, 1).deriver)
    pages = [[{"x": {"S": f"{page}-{n}"}} for n in range(30)] for page in range(3)]
    threads = [threading.Thread(target=page_of, args=(made, *items)) for items in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == AT_A_TIME == 16


def test_an_unreachable_bucket_is_no_items_fault():
    """A StoreError passes: rows without values would look complete."""

    def unreachable(_, rows):
        raise StoreError("bucket transcripts is not readable")

    with pytest.raises(StoreError):
        page_of(decoder(Functions(unreachable, 5).deriver), {"x": {"S": "a"}}, {"x": {"S": "b"}})


def test_what_is_remembered_is_bounded():
    """The least recently used entry goes first."""
    memory = BoundedCache(2)
    memory.keep("a", 1)
    memory.keep("b", 2)
    assert memory.get("a") == 1
    memory.keep("c", 3)
    assert [memory.get(key) for key in "abc"] == [1, None, 3]


def test_rows_are_derived_where_others_are_withheld():
    """An undated item on the page does not shift the values of the others."""
    page = page_of(
        decoder(Functions(lambda text: text).deriver),
        {"x": {"S": "a"}, "At": {"S": "never"}},
        {"x": {"S": "b"}},
    )
    assert derived(page) == ["b"]
    assert len(page.withheld) == 1


def test_a_published_column_keeps_its_derivation():
    """Another derivation, or an attribute, under a published name is refused."""
    first = initial_schema(
        dataset_from_text(f"{HEAD}- {{name: d, type: string, derive: f, from: [x]}}\n", "c"), None, NOW
    )
    for changed in ("derive: g, from: [x]", "derive: f, from: [y]", "attribute: d"):
        dataset = dataset_from_text(f"{HEAD}- {{name: d, type: string, {changed}}}\n", "c")
        with pytest.raises(SchemaConflict, match="d is published as string of derivation f from x"):
            initial_schema(dataset, first, NOW)


def test_a_derived_column_that_the_file_has_dropped_is_null():
    """The published column stays, without values; its functions are not needed any more."""
    dataset = dataset_from_text(f"{HEAD}- {{name: d, type: string, derive: f, from: [x]}}\n", "c")
    schema = initial_schema(dataset, None, NOW)
    dropped = dataset_from_text(HEAD.replace("columns:\n", ""), "c")
    made = PageDecoder(schema, dropped, SortKey("ISO", ZoneInfo("UTC"), "S", 2027), ("Id",))
    assert "d" not in page_of(made, {"x": {"S": "a"}}).rows.schema.names
