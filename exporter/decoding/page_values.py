"""What a page of a response holds: one list of values per attribute, of one kind or of any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Any

import pyarrow as pa

from exporter.values.attribute_values import AttributeValue, tagged, values_from_texts

ANY = "any"
"""Kind of values that are still as they were sent, each with its own type."""


@dataclass(frozen=True)
class Values:
    """One attribute's values in a page, in order; None where the item lacks it."""

    kind: str | None
    """S, N or BOOL: `cells` are an Arrow array of its plain values, and a NULL is null too. M or L: of plain JSON of
    them, which is not read back. ANY: of AttributeValue JSON. None: `cells` are AttributeValues."""
    cells: Any

    def parsed(self) -> Sequence[AttributeValue | None]:
        """Return the values with their types."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Sequence[AttributeValue | None]:
        if self.kind is None:
            values: Sequence[AttributeValue | None] = self.cells
            return values
        if self.kind == ANY:
            return values_from_texts(self.cells.to_pylist())
        return tagged(self.kind, self.cells)

    @property
    def any(self) -> bool:
        """Whether an item has the attribute."""
        return self.count > 0

    @property
    def count(self) -> int:
        """How many items have the attribute."""
        if self.kind is None:
            return sum(cell is not None for cell in self.cells)
        return len(self.cells) - int(self.cells.null_count)

    def where(self, kept: Sequence[bool]) -> "Values":
        """Return the values of the items to keep."""
        if self.kind is None:
            return Values(None, list(compress(self.cells, kept)))
        return Values(self.kind, self.cells.filter(pa.array(kept, pa.bool_())))


@dataclass(frozen=True)
class Page:
    """One Query response."""

    items: int
    expected: Mapping[str, Values]
    """Every attribute that the reader was made for, except those that are finished."""
    others: Mapping[str, Values]
    """Other attributes met so far, of any kind; perhaps absent from this page."""
    last_evaluated_key: dict[str, Any] | None
    read_units: float
    finished: Mapping[str, pa.Array] = field(default_factory=dict)
    """Attributes with values that are already a column of their type, without contradictions and inexact doubles."""
