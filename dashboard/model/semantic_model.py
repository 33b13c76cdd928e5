"""Dataset definition and published columns flow in, the semantic model of the dataset's table flows out.

What the dataset file leaves out is inferred from the columns' roles and names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dashboard.model.filters import dimension_key
from dashboard.model.vocabulary import KNOWN_NAMES, Part, capitalised, noun_for, plural_of
from dataset_model.definition import Card, Chart, Dataset
from dataset_model.partitions import PARTITION_COLUMNS
from dataset_model.records.table_schema import TableSchema
from dataset_model.types import BIGINT, ColumnType


@dataclass(frozen=True)
class TableColumn:
    """One column of the table."""

    name: str
    type: ColumnType
    unit: str | None = None
    description: str = ""
    is_partition: bool = False
    """year, month and day: every query may name them, and they cost nothing to read."""

    @property
    def type_name(self) -> str:
        """The type as Athena has it; partition columns are INT, which no column of a file is."""
        return "int" if self.is_partition else str(self.type)


@dataclass(frozen=True)
class Measure:
    """A figure over rows: their number, or the distinct values, values, sum or mean of a column.

    A column of None in any measure but `rows` means that the dataset has no such column: the figure is null.
    """

    aggregate: Literal["rows", "distinct", "values", "sum", "mean"]
    column: str | None = None


@dataclass(frozen=True)
class SemanticModel:
    """A dataset's table, its dimensions and measures, and the roles of its columns (None: no column has the role).

    Queries and the JSON API name three dimensions by their roles: channel, agent and method.
    """

    dataset: str
    title: str
    database: str
    table: str
    time_zone: str
    columns: tuple[TableColumn, ...]
    """In catalogue order, the partition columns last."""
    entity: str | None
    """Identifies what is counted once: a contact, an order."""
    agent: str | None
    channel: str | None
    method: str | None
    dimensions: tuple[str, ...]
    """Columns that may be filtered and drawn, in the order of the file."""
    cards: tuple[Card, ...]
    charts: tuple[Chart, ...]

    @property
    def table_name(self) -> tuple[str, str]:
        """Database and table."""
        return self.database, self.table

    def column(self, name: str) -> TableColumn | None:
        """Return the column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def counted_dimensions(self) -> tuple[str, ...]:
        """Dimensions that the Overview counts rows by: those of a chart, and those with a role."""
        needed = {self.channel, self.agent, self.method, *(chart.by for chart in self.charts)}
        return tuple(column for column in self.dimensions if column in needed)

    @property
    def link_names(self) -> dict[str, str]:
        """Names that a link may use for a dimension, with its column: roles, as in older links, and columns."""
        roles = {"channel": self.channel, "agent": self.agent, "method": self.method}
        aliases = {role: column for role, column in roles.items() if column in self.dimensions and column}
        return {**aliases, **{dimension_key(column): column for column in self.dimensions}}

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Measures of the Overview: rows, unique entities, channels and agents, in this order, then those of the cards.

        A mean comes with the number of values that it is over.
        """
        fixed = (Measure("rows"), *(Measure("distinct", column) for column in (self.entity, self.channel, self.agent)))
        wanted: dict[Measure, None] = {}
        for card in self.cards:
            wanted[Measure(card.measure, card.column)] = None
            if card.measure == "mean":
                wanted[Measure("values", card.column)] = None
        return (*fixed, *(measure for measure in wanted if measure not in fixed))


def semantic_model_from(dataset: Dataset, schema: TableSchema | None) -> SemanticModel:
    """Return a dataset's semantic model; `schema` holds the published columns, None before the first export."""
    columns = _columns(dataset, schema)
    names = {column.name for column in columns}
    declared = dataset.dashboard
    entity = _part(declared.entity, "entity", names) or next(
        (column.name for column in dataset.columns if column.role == "key" and column.name in names), None
    )
    channel, agent, method = _roles(dataset, names)
    charts = _charts(declared.charts, names) or inferred_charts(entity, channel, agent, method)
    return SemanticModel(
        dataset=dataset.name,
        title=dataset.label,
        database=dataset.target.database,
        table=dataset.target.table,
        time_zone=dataset.source.time_zone,
        columns=columns,
        entity=entity,
        agent=agent,
        channel=channel,
        method=method,
        dimensions=_dimensions(declared.dimensions or (channel, agent, method), charts, names),
        cards=_cards(declared.cards, names) or inferred_cards(entity, channel, agent),
        charts=charts,
    )


