"""The compiled reader: what it takes and declines, that it stays within its memory, how it is built and missed."""

import datetime as dt
import itertools
import json
import os
import random
import re
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from fenced import Fenced, scan_fenced
from hypothesis import given
from hypothesis import strategies as st

from exporter.decoding.key_hash import KeyHash
from exporter.decoding.schema import kinds_in_page
from exporter.native import build, library
from exporter.native.library import Column, Form, Plan
from exporter.values.attribute_values import AttributeValue, json_text, key_part
from exporter.values.dates import instant_from_iso

compiled = library.library()
ROOT = Path(__file__).parents[3]


def test_the_compiled_reader_is_what_the_tests_run_with():
    """`make test` builds it, and the other tests would pass without it."""
    assert compiled is not None


SPACED, COMPACT = (", ", ": "), (",", ":")  # DynamoDB writes the second


def scan(column: Column, *values: Any, separators: tuple[str, str] = COMPACT) -> tuple[str, list[Any]] | None:
    """Return the form and the cells of one attribute's values; None where the page is declined."""
    items = [{} if value is None else {column.attribute: value} for value in values]
    body = json.dumps({"Items": items}, separators=separators, ensure_ascii=False).encode()
    page = Plan(compiled, [column]).scan(body)
    if page is None:
        return None
    ((form, array),) = page.columns
    array.validate(full=True)
    assert page.rows == len(values)
    cells = array.to_pylist()
    return form.name, [cell if cell is None else json.loads(cell) for cell in cells] if form is Form.RAW else cells


NULL = {"NULL": True}


@pytest.mark.parametrize("separators", [SPACED, COMPACT])
@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (Column("a", Form.TEXT, "S"), [{"S": 'é"\n🎧'}, None, NULL, {"S": ""}],
         ("TEXT", ['é"\n🎧', None, None, ""])),
        (Column("a", Form.TEXT, "S"), [{"N": "1"}], None),
        (Column("a", Form.TEXT, "S"), [{"S": "x", "N": "1"}], None),
        (Column("a", Form.TEXT, "S"), [{"X": "x"}], None),
        (Column("a", Form.TEXT, "S"), [{"S": 1}], None),
        (Column("a", Form.TEXT, "S"), [{"NULL": False}], None),
        (Column("a", Form.BOOLEAN, "BOOL"), [{"BOOL": True}, None, {"BOOL": False}], ("BOOLEAN", [True, None, False])),
        (Column("a", Form.DOUBLE, "N"), [{"N": "-1.5"}, NULL, {"N": "12E-3"}], ("DOUBLE", [-1.5, None, 0.012])),
        (Column("a", Form.DOUBLE, "N"), [{"N": "1"}, {"N": "1234567890.123456"}], ("TEXT", ["1", "1234567890.123456"])),
        (Column("a", Form.DOUBLE, "N"), [{"N": "1E23"}], ("TEXT", ["1E23"])),
        (Column("a", Form.DOUBLE, "N"), [{"N": "n/a"}], ("TEXT", ["n/a"])),
        (Column("a", Form.DOUBLE, "N"), [{"N": "007"}], ("TEXT", ["007"])),
        (Column("a", Form.WHOLE, "N"), [{"N": "-12"}, {"N": "9" * 18}], ("WHOLE", [-12, 10**18 - 1])),
        (Column("a", Form.WHOLE, "N"), [{"N": "1000000000000000000"}], ("TEXT", ["1000000000000000000"])),
        (Column("a", Form.WHOLE, "N"), [{"N": "1.0"}], ("TEXT", ["1.0"])),
        (Column("a", Form.DECIMAL, "N", 5, 2), [{"N": "-1.5"}, None], ("DECIMAL", [-1.5, None])),
        (Column("a", Form.DECIMAL, "N", 5, 2), [{"N": "1234.5"}], ("TEXT", ["1234.5"])),
        (Column("a", Form.DECIMAL, "N", 5, 2), [{"N": "1.234"}], ("TEXT", ["1.234"])),
        (Column("a", Form.DOCUMENT, None),
         [{"M": {"b": {"N": "1"}, "a": {"L": [{"S": "x"}, NULL]}}}, NULL, None, {"S": "t"}],
         ("DOCUMENT", ['{"a":["x",null],"b":1}', None, None, '"t"'])),
        (Column("a", Form.DOCUMENT, None), [{"SS": ["b", "a"]}], ("RAW", [{"SS": ["b", "a"]}])),
        (Column("a", Form.RAW, None), [{"S": "x"}, NULL, None], ("RAW", [{"S": "x"}, NULL, None])),
    ],
)  # fmt: skip
def test_what_is_taken_what_is_left_to_python_and_what_is_declined(column, values, expected, separators):
    """A regular page becomes columns; a number or document with a choice stays as it was sent; the rest is declined."""
    assert scan(column, *values, separators=separators) == expected


