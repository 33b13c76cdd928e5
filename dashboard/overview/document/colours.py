"""The dimensions of a page and their published values flow in, a place in the theme's series for each value flows out.

A value has one colour in every chart of a page; values of two dimensions have different ones while there are enough.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.model.semantic_model import SemanticModel
from dataset_model.columns.types import BOOLEAN
from dataset_model.dashboard.section import SLICES

Key = str | None
Known = Mapping[str, Sequence[str]]
"""Published values by column; none where they are not known."""

SERIES: Final = 8
"""Colours of a theme. Of more values than these, the smallest share the last colour as one slice."""
LAST: Final = SERIES - 1
"""The colour of no value, and that of others: the same in every chart."""


@dataclass(frozen=True)
class Colours:
    """The colours of one dimension's values."""

    values: tuple[str, ...] = ()
    """Every value in the order of the colours."""
    begin: int = 0
    """The colour of the first one."""
    largest: tuple[Key, ...] = ()
    """From the one with the most rows; the first have a colour in every chart where there are too many values."""

    @property
    def is_fixed(self) -> bool:
        """Whether the theme has a colour for each, so that a value keeps its colour whatever is shown."""
        return 0 < len(self.values) <= LAST

    def places(self, shown: Sequence[Key]) -> dict[Key, int]:
        """Return the colour of each value of a chart, at most `SERIES`; no two have the same."""
        order: Sequence[Key] = (*self.values, None) if self.is_fixed else self.largest
        rank = {value: place for place, value in enumerate(order)}
        free = [*((self.begin + place) % LAST for place in range(LAST)), LAST]
        found: dict[Key, int] = {}
        for value in sorted(shown, key=lambda each: rank.get(each, len(rank))):
            wanted = self._wanted(value, rank)
            place = wanted if wanted in free else free[0]
            free.remove(place)
            found[value] = place
        return found

    def labels(self, read: Callable[[Key], str]) -> tuple[str, ...]:
        """Return what people read for the value of each colour in turn; nothing where colours are not fixed.

        A colour without a value has a name that no value reads as, and so has that of a second value with one label: a
        name that stood there twice would move the colours after it.
        """
        if not self.is_fixed:
            return ()
        names = [f"\N{INVISIBLE SEPARATOR}{place}" for place in range(SERIES)]
        for value, place in self.places((*self.values, None)).items():
            names[place] = text if (text := read(value)) not in names else names[place]
        return tuple(names)

    def _wanted(self, value: Key, rank: Mapping[Key, int]) -> int | None:
        if value not in rank:
            return None
        return LAST if value is None and self.is_fixed else (self.begin + rank[value]) % LAST


def colours_of(
    model: SemanticModel,
    known: Known,
    dimension: str,
    largest: Sequence[Key] = (),
    days: Iterable[dt.date] = (),
) -> Colours:
    """Return the colours of a dimension's values; `largest` are those that are shown, on some days."""
    if part := model.calendar_part(dimension):
        values = tuple(model.calendar.values(part, days))
    else:
        shown = (value for value in largest if value is not None)
        values = tuple(sorted({*_published(model, known, dimension), *shown}))
    return Colours(values, _begins(model, known).get(dimension, 0), tuple(largest))


def coloured_dimensions(model: SemanticModel) -> tuple[str, ...]:
    """Return the dimensions of which a chart of the Overview draws values in colours, in the order of the charts."""
    found = []
    for chart in model.charts:
        if chart.split and chart.kind != "heatmap":
            found.append(chart.split)
        elif chart.kind in SLICES:
            found.append(chart.by)
    return tuple(dict.fromkeys(found))


def _begins(model: SemanticModel, known: Known) -> dict[str, int]:
    begins, used = {}, 0
    for dimension in coloured_dimensions(model):
        begins[dimension] = used % LAST
        published = _published(model, known, dimension)
        used += min(len(published), LAST) if published and model.calendar_part(dimension) is None else LAST
    return begins


def _published(model: SemanticModel, known: Known, dimension: str) -> Sequence[str]:
    column = model.column(dimension)
    if column is not None and column.type == BOOLEAN:
        return ("false", "true")
    return known.get(dimension, ())
