"""DynamoDB's number texts (up to 38 digits) flow in; columns of doubles, integers and decimals flow out.

A double may differ from the number stored; these are counted. Integers and decimals are exact or refused.
"""

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.columns.types import BIGINT, STRING, ColumnType

MAX_DIGITS = 38
_SMALLEST, _LARGEST = -130, 125
"""Exponents of the number's first digit; DynamoDB takes 1E-130 to 9.9...E+125."""

ALWAYS_EXACT = 15
"""Every number of at most 15 significant digits is the shortest decimal of its double."""

_SYNTAX = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_JSON_SYNTAX = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_WIDE = Context(prec=400, traps=[InvalidOperation])
_INT64 = 1 << 63
_SURE_DIGITS = 18
"""Every whole number of at most 18 digits fits in 64 bits."""

Texts: TypeAlias = pa.StringArray


@dataclass(frozen=True)
class Digits:
    """The most digits that some numbers have before and after the point."""

    whole: int = 0
    """Most digits before it."""
    decimals: int = 0
    """Most digits after it."""
    is_long: bool = False
    """Whether one of them is beyond 64 bits."""

    def __or__(self, other: "Digits") -> "Digits":
        """Return the most digits of both."""
        return Digits(max(self.whole, other.whole), max(self.decimals, other.decimals), self.is_long or other.is_long)

    @property
    def type(self) -> ColumnType:
        """The type that holds such numbers exactly: `string` where they span more digits than a decimal has."""
        if not self.decimals and not self.is_long:
            return BIGINT
        precision = self.whole + self.decimals
        return ColumnType("decimal", precision, self.decimals) if precision <= MAX_DIGITS else STRING


NO_DIGITS = Digits()


@dataclass(frozen=True)
class InexactDoubles:
    """Numbers that are not exact as double."""

    count: int = 0
    digits: Digits = NO_DIGITS
    """Of these numbers, and of those that were read with them: a type has to hold them, too."""

    def __add__(self, other: "InexactDoubles") -> "InexactDoubles":
        """Return both."""
        return InexactDoubles(self.count + other.count, self.digits | other.digits)


def is_number(text: str) -> bool:
    """Whether DynamoDB would take the text as a number."""
    if not _SYNTAX.fullmatch(text):
        return False
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent that even Decimal cannot hold
        return False
    if not number:
        return True
    return _SMALLEST <= number.adjusted() <= _LARGEST and len(number.normalize(_WIDE).as_tuple().digits) <= MAX_DIGITS


def json_number(text: str) -> str:
    """Return a number's text as JSON allows it, unchanged where it already is."""
    return text if _JSON_SYNTAX.fullmatch(text) else str(Decimal(text))


def canonical_number(text: str) -> str:
    """Return one text for every way to write the same number: `100`, `1E+2` and `100.0` are one key."""
    if text.isascii() and text.isdigit() and text[0] != "0" and text[-1] != "0":
        return text
    try:
        number = Decimal(text).normalize(_WIDE)
    except InvalidOperation:
        return text
    return str(number) if number else "0"


def is_exact(text: str, double: float) -> bool:
    """Whether the shortest decimal of a double equals the number it was made from."""
    shortest = repr(double)
    return shortest == text or Decimal(shortest) == Decimal(text)


def doubles(texts: Texts) -> tuple[pa.DoubleArray, list[int]]:
    """Return numbers as doubles, and the rows where the double is not exactly the number."""
    values = texts.cast(pa.float64())
    lengths = pc.binary_length(texts)
    if (pc.max(lengths).as_py() or 0) <= ALWAYS_EXACT:
        return values, []
    long = pc.greater(lengths, ALWAYS_EXACT)
    rows = pc.indices_nonzero(pc.fill_null(long, False)).to_pylist()
    return values, [row for row in rows if not is_exact(texts[row].as_py(), values[row].as_py())]


def digits_of(texts: Texts) -> Digits:
    """Return the most digits of numbers before and after the point."""
    shifted = pc.match_substring_regex(texts, "[eE]")
    plain = pc.ascii_ltrim(pc.drop_null(texts.filter(pc.invert(shifted))), "+-0")
    point = pc.find_substring(plain, ".")
    has_point = pc.greater_equal(point, 0)
    length = pc.binary_length(pc.if_else(has_point, pc.ascii_rtrim(plain, "0"), plain))
    whole = pc.if_else(has_point, point, length)
    decimals = pc.if_else(has_point, pc.subtract(pc.subtract(length, point), 1), 0)
    most = Digits(pc.max(whole).as_py() or 0, pc.max(decimals).as_py() or 0)
    # Numbers of 19 digits are beyond 64 bits or not, and an exponent moves the point: both are rare.
    odd = [*plain.filter(pc.greater(whole, _SURE_DIGITS)).to_pylist(), *texts.filter(shifted).to_pylist()]
    for text in odd:
        most |= digits_of_number(Decimal(text))
    return most


def digits_of_number(number: Decimal) -> Digits:
    """Return the digits of one number before and after the point; zeros at its end do not count."""
    _, digits, exponent = number.normalize(_WIDE).as_tuple()
    if not number or not isinstance(exponent, int):
        return NO_DIGITS
    return Digits(max(0, len(digits) + exponent), max(0, -exponent), not -_INT64 <= number < _INT64)


def integers(texts: Texts) -> tuple[pa.Int64Array, list[int]]:
    """Return whole numbers, and the rows where the number is not whole or does not fit in 64 bits (null there)."""
    try:
        return texts.cast(pa.int64()), []
    except pa.ArrowInvalid:  # at least one is not written as a whole number of 64 bits: `1.0`, `1E+2` or 2**63
        cells = [None if text is None else _whole(text) for text in texts.to_pylist()]
        values = pa.array(cells, pa.int64())
        return values, _refused(texts, values)


def decimals(texts: Texts, precision: int, scale: int) -> tuple[pa.Decimal128Array, list[int]]:
    """Return decimals of a fixed scale, and the rows where the number has more digits than that (null there)."""
    exact = Context(prec=precision, traps=[InvalidOperation, Inexact])
    unit = Decimal(1).scaleb(-scale)
    cells: list[Decimal | None] = []
    for text in texts.to_pylist():
        try:
            cells.append(None if text is None else Decimal(text).quantize(unit, context=exact))
        except (InvalidOperation, Inexact):
            cells.append(None)
    values = pa.array(cells, pa.decimal128(precision, scale))
    return values, _refused(texts, values)


def _whole(text: str) -> int | None:
    number = Decimal(text)
    fits = number == _WIDE.to_integral_value(number) and -_INT64 <= number < _INT64
    return int(number) if fits else None


def _refused(texts: Texts, values: pa.Array) -> list[int]:
    rows: list[int] = pc.indices_nonzero(pc.and_(pc.is_null(values), pc.is_valid(texts))).to_pylist()
    return rows
