"""How answers of two engines are compared; the engines themselves are no part of `make test`."""

import pytest

from conformance.cells import athena_cell, column_type, differences, time_text
from conformance.outcome import Outcome, OutputColumn


def kind(raw, *arguments):
    return {"rawType": raw, "arguments": list(arguments)}


def part(signature):
    return {"kind": "TYPE", "value": signature}


@pytest.mark.parametrize(
    ("value", "signature", "text"),
    [
        (None, kind("bigint"), None),
        (7, kind("bigint"), "7"),
        (1e7, kind("double"), "1.0E7"),
        ("NaN", kind("double"), "NaN"),
        (True, kind("boolean"), "true"),
        ("YWI=", kind("varbinary"), "61 62"),
        ("2026-01-02 03:04:05", kind("timestamp"), "2026-01-02 03:04:05.000"),
        ([1, None], kind("array", part(kind("integer"))), "[1, null]"),
        ({"a": 1}, kind("map", part(kind("varchar")), part(kind("integer"))), "{a=1}"),
        ([1, "x"], kind("row", {"value": {"typeSignature": kind("integer")}},
                        {"value": {"fieldName": {"name": "b"}, "typeSignature": kind("varchar")}}), "{field0=1, b=x}"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_athena_writes_it(value, signature, text):
    """Trino answers in JSON; what is compared is Athena's text."""
    assert athena_cell(value, signature) == text


def test_a_type_has_athenas_name():
    """Lengths and precisions are left out, but for decimals; `real` is `float` in Athena."""
    size = [{"kind": "LONG", "value": 5}, {"kind": "LONG", "value": 2}]
    assert column_type(kind("decimal", *size)) == "decimal(5,2)"
    assert column_type(kind("varchar", size[0])) == "varchar"
    assert column_type(kind("real")) == "float"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("01:02:03", "01:02:03.000"), ("01:02:03.1200", "01:02:03.120"), ("01:02:03.123456", "01:02:03.123456")],
)
def test_a_fraction_of_a_second_has_three_digits_at_least(text, shown):
    """Zeros beyond the third digit tell nothing."""
    assert time_text(text) == shown


def outcome(*rows, kinds=("double",)):
    return Outcome(tuple(OutputColumn(f"c{at}", name) for at, name in enumerate(kinds)), tuple(rows))


def test_rows_are_compared_in_any_order():
    """A result without ORDER BY has no order."""
    first, second = outcome(("1.0",), ("2.0",)), outcome(("2.0",), ("1.0",))
    assert differences(first, second) == []
    assert differences(first, second, ordered=True) != []


def test_sums_of_doubles_may_differ_in_their_last_digits():
    """The order of addition decides those digits, unless every digit is asked for."""
    first, second = outcome(("0.1",)), outcome(("0.10000000000000001",))
    assert differences(first, second) == []
    assert differences(outcome(("0.3",)), outcome(("0.30000000000000004",)), exact=True) != []


def test_null_and_empty_text_are_two_things():
    """A cell that is NULL on one side alone is a difference."""
    assert differences(outcome((None,), kinds=("varchar",)), outcome(("",), kinds=("varchar",))) != []


def test_errors_are_compared_by_name():
    """The words of an error may differ; its name may not."""
    assert differences(Outcome(error="DIVISION_BY_ZERO", message="a"), Outcome(error="DIVISION_BY_ZERO")) == []
    assert differences(Outcome(error="DIVISION_BY_ZERO"), outcome(("1.0",))) != []


def test_types_are_compared():
    """The same text of another type is a difference."""
    assert differences(outcome(("1",), kinds=("integer",)), outcome(("1",), kinds=("bigint",))) != []