def inferred_cards(entity: str | None, channel: str | None, agent: str | None) -> tuple[Card, ...]:
    """Return the cards of a dataset that declares none: rows, and distinct values of the parts it has."""
    counted: tuple[tuple[str, str | None], ...] = (
        (f"Unique {plural_of(noun_for('entity', entity))}", entity),
        (capitalised(plural_of(noun_for("channel", channel))), channel),
        (capitalised(plural_of(noun_for("agent", agent))), agent),
    )
    distinct = (Card(label=label, measure="distinct", column=column) for label, column in counted if column)
    return (Card(label="Total rows"), *distinct)


def inferred_charts(
    entity: str | None, channel: str | None, agent: str | None, method: str | None
) -> tuple[Chart, ...]:
    """Return the charts of a dataset that declares none: rows per day, and per part it has.

    A ring or a pie suits the few values that a channel has; other columns may have many values.
    """
    charts = [Chart(title=f"{capitalised(plural_of(noun_for('entity', entity)))} per day", kind="bar", by="day")]
    rings: tuple[tuple[Part, str | None, Literal["doughnut", "bar", "pie"]], ...] = (
        ("channel", channel, "doughnut"),
        ("agent", agent, "bar"),
        ("method", method, "pie"),
    )
    for part, column, kind in rings:
        if column:
            drawn = kind if column in KNOWN_NAMES[part] else "bar"
            charts.append(Chart(title=capitalised(plural_of(noun_for(part, column))), kind=drawn, by=column))
    return tuple(charts)


def _dimensions(declared: Sequence[str | None], charts: Sequence[Chart], names: set[str]) -> tuple[str, ...]:
    """Return the declared dimensions, then the columns that a chart is drawn by; only columns that the table has."""
    wanted = (*declared, *(chart.by for chart in charts if chart.by != "day"))
    return tuple(dict.fromkeys(column for column in wanted if column in names and column))


def _roles(dataset: Dataset, names: set[str]) -> tuple[str | None, str | None, str | None]:
    """Return the columns of channel, agent and method: declared, known by their names, or the next dimension.

    A file that declares one of them declares them all: the others are not inferred.
    """
    declared = dataset.dashboard
    parts: tuple[tuple[Part, str | None], ...] = (
        ("channel", declared.channel),
        ("agent", declared.agent),
        ("method", declared.initiation_method),
    )
    found = {part: _part(column, part, names) for part, column in parts}
    if not any(column for _, column in parts):
        dimensions = [column.name for column in dataset.columns if column.role == "dimension" and column.name in names]
        free = iter([name for name in dimensions if name not in found.values()])
        found = {part: column or next(free, None) for part, column in found.items()}
    return found["channel"], found["agent"], found["method"]


def _part(declared: str | None, part: Part, names: set[str]) -> str | None:
    if declared:
        return declared if declared in names else None
    return next((name for name in KNOWN_NAMES[part] if name in names), None)


def _cards(cards: Sequence[Card], names: set[str]) -> tuple[Card, ...]:
    # A declared column that no item ever had is declared in the table all the same; one of an older file may not be.
    return tuple(card for card in cards if card.column is None or card.column in names)


def _charts(charts: Sequence[Chart], names: set[str]) -> tuple[Chart, ...]:
    return tuple(chart for chart in charts if chart.by == "day" or chart.by in names)


def _columns(dataset: Dataset, schema: TableSchema | None) -> tuple[TableColumn, ...]:
    units = {column.name: column.unit for column in dataset.columns}
    described = {column.name: column.description for column in dataset.columns}
    if schema is not None:
        published = [(column.name, column.type, column.description) for column in schema.columns]
    else:
        published = [(column.name, column.type, column.description) for column in dataset.columns]
        if extra := dataset.target.extra_date_column:
            extra_type = ColumnType(dataset.target.extra_date_type or "string")
            published.append((extra, extra_type, "Day in the dataset's time zone."))
    shown = [
        TableColumn(name, type_, units.get(name), described.get(name) or description)
        for name, type_, description in published
    ]
    days = [TableColumn(name, BIGINT, None, f"Partition: {name} of the day.", True) for name in PARTITION_COLUMNS]
    return (*shown, *days)
