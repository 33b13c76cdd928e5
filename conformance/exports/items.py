"""The items behind each dataset: pure, and the same every time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

Item = dict[str, dict[str, Any]]

TEXTS = ("", "plain", "it's", 'with "quotes"', "two\nlines", "a,b", "Ünïcödé ☎ 日本 😀", "\\", "NULL", " ", "=1+1")
NUMBERS = ("0", "-0.5", "0.1", "1E+10", "12345678901234567", "1E-7", "123456.789", "1E+125", "-1E-130", "3")
WHOLES = ("0", "9223372036854775807", "-9223372036854775808", "1E+3", "9007199254740993")
AMOUNTS = ("0", "999.99", "-999.99", "0.1", "5")
LONG_AMOUNTS = ("0", "1234567890123456789012345678.0123456789", "-0.0000000001", "1", "2.5")
MOMENTS = ("2026-01-15T09:58:00Z", "2026-01-15T09:58:00.123Z", "1969-12-31T23:59:59.999Z", "2026-07-01T00:00:00+02:00")
DAYS = ("2026-01-15", "1969-12-31", "2199-12-31", "2000-02-29")
DETAILS: tuple[dict[str, Any], ...] = (
    {"M": {"a": {"N": "1.10"}, "b": {"L": [{"S": "x"}, {"NULL": True}, {"BOOL": False}]}}},
    {"L": []},
    {"M": {}},
    {"SS": ["a", "b"]},
    {"M": {"text": {"S": 'with "quotes" and Ünïcödé'}}},
)


def ends_of_the_range(today: dt.date) -> tuple[dt.date, ...]:
    """Return days at the ends of what an export may hold, of a year and of a month.

    Two years alone: an engine lists the folder of every projected day of the years between.
    """
    year = today.year
    return (
        dt.date(year, 1, 1), dt.date(year, 1, 31), dt.date(year, 2, 1), dt.date(year, 12, 31), dt.date(year + 1, 1, 1),
        dt.date(year + 1, 12, 31),
    )  # fmt: skip


def typed(today: dt.date) -> Iterator[Item]:
    """Yield items with every column type: the edges of each, NULL, absent, and values that contradict the column."""
    days = ends_of_the_range(today)
    for number in range(60):
        day = days[number % len(days)]
        item: Item = {
            "id": {"S": f"t-{number:03}"},
            "kind": {"S": "a"},
            "at": {"S": f"{day}T{number % 24:02}:30:00Z"},
            "text": {"S": TEXTS[number % len(TEXTS)]},
            "number": {"N": NUMBERS[number % len(NUMBERS)]},
            "whole": {"N": WHOLES[number % len(WHOLES)]},
            "amount": {"N": AMOUNTS[number % len(AMOUNTS)]},
            "long_amount": {"N": LONG_AMOUNTS[number % len(LONG_AMOUNTS)]},
            "is_open": {"BOOL": number % 3 == 0},
            "happened": {"S": MOMENTS[number % len(MOMENTS)]},
            "due": {"S": DAYS[number % len(DAYS)]},
            "detail": DETAILS[number % len(DETAILS)],
        }
        if number % 7 == 5:
            # A null, or no attribute at all: both are NULL.
            for name in ("text", "number", "whole", "amount", "long_amount", "is_open", "happened", "due", "detail"):
                item[name] = {"NULL": True}
        if number % 7 == 6:
            item = {name: item[name] for name in ("id", "kind", "at")}
        if number % 11 == 10:
            item |= {"whole": {"S": "many"}, "amount": {"N": "0.001"}, "due": {"S": "soon"}}
        yield item


def surveyed() -> Iterator[Item]:
    """Yield items with pairs of a question and its answer, some without either."""
    for number in range(40):
        item: Item = {
            "id": {"S": f"s-{number:03}"},
            "kind": {"S": "a"},
            "at": {"S": f"2026-01-{1 + number % 20:02}T12:00:00Z"},
            "Mood_Question": {"S": "How do you feel?"},
            "Mood": {"S": ("good", "", "it's fine")[number % 3]},
            "Score_Question": {"S": "From 1 to 5?"},
            "Score": {"N": str(number % 5 + 1)},
        }
        for name in (("Mood",), (), ("Score", "Score_Question"), ("Mood_Question",))[number % 4]:
            del item[name]
        yield item


def wide() -> Iterator[Item]:
    """Yield items with some three hundred attributes; those of February have more than those of January."""
    beginning = dt.datetime(2026, 1, 30, 22, tzinfo=dt.UTC)
    for number in range(40):
        moment = beginning + dt.timedelta(hours=number * 3)
        attributes = {f"attribute_{at:03}": {"N": str(at * number)} for at in range(0, 300, 2)}
        attributes |= {f"attribute_{at:03}": {"S": f"{at}-{number}"} for at in range(1, 300, 2)}
        if moment.month == 2:
            attributes |= {"late_number": {"N": str(number)}, "late_text": {"S": "late"}, "Odd Name!": {"S": "odd"}}
        yield {
            "id": {"S": f"w-{number:03}"},
            "kind": {"N": str(1 + number % 2)},
            "at": {"N": str(int(moment.timestamp()))},
            **attributes,
        }


def appended(run: int) -> Iterator[Item]:
    """Yield the items that are new at each run; the second day's come in two runs."""
    for number in range(10):
        moment = dt.datetime(2026, 1, 5 + run + number // 5, number % 24, tzinfo=dt.UTC)
        yield {
            "id": {"S": f"a-{run}-{number:03}"},
            "kind": {"S": "a"},
            "at": {"N": str(int(moment.timestamp() * 1000))},
            "value": {"N": str(number)},
        }
