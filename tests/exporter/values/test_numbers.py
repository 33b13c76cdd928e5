"""How far numbers reach, and the type that holds them."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.values.numbers import Digits, decimals, digits_of, integers

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(
    lambda number: not number or (-30 <= number.adjusted() <= 37 and len(number.as_tuple().digits) <= 38)
)


@pytest.mark.parametrize(
    ("texts", "digits", "advised"),
    [
        (["9007199254740993"], Digits(16, 0), "bigint"),
        (["9223372036854775807", "-1"], Digits(19, 0), "bigint"),
        (["9223372036854775808"], Digits(19, 0, is_long=True), "decimal(19,0)"),
        (["1E+20"], Digits(21, 0, is_long=True), "decimal(21,0)"),
        (["-0.5", "0.125", "12"], Digits(2, 3), "decimal(5,3)"),
        (["0.10", "+007.50", ".25"], Digits(1, 2), "decimal(3,2)"),
        (["1e-3", "25E-1"], Digits(1, 3), "decimal(4,3)"),
        (["1" * 20, "0." + "1" * 19], Digits(20, 19, is_long=True), "string"),
        (["0", "-0.00", None], Digits(0, 0), "bigint"),
    ],
)
def test_the_advised_type_follows_from_the_digits(texts, digits, advised):
    """Digits before and after the point, however a number is written, and the narrowest exact type."""
    found = digits_of(pa.array(texts, pa.string()))
    assert (found, str(found.type)) == (digits, advised)


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_the_advised_type_holds_every_number(numbers):
    """Whatever the numbers, a column of the advised type refuses none of them."""
    texts = pa.array([str(number) for number in numbers], pa.string())
    advised = digits_of(texts).type
    if advised.name == "bigint":
        assert integers(texts)[1] == []
    elif advised.name == "decimal":
        values, refused = decimals(texts, advised.precision, advised.scale)
        assert refused == []
        assert values.to_pylist() == [Decimal(number) for number in numbers]
