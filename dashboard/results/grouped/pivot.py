"""The cells of an answer flow in, a pivot table of texts with its totals flows out."""

from dataclasses import dataclass
from typing import Final

from dashboard.model import formats
from dashboard.model.measures import Measure
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.results.grouped.answer import GroupCell, GroupedAnswer
from dataset_model.dashboard.section import Noun

MOST_ROWS: Final = 200
MOST_COLUMNS: Final = 26
TOTAL: Final = "Total"


@dataclass(frozen=True)
class PivotCell:
    """A figure as it is read, with every digit for the pointer; both empty where there are no rows."""

    text: str = ""
    exact: str = ""
    is_text: bool = False
    """Whether it is no number: texts stand at the left."""


@dataclass(frozen=True)
class Pivot:
    """A table: a row per value of the first grouping, a column per value of the second, or one of the measure."""

    corner: str
    """The names of the groupings of the rows and of the columns."""
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[PivotCell, ...]], ...]
    foot: tuple[PivotCell, ...] | None
    """Totals of the columns; None without totals."""
    has_totals: bool
    """Whether the last column is totals of the rows."""
    notes: tuple[str, ...]


def pivot_of(answer: GroupedAnswer, model: SemanticModel, *, truncated: bool) -> Pivot:
    """Return the pivot table of an answer; `truncated` says that a limit has cut groups off."""
    by = answer.asked.by
    rows = answer.values(0) if by else []
    columns = answer.values(1) if len(by) > 1 else []
    drawn_rows, drawn = rows[:MOST_ROWS], columns[:MOST_COLUMNS]
    has_totals = answer.asked.totals and len(by) > 1
    names, heads = (answer.names(0) if by else {}), (answer.names(1) if len(by) > 1 else {})
    measure, nouns = answer.measure, model.words.rows

    def cells(value: str | None) -> tuple[PivotCell, ...]:
        if len(by) < 2:
            return (_cell(answer.cell(value), measure, nouns),)
        across = [_cell(answer.cell(value, column), measure, nouns) for column in drawn]
        return (*across, *([_cell(answer.total(0, value), measure, nouns)] if has_totals else []))

    foot = None
    if answer.asked.totals or not by:
        across = [_cell(answer.total(1, column), measure, nouns) for column in drawn]
        foot = (*across, _cell(answer.total(), measure, nouns))
    labels = [capitalised(model.words.label(name)) for name in by]
    return Pivot(
        " / ".join(labels),
        (*(heads[column] for column in drawn), *([TOTAL] if has_totals else [] if len(by) > 1 else [answer.title])),
        tuple((names[value], cells(value)) for value in drawn_rows),
        foot,
        has_totals,
        _notes(answer, len(rows), len(columns), truncated=truncated),
    )


def _cell(cell: GroupCell | None, measure: Measure, nouns: Noun) -> PivotCell:
    if cell is None:
        return PivotCell()
    over = ""
    if cell.counted is not None:
        over = f", over {cell.counted:,} of {formats.plural(cell.rows, nouns.one, nouns.many)}"
    return PivotCell(measure.text(cell.value), f"{measure.exact(cell.value)}{over}")


def _notes(answer: GroupedAnswer, rows: int, columns: int, *, truncated: bool) -> tuple[str, ...]:
    notes = []
    if truncated:
        totals = "; totals are over all of them" if answer.asked.totals else ""
        notes.append(f"more groups than the rows asked for: an empty cell may be a group that is left out{totals}")
    for count, most, what in ((rows, MOST_ROWS, "rows"), (columns, MOST_COLUMNS, "columns")):
        if count > most:
            notes.append(f"{most} of {count:,} {what}")
    if not answer.measure.adds_up and answer.asked.totals and answer.asked.by:
        notes.append("a total is computed over its own rows, not added up")
    return tuple(notes)
