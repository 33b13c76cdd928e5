"""Rules of the `dashboard` section: what it names exists, and what it draws can be drawn.

They read plain, possibly malformed data, as `dataset_model.reading.consistency` does.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from dataset_model.columns.types import BIGINT, STRING, ColumnType
from dataset_model.dashboard.condition import condition_from
from dataset_model.dashboard.section import BUILT_IN_MEASURES, CALENDAR, SLICES, Aggregate
from dataset_model.faults import Contradiction, Path
from dataset_model.plain_data import list_in, mapping_in
from dataset_model.targets.partitions import PARTITION_COLUMNS

_COLUMN: Final = "a declared column"
_ADDED: Final = frozenset({"rows", "count", "sum"})
"""Aggregates of which the parts add up to the whole."""
_NUMERIC: Final = frozenset({"sum", "mean", "min", "max", "median"})
_WITHOUT_COLUMN: Final = frozenset({"rows", "count", "share", "ratio"})
_SPLIT_KINDS: Final = ("line", "stacked", "heatmap")
_NEEDS_SPLIT: Final = frozenset({"stacked", "heatmap"})
_PARTS: Final = SLICES | {"stacked"}
_AGGREGATES: Final = frozenset(get_args(Aggregate)) | {"rows"}


def contradictions_of_dashboard(data: Mapping[str, Any], extra: object) -> Iterator[Contradiction]:
    """Yield every contradiction of the section; none about columns where these are learned from the data.

    `extra` is the name of the extra date column, where there is one.
    """
    section = _Section(data, extra)
    if list_in(data, "columns"):
        for place, expected, found in section.faults():
            yield Contradiction(("dashboard", *place), expected, found)
    for place, expected, found in section.faults_of_notices(has_row_rule=data.get("rows") is not None):
        yield Contradiction(("dashboard", *place), expected, found)


class _Section:
    def __init__(self, data: Mapping[str, Any], extra: object) -> None:
        self._section = mapping_in(data, "dashboard")
        self._types = _types(data, extra)
        self._has_columns = bool(list_in(data, "columns"))
        self._measures = [entry for entry in list_in(self._section, "measures") if isinstance(entry, Mapping)]
        self._named = {str(entry.get("name")): str(entry.get("aggregate")) for entry in self._measures}
        source = mapping_in(data, "source")
        sort_key = source.get("sort_key") or source.get("date_attribute")
        times = [each for each in list_in(data, "columns") if isinstance(each, Mapping)]
        self._has_time = any(
            each.get("attribute") == sort_key and each.get("type") == "timestamp" for each in times if sort_key
        )

    def faults(self) -> Iterator[Contradiction]:
        yield from self._named_columns()
        for index, measure in self._mappings("measures"):
            yield from self._measure(("measures", index), measure)
        for index, card in self._mappings("cards"):
            yield from self._reference(("cards", index), card)
            if card.get("measure", "rows") in BUILT_IN_MEASURES and not card.get("label"):
                yield Contradiction(("cards", index, "label"), "a label, as the measure is not declared", None)
        for index, chart in self._mappings("charts"):
            yield from self._chart(("charts", index), chart)

    def faults_of_notices(self, *, has_row_rule: bool) -> Iterator[Contradiction]:
        """Yield what contradicts itself in alerts and reports."""
        if not (self._section.get("alerts") or self._section.get("reports")):
            return
        from dataset_model.dashboard.notice_rules import notice_faults

        def dimension(place: Path, name: object) -> Iterator[Contradiction]:
            return self._dimension(place, name, days=False) if self._has_columns else iter(())

        def measured(place: Path, part: Mapping[str, Any]) -> Iterator[Contradiction]:
            return self._reference(place, part) if self._has_columns else iter(())

        yield from notice_faults(self._section, has_row_rule=has_row_rule, measured=measured, dimension=dimension)

    def _mappings(self, field: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for index, entry in enumerate(list_in(self._section, field)):
            if isinstance(entry, Mapping):
                yield index, entry

    def _named_columns(self) -> Iterator[Contradiction]:
        for field in ("entity", "agent", "channel", "initiation_method"):
            name = self._section.get(field)
            if isinstance(name, str) and name not in self._types:
                yield Contradiction((field,), _COLUMN, name)
        for index, column in enumerate(list_in(self._section, "dimensions")):
            yield from self._dimension(("dimensions", index), column, days=False)

    def _dimension(self, place: Path, name: object, *, days: bool = True) -> Iterator[Contradiction]:
        if not isinstance(name, str) or self._is_column(name):
            return
        if name == "hour" and not self._has_time:
            yield Contradiction(
                place,
                "a declared column; hour needs a timestamp column of the attribute that places a row on its day",
                name,
            )
        elif name not in CALENDAR or (name == "day" and not days):
            known = [part for part in CALENDAR if days or part != "day"]
            yield Contradiction(place, f"{', '.join(known)} or {_COLUMN}", name)

    def _is_column(self, name: str) -> bool:
        return name in self._types and name not in PARTITION_COLUMNS

    def _measure(self, place: Path, measure: Mapping[str, Any]) -> Iterator[Contradiction]:
        name, aggregate = measure.get("name"), measure.get("aggregate")
        if name in BUILT_IN_MEASURES:
            yield Contradiction((*place, "name"), f"a name other than {', '.join(BUILT_IN_MEASURES)}", str(name))
        if [entry.get("name") for entry in self._measures].count(name) > 1 and isinstance(name, str):
            yield Contradiction((*place, "name"), "a name that no other measure has", name)
        if aggregate not in _AGGREGATES:
            return
        yield from self._column(place, str(aggregate), measure.get("column"))
        for field in ("of", "per"):
            yield from self._part_of_ratio((*place, field), str(aggregate), measure.get(field))
        where = measure.get("where")
        if aggregate == "share" and where is None:
            yield Contradiction((*place, "where"), "a condition: a share is of the rows that it holds for", None)
        elif aggregate == "ratio" and where is not None:
            yield Contradiction((*place, "where"), "no condition: those of the two measures hold", str(where))
        elif isinstance(where, str):
            try:
                condition_from(where, self._types)
            except ValueError as error:
                expected, _, found = str(error).rpartition("; found ")
                yield Contradiction((*place, "where"), f"{expected} at {found}", where)

    def _part_of_ratio(self, place: Path, aggregate: str, name: object) -> Iterator[Contradiction]:
        if aggregate != "ratio":
            if name is not None:
                yield Contradiction(place, "nothing: only a ratio has it", str(name))
        elif name != "rows" and self._named.get(str(name), "ratio") == "ratio":
            yield Contradiction(
                place, "rows or a declared measure that is no ratio", None if name is None else str(name)
            )

    def _column(self, place: Path, aggregate: str, column: object) -> Iterator[Contradiction]:
        place = (*place, "column")
        if column is None:
            if aggregate not in _WITHOUT_COLUMN:
                yield Contradiction(place, "the column to measure", None)
        elif not isinstance(column, str) or column not in self._types:
            yield Contradiction(place, _COLUMN, str(column))
        elif aggregate in _WITHOUT_COLUMN:
            yield Contradiction(place, f"no column: {aggregate} measures none", column)
        elif aggregate in _NUMERIC and not self._types[column].is_number:
            yield Contradiction(place, f"a column of numbers for {aggregate}", f"{column}, {self._types[column]}")

    def _reference(self, place: Path, part: Mapping[str, Any]) -> Iterator[Contradiction]:
        """Check what a card or a chart measures."""
        measure = part.get("measure", "rows")
        if measure in self._named:
            if part.get("column") is not None:
                yield Contradiction((*place, "column"), "no column: the measure has its own", str(part["column"]))
        elif measure in BUILT_IN_MEASURES:
            yield from self._column(place, str(measure), part.get("column"))
        elif isinstance(measure, str):
            known = [*BUILT_IN_MEASURES, *self._named]
            yield Contradiction((*place, "measure"), f"a declared measure or one of {', '.join(known)}", measure)

    def _chart(self, place: Path, chart: Mapping[str, Any]) -> Iterator[Contradiction]:
        yield from self._dimension((*place, "by"), chart.get("by"))
        yield from self._reference(place, chart)
        kind, split, by = chart.get("kind"), chart.get("split"), chart.get("by")
        if split is not None:
            yield from self._dimension((*place, "split"), split, days=False)
            if kind not in _SPLIT_KINDS:
                yield Contradiction(
                    (*place, "split"), f"no split, or one of the kinds {', '.join(_SPLIT_KINDS)}", str(split)
                )
            elif split == by:
                yield Contradiction((*place, "split"), "another column than by", str(split))
        if kind == "line" and isinstance(by, str) and (by not in CALENDAR or self._is_column(by)):
            yield Contradiction((*place, "by"), f"one of {', '.join(CALENDAR)}: a line has an order", by)
        if kind in SLICES and by == "day" and not self._is_column("day"):
            yield Contradiction(
                (*place, "by"), f"week, month, weekday, hour or {_COLUMN}: a {kind} has no slice per day", by
            )
        if split is None and kind in _NEEDS_SPLIT:
            yield Contradiction((*place, "split"), f"the column that a {kind} chart is split by", None)
        aggregate = self._named.get(str(chart.get("measure", "rows")), str(chart.get("measure", "rows")))
        if kind in _PARTS and aggregate in _AGGREGATES and aggregate not in _ADDED:
            expected = f"a count or a sum: the parts of a {kind} chart add up to a whole"
            yield Contradiction((*place, "measure"), expected, str(chart.get("measure")))


def declared_types(data: Mapping[str, Any]) -> dict[str, ColumnType]:
    """Return the types of the declared columns; text where a file's type cannot be read, which is its own fault."""
    return {
        column["name"]: _type(column.get("type"))
        for column in list_in(data, "columns")
        if isinstance(column, Mapping) and isinstance(column.get("name"), str)
    }


def _types(data: Mapping[str, Any], extra: object) -> dict[str, ColumnType]:
    types = declared_types(data)
    if isinstance(extra, str):
        # A day as YYYY-MM-DD in either type; conditions compare it with such a text.
        types[extra] = STRING
    return {**types, **dict.fromkeys(PARTITION_COLUMNS, BIGINT)}


def _type(text: object) -> ColumnType:
    try:
        return ColumnType.parse(str(text))
    except ValueError:
        return STRING
