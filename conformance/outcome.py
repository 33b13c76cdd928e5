"""What a statement gave, in a form in which two engines can be compared."""

from __future__ import annotations

from dataclasses import dataclass

Cell = str | None


@dataclass(frozen=True)
class OutputColumn:
    """Name in lower case, and type by Athena's name (`decimal(5,2)` with its size, others without)."""

    name: str
    type: str


@dataclass(frozen=True)
class Outcome:
    """Columns and rows as Athena's text, or the name of an error (`DIVISION_BY_ZERO`)."""

    columns: tuple[OutputColumn, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    error: str | None = None
    message: str = ""

    @property
    def cells(self) -> int:
        """Number of values."""
        return len(self.rows) * len(self.columns)

    @property
    def shown(self) -> str:
        """The outcome on one line, cut to what a report has room for."""
        if self.error:
            return self.error
        types = ", ".join(column.type for column in self.columns)
        values = "; ".join(", ".join("NULL" if cell is None else cell for cell in row) for row in self.rows[:3])
        text = f"({types}) {values}" + (f"; ... {len(self.rows)} rows" if len(self.rows) > 3 else "")
        return text if len(text) <= 200 else text[:197] + "..."