@pytest.mark.parametrize("odd", ['"', "\\", "\n", "\x7f", "é", "🎧", "}"])
def test_a_text_is_whole_wherever_something_odd_is_in_it(odd):
    """Texts are looked at and copied several bytes at a time, up to which byte depends on all before it."""
    texts = ["x" * before + odd + "y" * after for before in range(40) for after in range(40)]
    plain = ["x" * length for length in range(100)]
    assert scan(Column("a", Form.TEXT, "S"), *({"S": text} for text in texts + plain)) == ("TEXT", texts + plain)


@pytest.mark.parametrize("wrong", [b"\x00", b"\x1f", b"\n", b"\x80", b"\xff", b"\xed\xa0\x80", b"\\x"])
def test_a_text_is_declined_wherever_something_wrong_is_in_it(wrong):
    """Neither control characters as they are, nor what is no UTF-8, nor half an escape."""
    plan = Plan(compiled, [Column("a", Form.TEXT, "S")])
    for before, after in itertools.product(range(40), range(40)):
        body = b'{"Items":[{"a":{"S":"%s"}}]}'
        assert plan.scan(body % (b"x" * before + b"x" * after)).rows == 1
        assert plan.scan(body % (b"x" * before + wrong + b"x" * after)) is None


def test_a_value_is_known_however_its_page_is_spaced():
    """What usually comes before a value is compared as a whole; where it is spaced otherwise, nothing of it is lost."""
    columns = [Column("a", Form.TEXT, "S"), Column("b", Form.DOUBLE, "N"), Column("c", Form.BOOLEAN, "BOOL")]
    usual = '{"a":{"S":"x"},"b":{"N":"1"},"c":{"BOOL":true}}'
    tokens = re.findall(r'"\w*"|\w+|.', usual)
    for place, space in itertools.product(range(len(tokens) + 1), (" ", "\n\t")):
        other = "".join([*tokens[:place], space, *tokens[place:]])
        page = Plan(compiled, columns).scan(f'{{"Items":[{usual},{other},{usual}]}}'.encode())
        assert [array.to_pylist() for _, array in page.columns] == [["x"] * 3, [1.0] * 3, [True] * 3], other


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"{}x", b'{"Items":[}', b'{"Items":[{"a":{"S":"x"}]}', b'{"Items":[{"b":{"S":"x"}}]}',
        b'{"Items":[{"a":{"S":"x"},"a":{"S":"y"}}]}', b'{"Items":[],"Items":[]}', b'{"Items":[{"a":{"S":"\x01"}}]}',
        b'{"Items":[{"a":{"S":"\xff"}}]}', b'{"Items":[{"a":{"S":"\xc0\xaf"}}]}', b'{"Items":[{"a":{"S":"\\ud800"}}]}',
        b'{"Items":[{"a":{"S":"\\x"}}]}', b'{"Items":[{"\\u0062":{"S":"x"}}]}', b'{"Items":[{"a":{"S":"x"},}]}',
        b'{"Items":null}', b'{"Items":[{},]}', b'{"Items":[{"a":{"S":"x"}},]}', b'{"Items":[{"a":' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_regular_page_is_declined(body):
    """Half a response, bytes that are no UTF-8, an unexpected attribute or one twice: Python decides about them."""
    assert Plan(compiled, [Column("a", Form.TEXT, "S")]).scan(body) is None


