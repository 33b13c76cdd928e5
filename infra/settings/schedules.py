"""How long a schedule of EventBridge Scheduler pauses at most."""

import datetime as dt
import itertools
import re

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_UNITS = {"minute": dt.timedelta(minutes=1), "hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1)}
_START, _DAYS = dt.date(2027, 1, 1), 3 * 366
"""The days that are tried; a leap year is among them."""
_MONTH = dt.timedelta(days=31)


def longest_pause(expression: str) -> dt.timedelta | None:
    """Return the longest time between two starts of a rate or cron expression; None where it is neither.

    The year is left out of account, and a last, nearest or numbered day (L, W, #) counts as one in a month.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return int(rate[1]) * _UNITS[rate[2]]
    fields = expression.removeprefix("cron(").removesuffix(")").split()
    if not expression.startswith("cron(") or len(fields) != 6:
        return None
    try:
        minutes, hours = _chosen(fields[0], 0, 59), _chosen(fields[1], 0, 23)
        months = _chosen(fields[3], 1, 12, _MONTHS)
        if re.search(r"[LW#]", _numbered(fields[2] + fields[4], _WEEKDAYS)):
            return _MONTH
        days, weekdays = _chosen(fields[2], 1, 31), _chosen(fields[4], 1, 7, _WEEKDAYS)
    except ValueError:
        return None
    dates = [
        date
        for date in (_START + dt.timedelta(days=n) for n in range(_DAYS))
        if date.month in months and date.day in days and date.isoweekday() % 7 + 1 in weekdays
    ]
    times = [dt.timedelta(hours=hour, minutes=minute) for hour in sorted(hours) for minute in sorted(minutes)]
    within = [later - earlier for earlier, later in itertools.pairwise(times)]
    between = [later - earlier + times[0] - times[-1] for earlier, later in itertools.pairwise(dates)]
    return max(within + between) if between else dt.timedelta(days=_DAYS)


def _chosen(field: str, low: int, high: int, names: list[str] | None = None) -> set[int]:
    """Return the values that a field of a cron expression stands for."""
    found: set[int] = set()
    for part in _numbered(field, names or []).split(","):
        values, _, step = part.partition("/")
        first, _, last = values.partition("-")
        start = low if first in {"*", "?"} else int(first)
        end = high if first in {"*", "?"} or (step and not last) else int(last or first)
        # A range may go over the end of a week or a year, as FRI-MON does.
        span = range(start, (end if start <= end else end + high - low + 1) + 1, int(step or 1))
        found |= {(value - low) % (high - low + 1) + low for value in span}
    return found


def _numbered(field: str, names: list[str]) -> str:
    for number, name in enumerate(names, 1):
        field = field.upper().replace(name, str(number))
    return field
