"""The normal distribution and Wilson's interval, and sizes of data with their units."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from statistics import NormalDist

from local.athena.functions.errors import invalid_argument

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


def normal_cdf(mean: float, deviation: float, value: float) -> float:
    """The share below a value."""
    return _normal(mean, deviation).cdf(value)


def inverse_normal_cdf(mean: float, deviation: float, share: float) -> float:
    """The value below which a share is."""
    if not 0 < share < 1:
        raise invalid_argument("p must be 0 > p > 1")
    return _normal(mean, deviation).inv_cdf(share)


def _normal(mean: float, deviation: float) -> NormalDist:
    if deviation <= 0:
        raise invalid_argument("standardDeviation must be > 0")
    return NormalDist(mean, deviation)


def wilson_lower(successes: int, trials: int, z: float) -> float:
    """The lower bound of Wilson's interval."""
    return _wilson(successes, trials, z, -1)


def wilson_upper(successes: int, trials: int, z: float) -> float:
    """The upper bound of Wilson's interval."""
    return _wilson(successes, trials, z, 1)


def _wilson(successes: int, trials: int, z: float, side: int) -> float:
    if successes < 0 or trials <= 0 or successes > trials or z < 0:
        raise invalid_argument("number of successes must not be negative or larger than that of trials, nor z negative")
    share = successes / trials
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return (share + z * z / (2 * trials) + side * spread) / (1 + z * z / trials)


def data_size(text: str) -> str:
    """The bytes that a size such as `2.3MB` is, in powers of 1024."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]+)", text)
    if found is None or found[2] not in _UNITS:
        raise invalid_argument(f"Invalid data size: '{text}'")
    return str(int(Decimal(found[1]) * 1024 ** _UNITS.index(found[2])))