def test_a_name_that_looks_like_json_is_no_other_attributes():
    """Names are data: one that spells two attributes does not swallow them."""
    name = 'a":{"S":"x"},"b'
    plan = Plan(compiled, [Column(each, Form.TEXT, "S") for each in ("a", "b", name)])
    pair = {"a": {"S": "x"}, "b": {"S": "y"}}
    page = plan.scan(json.dumps({"Items": [pair, {name: {"S": "z"}}, pair]}).encode())
    assert [array.to_pylist() for _, array in page.columns] == [["x", None, "x"], ["y", None, "y"], [None, "z", None]]
    page = plan.scan(json.dumps({"Items": [pair, pair]}, separators=(",", ":")).encode())
    assert [array.to_pylist() for _, array in page.columns] == [["x", "x"], ["y", "y"], [None, None]]


def test_a_name_is_known_however_it_is_escaped():
    """JSON has many ways to write a name, and DynamoDB and its emulators do not choose the same."""
    plan = Plan(compiled, [Column('Ü"/', Form.TEXT, "S")])
    body = json.dumps({"Items": [{'Ü"/': {"S": "x"}}]}).encode()
    for spelled in (body, body.replace(b"/", b"\\/"), body.replace(b"\\u00dc", "Ü".encode())):
        assert plan.scan(spelled).columns[0][1].to_pylist() == ["x"]


def test_an_attribute_may_come_in_any_order_and_miss():
    """What came after an attribute in earlier items is a guess about the next item and no more."""
    names = [f"name-{number}" for number in range(40)]
    chance = random.Random(1)
    items = [
        {name: {"S": f"{name} {row}"} for name in chance.sample(names, chance.randrange(len(names)))}
        for row in range(200)
    ]
    plan = Plan(compiled, [Column(name, Form.TEXT, "S") for name in names])
    page = plan.scan(json.dumps({"Items": items}).encode())
    columns = {name: array.to_pylist() for name, (_, array) in zip(names, page.columns, strict=True)}
    assert [{name: {"S": cells[row]} for name, cells in columns.items() if cells[row] is not None}
            for row in range(200)] == items  # fmt: skip


_values = st.recursive(
    st.text(max_size=4).map(lambda text: {"S": text})
    | st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: {"N": str(number)})
    | st.sampled_from([NULL, {"BOOL": True}, {"B": "AA=="}, {"SS": ["a"]}]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda held: {"L": held})
        | st.dictionaries(st.text(max_size=3), inner, max_size=4).map(lambda held: {"M": held})
    ),
    max_leaves=8,
)


@given(st.lists(_values, max_size=4), st.booleans())
def test_documents_are_what_python_makes_of_them(values, ascii_only):
    """Plain JSON, byte for byte, whatever is nested in it; or nothing, and Python makes it."""
    items = [{"a": value} for value in values]
    body = json.dumps({"Items": items}, ensure_ascii=ascii_only).encode()
    page = Plan(compiled, [Column("a", Form.DOCUMENT, None)]).scan(body)
    assert page is not None
    ((form, cells),) = page.columns
    if form is Form.DOCUMENT:
        assert cells.to_pylist() == [json_text(msgspec.convert(value, AttributeValue)) for value in values]


