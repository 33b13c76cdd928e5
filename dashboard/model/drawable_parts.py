"""The cards, charts and measures of a dataset file flow in, those that the requester can be given flow out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

from dashboard.model.access.table_view import TableView
from dashboard.model.calendar_parts import NAMES, Calendar
from dashboard.model.measures import declared_measures, measure_of
from dashboard.model.vocabulary import KNOWN_NAMES, Part, Words, capitalised, in_a_sentence
from dataset_model.columns.types import ColumnType
from dataset_model.dashboard.section import Card, Chart, Measure

DrawnPart = TypeVar("DrawnPart", Card, Chart)


def inferred_cards(words: Words, entity: str | None, channel: str | None, agent: str | None) -> tuple[Card, ...]:
    """Return the cards of a dataset that declares none: rows, and distinct values of the parts it has."""
    counted: tuple[tuple[str, str | None], ...] = (
        (f"Unique {words.entity.many}", entity),
        (capitalised(words.many("channel", channel)), channel),
        (capitalised(words.many("agent", agent)), agent),
    )
    distinct = (Card(label=label, measure="distinct", column=column) for label, column in counted if column)
    return (Card(label="Total rows"), *distinct)


def inferred_charts(words: Words, channel: str | None, agent: str | None, method: str | None) -> tuple[Chart, ...]:
    """Return the charts of a dataset that declares none: rows per day, and per part it has.

    A ring or a pie suits the few values that a channel has; other columns may have many values.
    """
    charts = [Chart(title=f"{capitalised(words.rows.many)} per day", kind="bar", by="day")]
    rings: tuple[tuple[Part, str | None, Literal["doughnut", "bar", "pie"]], ...] = (
        ("channel", channel, "doughnut"),
        ("agent", agent, "bar"),
        ("method", method, "pie"),
    )
    for part, column, kind in rings:
        if column:
            drawn = kind if column in KNOWN_NAMES[part] else "bar"
            charts.append(Chart(title=capitalised(words.many(part, column)), kind=drawn, by=column))
    return tuple(charts)


class DrawableParts:
    """What a file asks for, the published table can give and the requester may see; the rest is named in `faults`.

    A file that declares its columns was checked when it was read. One that leaves columns to be learned is checked
    here, and so is one with a column that its table does not have yet.
    """

    def __init__(
        self,
        types: Mapping[str, ColumnType],
        units: Mapping[str, str | None],
        calendar: Calendar,
        declared: Sequence[Measure],
        view: TableView,
    ) -> None:
        """Take the columns of the table, the partition columns left out, and the measures that the file declares.

        The columns have the types of the table, masked or not: `view` says which are masked for the requester.
        """
        self._names, self._view, self._own = set(types), view, calendar
        self._masked_charts: list[Chart] = []
        self._calendar = {name for name in calendar.names() if name not in self._names}
        self._types, self._units = types, units
        self._made, self.faults = declared_measures(declared, self._types, self._units)
        seen = {name for name, measure in self._made.items() if measure.masked_column(view) is None}
        self.measures = tuple(declaration for declaration in declared if declaration.name in seen)

    def cards(self, cards: Sequence[Card]) -> tuple[Card, ...]:
        """Return the cards that can be drawn, each with a label."""
        return tuple(self._measured(cards, self._with_label))

    def charts(self, charts: Sequence[Chart], words: Words) -> tuple[Chart, ...]:
        """Return the charts that can be drawn, each with a title."""
        drawn = []
        for chart in self._measured(charts, lambda chart: self._with_title(chart, words)):
            missing = [each for each in (chart.by, chart.split) if each and each != "day" and not self._has(each)]
            masked = self._masked_in(chart.by) or self._masked_in(chart.split)
            if masked:
                self._leave_out(chart, _is_masked(masked))
            elif missing:
                self._leave_out(chart, f"there is no column {missing[0]}")
            else:
                drawn.append(chart)
        return tuple(drawn)

    def dimensions(self, declared: Sequence[str | None], charts: Sequence[Chart]) -> tuple[str, ...]:
        """Return the declared dimensions, then those that a chart is drawn by; only those that can be shown."""
        # A link that a person with the right made filters by these for a person without it as well.
        every = (*charts, *self._masked_charts)
        drawn = (each for chart in every for each in (chart.by, chart.split) if each != "day")
        known = (each for each in (*declared, *drawn) if each and self._has(each))
        return tuple(dict.fromkeys(each for each in known if self._masked_in(each) is None))

    def _has(self, dimension: str) -> bool:
        return dimension in self._names or dimension in self._calendar

    def _masked_in(self, dimension: str | None) -> str | None:
        """Return the masked column that a dimension shows the values of, None where there is none."""
        part = next((name for name in NAMES if name == dimension and name in self._calendar), None)
        read = self._own.reads(part) if part else (dimension,)
        return next((column for column in read if column in self._view.masks), None)

    def _leave_out(self, part: Card | Chart, reason: str) -> None:
        name = part.label if isinstance(part, Card) else part.title or part.by
        self.faults.append(f"{type(part).__name__.lower()} {name or part.measure}: {reason}")

    def _measured(self, parts: Sequence[DrawnPart], named: Callable[[DrawnPart], DrawnPart]) -> Iterator[DrawnPart]:
        for part in parts:
            try:
                measure = measure_of(part, self._made, self._types, self._units)
            except ValueError as error:
                self._leave_out(part, f"expected {error}")
                continue
            if masked := measure.masked_column(self._view):
                self._leave_out(named(part), _is_masked(masked))
                self._masked_charts += [part] if isinstance(part, Chart) else []
            else:
                yield named(part)

    def _with_label(self, card: Card) -> Card:
        if card.label:
            return card
        return card.model_copy(update={"label": measure_of(card, self._made, self._types, self._units).label})

    def _with_title(self, chart: Chart, words: Words) -> Chart:
        if chart.title:
            return chart
        measured = measure_of(chart, self._made, self._types, self._units).label
        what = capitalised(words.rows.many) if chart.measure == "rows" else measured
        by = f"per {chart.by}" if chart.by in {"day", "week", "month"} else f"by {in_a_sentence(words.label(chart.by))}"
        split = f" and {in_a_sentence(words.label(chart.split))}" if chart.split else ""
        return chart.model_copy(update={"title": f"{what} {by}{split}"})


def _is_masked(column: str) -> str:
    return f"its column {column} is masked for you"
