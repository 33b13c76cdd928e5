"""The days of a response's made items flow in; its items, counted and quarantined as items, flow out."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import compress

import pyarrow as pa

from exporter.decoding.batch import QuarantinedItem
from exporter.decoding.nested.elements import Exploded

Texts = Callable[[Sequence[int]], list[str]]
"""Gives the items of made items as DynamoDB JSON."""


class ExplodedItems:
    """The items of one response, each of which became one made item or several."""

    def __init__(self, exploded: Exploded, days: pa.Date32Array, kept: Sequence[bool], texts: Texts) -> None:
        """`kept` says for each made item whether its day is readable and asked for."""
        self._exploded = exploded
        self._days = days
        self._kept = kept
        self._texts = texts
        self.rows = [keep and number > 0 for keep, number in zip(kept, exploded.numbers, strict=True)]
        """Whether a made item is a row."""

    @property
    def by_day(self) -> dict[dt.date, int]:
        """Items, and not their elements: those with rows, and those without elements."""
        first = [keep and number <= 1 for keep, number in zip(self._kept, self._exploded.numbers, strict=True)]
        counted = self._days.filter(pa.array(first, pa.bool_())).value_counts().to_pylist()
        return {each["values"]: each["counts"] for each in counted}

    def refused(self, attribute: str) -> Iterator[QuarantinedItem]:
        """Yield the items with a list that is not readable; they have no row."""
        rows = [row for row in self._exploded.refused if self._kept[row]]
        for row, item in zip(rows, self._texts(rows), strict=True):
            yield QuarantinedItem(self._exploded.refused[row], item, attribute, self._days[row].as_py())

    def plain(self, attribute: str) -> Iterator[QuarantinedItem]:
        """Yield the rows of which the element is no map, where columns read members of maps."""
        if not self._exploded.plain:
            return
        place_of = {made: place for place, made in enumerate(compress(range(len(self.rows)), self.rows))}
        rows = [row for row in self._exploded.plain if row in place_of]
        for row, item in zip(rows, self._texts(rows), strict=True):
            place = f"{attribute}[{self._exploded.numbers[row] - 1}]"
            reason = f"{place}: expected a map; found {self._exploded.plain[row]}"
            yield QuarantinedItem(reason, item, attribute, self._days[row].as_py(), place_of[row])