@given(st.lists(st.tuples(st.text(max_size=5) | st.none(), st.from_regex(r"-?[1-9][0-9]{0,37}", fullmatch=True))))
def test_hashes_of_keys_are_those_of_their_texts(keys):
    """The verification hashes keys that it gets by other ways; both must agree for text and number, long and absent."""
    texts, numbers = ([key[part] for key in keys] for part in (0, 1))
    columns = [("S", pa.array(texts, pa.string())), ("N", pa.array(numbers, pa.string()))]
    expected = [
        blake2b(((key_part("S", text) if text is not None else "-") + key_part("N", number)).encode(), digest_size=16)
        for text, number in keys
    ]
    hashes = compiled.key_hashes(columns, len(keys))
    assert hashes.to_pylist() == [found.digest() for found in expected]


@pytest.mark.parametrize("length", [0, 1, 100, 124, 125, 126, 252, 253, 1000])
def test_a_hash_of_any_number_of_blocks(length):
    """A key may have two kilobytes; the hash takes it in blocks, and the last one is special."""
    hashes = compiled.key_hashes([("S", pa.array(["é" * length]))], 1)
    assert hashes[0].as_py() == blake2b(f"S{length}:{'é' * length}".encode(), digest_size=16).digest()


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=40), st.integers(0, 3))
def test_the_sum_of_hashes_does_not_depend_on_how_it_is_made(hashes, skipped):
    """A day's key hash is the same with and without the compiled reader."""
    column = pa.array(hashes, pa.binary(16)).slice(skipped)
    total = KeyHash()
    total.add(column)
    assert int(total.hexadecimal(), 16) == sum(int.from_bytes(found, "little") for found in hashes[skipped:]) % 2**128


def test_kinds_of_a_page_with_surprises_are_found_by_python():
    """An escaped name and more names than there is room for."""
    body = json.dumps({"Items": [{'a"b': {"S": "x"}}, {f"n{number}": {"N": "1"} for number in range(2000)}]}).encode()
    assert compiled.kinds(body) is None
    found = kinds_in_page(body)
    assert found['a"b'] == {"S"}
    assert len(found) == 2001


def test_kinds_of_an_attribute_that_an_item_has_twice_are_those_of_its_value():
    """JSON allows it, and a reader keeps the last: what is not kept gives the column no type."""
    body = b'{"Items":[{"a":{"S":"x"}},{"a":{"N":"1"},"b":{"S":"x"},"a":{"BOOL":true}}]}'
    assert compiled.kinds(body) is None
    assert kinds_in_page(body) == {"a": {"S", "BOOL"}, "b": {"S"}}


def damaged_pages(count: int) -> list[bytes]:
    chance = random.Random(7)
    parts = [b'{"S":"te\\u00e9xt"}', b'{"N":"-12.5E3"}', b'{"BOOL":true}',
             b'{"M":{"b":{"S":"x"},"a":{"L":[{"N":"1"}]}}}', '{"S":"größer 🎧"}'.encode(), b'{"NULL":true}',
             b'{"SS":["b","a"]}']  # fmt: skip
    pages = []
    for _ in range(count):
        items = b",".join(
            b"{"
            + b",".join(b'"%c":%s' % (name, chance.choice(parts)) for name in b"abcdef"[: chance.randrange(7)])
            + b"}"
            for _ in range(chance.randrange(5))
        )
        body = bytearray(b'{"Items":[' + items + b'],"LastEvaluatedKey":{"a":{"S":"x"}}}')
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(3)] = bytes(chance.choice(b'"\\{}[],:u8N\xf0\x9f\xc3 ') for _ in range(2))
        pages.append(bytes(body[: chance.randrange(len(body))] if chance.random() < 0.3 else body))
    return pages


def test_nothing_is_read_or_written_outside_of_what_was_given():
    """Damaged and cut responses, each at the very end of its memory: a byte too far would end this child."""
    code = "import test_native; test_native.scan_damaged_pages()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "exporter")))},
    )
    assert done.returncode == 0


