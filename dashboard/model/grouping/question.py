"""A form, a link or JSON flows in, a checked question flows out: a measure by up to two groupings, under filters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from dashboard.errors import FieldFault
from dashboard.model.measures import Measure
from dashboard.model.selection.filters import Filters
from dashboard.model.selection.ranges import range_from
from dashboard.model.semantic_model import SemanticModel
from dataset_model.dashboard.section import BUILT_IN_MEASURES

Sort = Literal["largest", "smallest", "groups"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
"""largest and smallest: by the measure; groups: by the values of the groupings."""
MOST_GROUPINGS: Final = 2
MOST_FILTERS: Final = 50
MOST_VALUES: Final = 200
_MOST_TEXT: Final = 500
_ENDS: Final = frozenset({"from", "to", "empty"})


@dataclass(frozen=True)
class GroupBy:
    """A measure of the rows of each group, in an order, with totals or without."""

    measure: str = "rows"
    """A declared measure, `rows`, or an aggregate of `column`."""
    column: str | None = None
    by: tuple[str, ...] = ()
    """Groupings of the model; none gives one row over all rows."""
    filters: Filters = field(default_factory=Filters)
    """Values and ranges; the days are those of the request."""
    sort: Sort = "largest"
    totals: bool = True
    """Whether there are rows of totals too, each computed over the rows that it is of."""

    def of(self, model: SemanticModel) -> Measure:
        """Return the measure."""
        return model.measure_named(self.measure, self.column)


def default_sort(model: SemanticModel, by: Sequence[str]) -> Sort:
    """Return the usual order of groups: time runs forward, others stand by size."""
    is_time = bool(by) and (by[0] == "day" or model.calendar_part(by[0]) is not None)
    return "groups" if is_time else "largest"


def group_by_from(given: Mapping[str, object], model: SemanticModel, faults: list[FieldFault]) -> GroupBy:
    """Return the question of the fields `measure`, `column`, `by`, `filters`, `sort` and `totals`; absent ones default.

    Adds a fault per wrong field.
    """

    def read(field: str, take: Callable[[object], object]) -> object:
        try:
            return take(given[field]) if field in given else None
        except ValueError as error:
            faults.append(FieldFault(field, f"expected {error}"))
            return None

    measure, column = _measured(given, model, faults)
    by = read("by", lambda value: _groupings(value, model))
    filters = read("filters", lambda value: filters_from(value, model))
    sort = read("sort", _sort)
    totals = read("totals", _flag)
    groupings = by if isinstance(by, tuple) else ()
    return GroupBy(
        measure,
        column,
        groupings,
        filters if isinstance(filters, Filters) else Filters(),
        next((each for each in SORTS if each == sort), default_sort(model, groupings)),
        totals is not False,
    )


def filters_from(value: object, model: SemanticModel) -> Filters:
    """Return the filters of JSON: by dimension a list of texts and nulls, by column of numbers or times a range.

    A range is `{"from": 10, "to": 60}`, or `{"empty": true}`. Raises ValueError.
    """
    if not isinstance(value, Mapping) or len(value) > MOST_FILTERS:
        raise ValueError(f"an object of at most {MOST_FILTERS} filters by column; found {value!r:.60}")
    filters = Filters()
    for column, wanted in value.items():
        if isinstance(wanted, Mapping):
            type_ = model.ranged.get(column)
            if type_ is None:
                known = ", ".join(model.ranged) or "none"
                raise ValueError(f"a range of a column of numbers or times ({known}); found {column!r:.60}")
            if unknown := sorted(set(wanted) - _ENDS):
                raise ValueError(f"from, to or empty in the range of {column}; found {unknown[0]!r:.40}")
            ends = wanted.get("from"), wanted.get("to"), wanted.get("empty")
            try:
                filters = filters.with_range(column, range_from(*ends, type_))
            except ValueError as error:
                raise ValueError(f"in the range of {column} {error}") from None
        elif column not in model.filters:
            known = ", ".join(model.filters)
            raise ValueError(f"values of one of {known}; found {column!r:.60}")
        else:
            filters = filters.with_values(column, _values(wanted, column))
    return filters


def _measured(given: Mapping[str, object], model: SemanticModel, faults: list[FieldFault]) -> tuple[str, str | None]:
    measure, column = given.get("measure", "rows"), given.get("column")
    declared = [each.name for each in model.declared]
    known = (*BUILT_IN_MEASURES, *declared)
    if not isinstance(measure, str) or measure not in known:
        faults.append(FieldFault("measure", f"expected one of {', '.join(known)}; found {measure!r:.60}"))
        return "rows", None
    if measure == "rows" or measure in declared:
        if column is not None:
            faults.append(FieldFault("column", f"expected none: {measure} has no column of its own to choose"))
        column = None
    elif not isinstance(column, str):
        faults.append(FieldFault("column", f"expected the column that {measure} is of; found {column!r:.60}"))
        return "rows", None
    try:
        model.measure_named(measure, column)
    except ValueError as error:
        faults.append(FieldFault("column" if column else "measure", f"expected {error}"))
        return "rows", None
    return measure, column


def _groupings(value: object, model: SemanticModel) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or len(names) > MOST_GROUPINGS or len(set(map(str, names))) < len(names):
        raise ValueError(f"at most {MOST_GROUPINGS} different groupings; found {value!r:.60}")
    unknown = next((name for name in names if name not in model.groupings), None)
    if unknown is not None:
        raise ValueError(f"some of {', '.join(model.groupings)}; found {unknown!r:.60}")
    return tuple(names)


def _values(value: object, column: str) -> tuple[str | None, ...]:
    is_list = isinstance(value, list | tuple) and 0 < len(value) <= MOST_VALUES
    texts = list(value) if is_list and isinstance(value, list | tuple) else []
    if not texts or not all(text is None or (isinstance(text, str) and _is_line(text)) for text in texts):
        raise ValueError(f"a list of 1 to {MOST_VALUES} texts or nulls for {column}; found {value!r:.60}")
    return tuple(texts)


def _is_line(text: str) -> bool:
    # Half of a surrogate pair, which JSON can carry, is no text.
    return len(text) <= _MOST_TEXT and "\0" not in text and text.encode(errors="replace").decode() == text


def _sort(value: object) -> object:
    if value not in SORTS:
        raise ValueError(f"one of {', '.join(SORTS)}; found {value!r:.40}")
    return value


def _flag(value: object) -> object:
    if value is not True and value is not False:
        raise ValueError(f"true or false; found {value!r:.40}")
    return value
