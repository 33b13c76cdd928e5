"""The charts as plain values: counts in, marks with their texts out. No Streamlit here, and no colour of any theme.

The browser draws them (`static/board`). A colour is a number in the theme's series, so that a change of theme needs
nothing from here. Every number that is read is a text made here, exact; what the browser computes with is only lengths.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dashboard.model.filters import Days
from dashboard.overview.figures import DayCount, ValueCount

Marks = list[dict[str, Any]]

MOST_BARS: Final = 12
"""Horizontal bars that stay legible at a card's height; the largest are shown."""
SERIES: Final = 8
"""Colours of a theme; the ninth category begins again."""
NO_VALUE: Final = "(none)"
EMPTY: Final = "(empty)"


def key_from_value(value: str | None) -> str:
    """Name a value in a selection: `~` for null, as in a link (see `filters.params_from_filters`)."""
    if value is None:
        return "~"
    return f"~{value}" if value.startswith("~") else value


def value_from_key(key: str) -> str | None:
    """Return the value that a selection's key names; the inverse of `key_from_value`."""
    return None if key == "~" else key.removeprefix("~")


def label(value: str | None) -> str:
    """Return what people read for a value."""
    return NO_VALUE if value is None else value or EMPTY


def labels_in_order(categories: Sequence[str] | None) -> Sequence[str]:
    """Return what people read for published values, in the order of their colours, which `value_marks` gives them too.

    Nothing where they are not known or more than a theme has colours: then two of them would look alike.
    """
    return [*map(label, sorted(categories)), NO_VALUE] if categories and len(categories) < SERIES else ()


def day_marks(counts: Iterable[DayCount], brushed: Days | None) -> Marks:
    """Return a bar per day; days are names here, not instants: a reader's own time zone must not move them."""
    return [
        {
            "key": item.day.isoformat(),
            "short": f"{item.day.day} {item.day:%b}",
            "label": f"{item.day:%a} {item.day.day} {item.day:%b %Y}",
            "count": item.rows,
            "text": f"{item.rows:,}" if item.published else "not published",
            "picked": brushed is not None and item.day in brushed,
        }
        for item in counts
    ]


def value_marks(
    counts: Sequence[ValueCount],
    picked: Sequence[str | None],
    categories: Sequence[str | None] | None = None,
    *,
    total: int,
) -> Marks:
    """Return a slice or a bar per value, in the order given; `categories` fix the colours, None means one for all.

    Shares are of `total`, the rows of every value, those without a mark included.
    """
    colours = _colours(categories or ())
    return [
        {
            "key": key_from_value(item.value),
            "label": label(item.value),
            "count": item.rows,
            "text": f"{item.rows:,}",
            "share": f"{item.rows / (total or 1):.1%}",
            "colour": colours.get(item.value, 0),
            "picked": item.value in picked,
        }
        for item in counts
    ]


def largest(counts: Sequence[ValueCount]) -> list[ValueCount]:
    """Return the values that fit a chart of bars, from the largest down; equals in alphabetical order."""
    return sorted(counts, key=lambda item: (-item.rows, label(item.value)))[:MOST_BARS]


def described(title: str, counts: Sequence[ValueCount]) -> str:
    """Return the alternative text of a chart of shares: its values, largest first."""
    total = sum(item.rows for item in counts)
    if not total:
        return f"{title}: no rows"
    ordered = sorted(counts, key=lambda item: -item.rows)
    parts = [f"{label(item.value)} {item.rows:,} ({item.rows / total:.0%})" for item in ordered[:MOST_BARS]]
    rest = len(ordered) - len(parts)
    return f"{title}: " + ", ".join(parts) + (f" and {rest} more" if rest > 0 else "")


def described_days(title: str, counts: Iterable[DayCount]) -> str:
    """Return the alternative text of a chart of days: its extent, total, highest and lowest day."""
    every = list(counts)
    totals = {item.day: item.rows for item in every if item.published}
    if not any(totals.values()):
        return f"{title}: no rows"
    missing = len(every) - len(totals)
    top, low = max(totals, key=lambda day: totals[day]), min(totals, key=lambda day: totals[day])
    return (
        f"{title}, {min(totals):%d %b %Y} to {max(totals):%d %b %Y}: {sum(totals.values()):,} in all, "
        f"most on {top:%d %b} ({totals[top]:,}), fewest on {low:%d %b} ({totals[low]:,})"
        + (f"; days not published: {missing}" if missing else "")
    )


def _colours(categories: Sequence[str | None]) -> Mapping[str | None, int]:
    return {value: place % SERIES for place, value in enumerate(dict.fromkeys(categories))}