def scan_damaged_pages() -> None:
    """What the test above runs."""
    forms = [Form.TEXT, Form.DOUBLE, Form.BOOLEAN, Form.DOCUMENT, Form.RAW, Form.DECIMAL]
    kinds = ["S", "N", "BOOL", None, None, "N"]
    plans = [
        Plan(
            compiled, [Column(name, form, kind, 12, 2) for name, form, kind in zip("abcdef", forms, kinds, strict=True)]
        ),
        Plan(compiled, [Column(name, Form.DOCUMENT, None) for name in "abcdef"]),
        Plan(compiled, [Column(name, Form.RAW, None) for name in "abcdef"]),
    ]
    source, target = Fenced(1 << 16), Fenced(1 << 16)
    for body in damaged_pages(6000):
        for plan in plans:
            scan_fenced(plan, body, source, target)


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("2026-02-16T09:58Z", True),
        ("2026-02-16T09:58:30Z", True),
        ("2026-02-16T09:58:30.5Z", True),
        ("2024-02-29T23:59:59.123456789Z", True),
        ("2000-02-29T00:00Z", True),
        ("2026-02-29T00:00Z", False),
        ("2100-02-29T00:00Z", False),
        ("2026-04-31T00:00Z", False),
        ("2026-00-01T00:00Z", False),
        ("2026-02-16T24:00Z", False),
        ("2026-02-16T09:60Z", False),
        ("2026-02-16T09:58:60Z", False),
        ("2026-02-16T09:58:30.Z", False),
        ("2026-02-16T09:58:3Z", False),
        ("2026-02-16T09:58:Z", False),
        ("2026-02-16 09:58Z", False),
        ("2026-02-16t09:58z", False),
        ("2026-02-16T09:58", False),
        ("2026-02-16T09:58+00:00", False),
        ("2026-02-16T09Z", False),
        ("2026-02-16", False),
        ("1970-12-31T09:58Z", False),
        ("٢٠٢٦-02-16T09:58Z", False),
        ("", False),
    ],
)
def test_hours_are_those_of_the_times_that_are_written_as_usual(text, is_taken):
    """What is taken has the hour that reading one by one gives; all else is left to Python."""
    hours = compiled.zulu_hours(pa.array(["2026-02-16T09:58Z", text]))
    assert (hours is not None) == is_taken
    if hours is not None:
        assert hours.to_pylist()[1] == int(instant_from_iso(text, dt.UTC).timestamp()) // 3600


@given(st.from_regex(r"(19|20)\d\d-[0-3]\d-[0-3]\d[T ][0-2]\d:[0-6]\d(:[0-6]\d(\.\d{1,9})?)?Z?", fullmatch=True))
def test_an_hour_is_never_another_than_that_of_its_text(text):
    """Whatever looks like a time is taken with its own hour or not at all."""
    hours = compiled.zulu_hours(pa.array([text]))
    if hours is not None:
        assert hours.to_pylist() == [int(instant_from_iso(text, dt.UTC).timestamp()) // 3600]


def test_hours_of_a_part_or_with_gaps_are_declined():
    """The library takes whole columns alone."""
    texts = pa.array(["2026-02-16T09:58Z"] * 3)
    assert compiled.zulu_hours(texts.slice(1)) is None
    assert compiled.zulu_hours(pa.array(["2026-02-16T09:58Z", None])) is None


def test_a_build_that_fails_says_why_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    """The set-up distinguishes: no compiler, which it can fetch, and one that fails."""
    target = tmp_path / "reader.so"
    monkeypatch.setattr(build, "library_path", lambda: target)
    monkeypatch.setattr(build, "compiler", lambda: None)
    assert build.main() == build.NO_COMPILER
    monkeypatch.setattr(build, "compiler", lambda: [sys.executable, "-c", "import sys; sys.exit('no such option')"])
    assert build.main() == 1
    assert "no such option" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_the_library_pages_are_read_all_the_same(tmp_path, monkeypatch, capsys):
    """A machine on which nothing can be compiled exports, slower, and its log says how to mend that."""
    monkeypatch.setattr(library, "library_path", lambda: tmp_path / "absent.so")
    assert library.library.__wrapped__() is None
    assert "python -m exporter.native.build" in capsys.readouterr().out
