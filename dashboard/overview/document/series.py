"""The parts of a split chart flow in, series with their colours and the parts of each bin flow out."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.model.exact_numbers import Number, total
from dashboard.overview.document import marks
from dashboard.overview.document.bins import ZERO, Bin
from dashboard.overview.document.colours import LAST, SERIES, Colours
from dashboard.overview.document.marks import OTHERS_KEY, Reading
from dashboard.overview.measured import Cell, Measured

MOST_COLUMNS: Final = 31
"""Columns of a heat map: the hours of a day, the days of a month."""


@dataclass(frozen=True)
class Series:
    """One value of the dimension that a chart is split by; `values` holds several where it is all the others."""

    key: str
    label: str
    colour: int
    values: tuple[str | None, ...]


def series_of(figures: Measured, colours: Colours, reading: Reading) -> list[Series]:
    """Return the series, the largest first; of more than a theme has colours for, the small ones are one.

    Where parts do not add up, as means do not, the small ones are left out.
    """
    ordered = _from_the_largest(figures)
    kept = len(ordered) if len(ordered) <= SERIES else SERIES - 1
    places = colours.places(ordered[:kept])
    shown = [
        Series(marks.key_from_value(value), reading.label(value), places[value], (value,)) for value in ordered[:kept]
    ]
    if (rest := ordered[kept:]) and reading.measure.adds_up:
        shown.append(Series(OTHERS_KEY, f"{len(rest):,} others", LAST, tuple(rest)))
    return shown


def columns_of(figures: Measured, read: Callable[[str | None], str]) -> list[Bin]:
    """Return the columns of a heat map by a dimension: its values, the one with the most rows first."""
    shown = _from_the_largest(figures)
    return [Bin(marks.key_from_value(value), read(value), read(value), "whole") for value in shown]


def _from_the_largest(figures: Measured) -> list[str | None]:
    sizes: Counter[str | None] = Counter()
    for cell in figures.parts:
        sizes[cell.split] += cell.rows
    return [value for value, _ in sorted(sizes.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))]


def parts_of(
    key: str, figures: Measured, series: Sequence[Series], reading: Reading, *, is_gap: bool
) -> list[dict[str, Any]]:
    """Return the parts of one bin, in the order of the series; `is_gap` where nothing of it is published."""
    cells = {cell.split: cell for cell in figures.parts if marks.key_from_value(cell.value) == key}
    nothing = 0 if reading.measure.kind in ZERO and not is_gap else None
    return [_part([cells[value] for value in each.values if value in cells], reading, nothing) for each in series]


def cells_of(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Bin], figures: Measured, reading: Reading
) -> list[dict[str, Any]]:
    """Return the cells of a heat map, row by row; a cell without rows is zero where the measure counts or adds."""
    found = {(marks.key_from_value(cell.value), marks.key_from_value(cell.split)): cell for cell in figures.parts}
    made = []
    for row in rows:
        for column in columns:
            cell = found.get((row["key"], column.key))
            nothing = 0 if reading.measure.kind in ZERO and "missing" not in (row["state"], column.state) else None
            amount = cell.amount if cell else nothing
            made.append(
                {
                    # Two values with blanks may read as two others: "a b" and "c", "a" and "b c".
                    "key": json.dumps([row["key"], column.key]),
                    "pair": [row["key"], column.key],
                    "label": f"{row['label']}, {column.label}",
                    "count": marks.size_of(amount),
                    "text": reading.measure.exact(amount),
                }
            )
    return made


def described_cells(title: str, cells: Sequence[Mapping[str, Any]]) -> str:
    """Return the alternative text of a heat map: its highest and its lowest cell."""
    known = [cell for cell in cells if cell["count"] is not None]
    if not known:
        return f"{title}: no rows"
    top, low = max(known, key=lambda cell: cell["count"]), min(known, key=lambda cell: cell["count"])
    return f"{title}: most {top['label']} ({top['text']}), least {low['label']} ({low['text']})"


def legend_of(
    series: Sequence[Series], figures: Measured, reading: Reading, picked: Sequence[str | None]
) -> list[dict[str, Any]]:
    """Return what names the series, with their figures and shares where parts add up; an entry picks its value."""
    whole = marks.whole_of(figures.parts, reading.measure)
    return [
        {
            "key": each.key,
            "label": each.label,
            "colour": each.colour,
            "picked": any(value in picked for value in each.values),
            **({} if whole is None else _figure(each, figures, reading, whole)),
        }
        for each in series
    ]


def _figure(each: Series, figures: Measured, reading: Reading, whole: Number) -> dict[str, str]:
    amount = total(cell.amount or 0 for cell in figures.parts if cell.split in each.values)
    return {"text": reading.measure.text(amount), "share": f"{marks.share_of(amount, whole):.1%}"}


def _part(cells: Sequence[Cell], reading: Reading, nothing: int | None) -> dict[str, Any]:
    amounts = [cell.amount for cell in cells if cell.amount is not None]
    amount = nothing if not amounts else amounts[0] if len(amounts) == 1 else total(amounts)
    # Name and colour are those of the legend: a year of days has thousands of parts.
    size = marks.size_of(amount)
    return {"count": size, "text": reading.measure.exact(amount)} if size else {"count": size}
