"""Figures flow in; sums, quotients and middles flow out, without the 28 digits at which Python rounds decimals."""

from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Final

Number = int | float | Decimal

_EXACT: Final = Context(prec=200)
"""Sums of decimals of 38 digits have some ten more; a quotient is cut below."""
_DIGITS: Final = 28
"""Of a quotient, at least."""
_PLACES: Final = Decimal("1e-9")
_SMALLEST: Final = Decimal("1e-38")
_SMALL: Final = Decimal("1e-10")
"""Below it, as many digits as a quotient has would reach further behind the point."""


def total(amounts: Iterable[Number]) -> Number:
    """Return the sum: every digit of whole numbers and decimals, a double where one of them is."""
    every = list(amounts)
    if any(isinstance(amount, float) for amount in every):
        return sum(map(float, every))
    if all(isinstance(amount, int) for amount in every):
        return sum(every)
    found = Decimal(0)
    for amount in every:
        found = _EXACT.add(found, Decimal(amount))
    return found


def difference(one: Number, other: Number) -> Number:
    """Return what one is more than the other."""
    if isinstance(one, float) or isinstance(other, float):
        return float(one) - float(other)
    return _EXACT.subtract(Decimal(one), Decimal(other))


def quotient(above: Number | None, below: Number | None) -> Number | None:
    """Return a quotient with nine places and more, 38 at most; None of nothing, and of what is divided by zero."""
    if above is None or not below:
        return None
    if isinstance(above, float) or isinstance(below, float):
        return float(above) / float(below)
    found = _EXACT.divide(Decimal(above), Decimal(below))
    shown = Context(prec=max(_DIGITS, found.adjusted() + 11)).plus(found)
    # A column of Arrow has 76 digits, 38 of them before the point here.
    return shown.quantize(_SMALLEST, context=_EXACT) if 0 < abs(shown) < _SMALL else shown


def middle(low: Number | None, high: Number | None) -> Number | None:
    """Return the middle of two figures."""
    if low is None or high is None:
        return None
    if low == high:
        return low
    if isinstance(low, float) or isinstance(high, float):
        return (float(low) + float(high)) / 2
    return _EXACT.divide(_EXACT.add(Decimal(low), Decimal(high)), Decimal(2))


def magnitude(value: Number) -> Number:
    """Return a figure without its sign."""
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


def hundredfold(value: Number) -> Decimal:
    """Return a share as a percentage."""
    return _EXACT.multiply(Decimal(str(value)), Decimal(100))


def nine_places(value: Number | None) -> Number | None:
    """Return a decimal with nine places at most, which are enough for a quotient; other figures as they are."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -9 or not value:
        return value
    return value.quantize(_PLACES, context=_EXACT).normalize(_EXACT)
