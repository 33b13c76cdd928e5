"""Arithmetic of decimals to the digits that Trino gives: a quotient and a mean have a scale, rounded half up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation

from local.athena.functions.errors import FunctionError

_EXACT = Context(prec=120, rounding=ROUND_HALF_UP)


def quotient(dividend: str, divisor: str, scale: int) -> str:
    """Return `dividend / divisor` with `scale` digits after the point; a scale of -1 is the dividend's own."""
    number = Decimal(dividend)
    try:
        exact = _EXACT.divide(number, Decimal(divisor))
    except (DivisionByZero, InvalidOperation):
        raise FunctionError("DIVISION_BY_ZERO", "Division by zero") from None
    return _with_scale(exact, _scale(number) if scale < 0 else scale)


def rounded(number: str, digits: int) -> str:
    """Return a decimal rounded to `digits` after the point, or before it where they are below 0."""
    exact = Decimal(number)
    return _with_scale(_at(exact, digits), _scale(exact))


def truncated(number: str, digits: int) -> str:
    """Return a decimal with zeros beyond the first `digits` after the point."""
    exact = Decimal(number)
    kept = _EXACT.scaleb(Decimal(int(_EXACT.scaleb(exact, digits))), -digits)
    return _with_scale(kept, _scale(exact))


def _scale(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _at(number: Decimal, digits: int) -> Decimal:
    # More digits than there are change nothing, fewer than there are leave 0.
    return _EXACT.quantize(number, Decimal(1).scaleb(-max(-39, min(digits, 38))))


def _with_scale(number: Decimal, scale: int) -> str:
    return format(_EXACT.quantize(number, Decimal(1).scaleb(-scale)), "f")
