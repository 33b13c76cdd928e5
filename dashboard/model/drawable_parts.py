"""The cards, charts and measures of a dataset file flow in, those that the published table can give flow out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeVar

from dashboard.model.calendar_parts import Calendar
from dashboard.model.measures import declared_measures, measure_of
from dashboard.model.vocabulary import KNOWN_NAMES, Part, Words, capitalised, in_a_sentence, plural_of
from dataset_model.dashboard.section import Card, Chart, Measure
from dataset_model.types import ColumnType

DrawnPart = TypeVar("DrawnPart", Card, Chart)


def inferred_cards(words: Words, entity: str | None, channel: str | None, agent: str | None) -> tuple[Card, ...]:
    """Return the cards of a dataset that declares none: rows, and distinct values of the parts it has."""
    counted: tuple[tuple[str, str | None], ...] = (
        (f"Unique {words.entity.many}", entity),
        (capitalised(plural_of(words.noun("channel", channel))), channel),
        (capitalised(plural_of(words.noun("agent", agent))), agent),
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
            charts.append(Chart(title=capitalised(plural_of(words.noun(part, column))), kind=drawn, by=column))
    return tuple(charts)


class DrawableParts:
    """What a file asks for and the published table can give; the rest is named in `faults`.

    A file that declares its columns was checked when it was read. One whose columns are learned is checked here, and so
    is one whose table is older than a column of it.
    """

    def __init__(
        self,
        types: Mapping[str, ColumnType],
        units: Mapping[str, str | None],
        calendar: Calendar,
        declared: Sequence[Measure],
    ) -> None:
        """Take the columns of the table, the partition columns left out, and the measures that the file declares."""
        self._names = set(types)
        self._calendar = {name for name in calendar.names() if name not in self._names}
        self._types, self._units = types, units
        self._made, self.faults = declared_measures(declared, self._types, self._units)
        self.measures = tuple(declaration for declaration in declared if declaration.name in self._made)

    def cards(self, cards: Sequence[Card]) -> tuple[Card, ...]:
        """Return the cards that can be drawn, each with a label."""
        return tuple(self._with_label(card) for card in self._measured(cards))

    def charts(self, charts: Sequence[Chart], words: Words) -> tuple[Chart, ...]:
        """Return the charts that can be drawn, each with a title."""
        drawn = []
        for chart in self._measured(charts):
            missing = [each for each in (chart.by, chart.split) if each and each != "day" and not self._has(each)]
            if missing:
                self.faults.append(f"chart {chart.title or chart.by}: there is no column {missing[0]}")
            else:
                drawn.append(chart if chart.title else chart.model_copy(update={"title": self._title(chart, words)}))
        return tuple(drawn)

    def dimensions(self, declared: Sequence[str | None], charts: Sequence[Chart]) -> tuple[str, ...]:
        """Return the declared dimensions, then those that a chart is drawn by; only those that the table has."""
        drawn = (each for chart in charts for each in (chart.by, chart.split) if each != "day")
        return tuple(dict.fromkeys(each for each in (*declared, *drawn) if each and self._has(each)))

    def _has(self, dimension: str) -> bool:
        return dimension in self._names or dimension in self._calendar

    def _measured(self, parts: Sequence[DrawnPart]) -> Iterator[DrawnPart]:
        for part in parts:
            try:
                measure_of(part, self._made, self._types, self._units)
            except ValueError as error:
                name = part.label if isinstance(part, Card) else part.title or part.by
                self.faults.append(f"{type(part).__name__.lower()} {name or part.measure}: expected {error}")
            else:
                yield part

    def _with_label(self, card: Card) -> Card:
        if card.label:
            return card
        return card.model_copy(update={"label": measure_of(card, self._made, self._types, self._units).label})

    def _title(self, chart: Chart, words: Words) -> str:
        measured = measure_of(chart, self._made, self._types, self._units).label
        what = capitalised(words.rows.many) if chart.measure == "rows" else measured
        by = f"per {chart.by}" if chart.by in {"day", "week", "month"} else f"by {in_a_sentence(words.label(chart.by))}"
        return f"{what} {by}" + (f" and {in_a_sentence(words.label(chart.split))}" if chart.split else "")
