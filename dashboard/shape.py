"""What the dashboard knows of a dataset's table: its columns, and which of them play a part on the pages.

The dataset file says so; what it leaves out is inferred from the columns' roles and names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.filters import Dimension
from datasets.definition import Card, Chart, Dataset
from datasets.partitions import PARTITION_COLUMNS
from datasets.table_schema import TableSchema
from datasets.types import BIGINT, DATE, ColumnType


@dataclass(frozen=True)
class TableColumn:
    """One column as people meet it."""

    name: str
    type: ColumnType
    unit: str | None = None
    description: str = ""
    is_partition: bool = False
    """year, month and day: every query may name them, and they cost nothing to read."""


@dataclass(frozen=True)
class Shape:
    """A dataset's table and the parts that its columns play; None means that no column plays the part."""

    dataset: str
    title: str
    database: str
    table: str
    time_zone: str
    columns: tuple[TableColumn, ...]
    """In catalogue order, the partition columns last."""
    date_column: str | None
    """The `date` column with the day, where there is one."""
    entity: str | None
    """Identifies what is counted once: a contact, an order."""
    agent: str | None
    channel: str | None
    method: str | None
    cards: tuple[Card, ...]
    charts: tuple[Chart, ...]

    @property
    def table_name(self) -> tuple[str, str]:
        """Database and table."""
        return self.database, self.table

    def column(self, name: str) -> TableColumn | None:
        """Return the column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def of(self, dimension: Dimension) -> str | None:
        """Return the column behind a cross-filter, or None where the dataset has none."""
        return {"channel": self.channel, "agent": self.agent, "method": self.method}[dimension]


_KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "entity": ("contact_id", "contactid", "id", "order_id", "visit_id"),
    "agent": ("agent_name", "agent", "agentname", "agent_username", "user_name", "username", "assignee"),
    "channel": ("channel", "source_channel", "medium"),
    "method": ("initiation_method", "initiationmethod", "method", "origin"),
}
"""Names that are taken for a part when the dataset file does not say; the first present wins."""


def shape_from(dataset: Dataset, schema: TableSchema | None) -> Shape:
    """Return a dataset's shape; `schema` is what was published, None while nothing was."""
    columns = _columns(dataset, schema)
    names = {column.name for column in columns}
    said = dataset.dashboard
    entity = _part(said.entity, "entity", names) or next(
        (column.name for column in dataset.columns if column.role == "key" and column.name in names), None
    )
    agent, channel, method = (
        _part(said.agent, "agent", names),
        _part(said.channel, "channel", names),
        _part(said.initiation_method, "method", names),
    )
    extra = dataset.target.extra_date_column
    return Shape(
        dataset=dataset.name,
        title=dataset.label,
        database=dataset.target.database,
        table=dataset.target.table,
        time_zone=dataset.source.time_zone,
        columns=columns,
        date_column=extra if extra in names else None,
        entity=entity,
        agent=agent,
        channel=channel,
        method=method,
        cards=_cards(said.cards, names) or inferred_cards(entity, channel, agent),
        charts=_charts(said.charts, names) or inferred_charts(channel, agent, method),
    )


def inferred_cards(entity: str | None, channel: str | None, agent: str | None) -> tuple[Card, ...]:
    """Return the cards of a dataset that declares none: rows, and distinct values of the parts it has."""
    parts = (("Unique contacts", entity), ("Channels", channel), ("Agents", agent))
    distinct = (Card(label=label, measure="distinct", column=column) for label, column in parts if column)
    return (Card(label="Total rows"), *distinct)


def inferred_charts(channel: str | None, agent: str | None, method: str | None) -> tuple[Chart, ...]:
    """Return the charts of a dataset that declares none: rows per day, and per part it has."""
    charts = [Chart(title="Contacts per day", kind="bar", by="day")]
    if channel:
        charts.append(Chart(title="Channels", kind="doughnut", by=channel))
    if agent:
        charts.append(Chart(title="Agents", kind="bar", by=agent))
    if method:
        charts.append(Chart(title="Initiation methods", kind="pie", by=method))
    return tuple(charts)


def _part(said: str | None, part: str, names: set[str]) -> str | None:
    if said:
        return said if said in names else None
    return next((name for name in _KNOWN_NAMES[part] if name in names), None)


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
            published.append((extra, DATE, "Day in the dataset's time zone."))
    shown = [
        TableColumn(name, type_, units.get(name), described.get(name) or description)
        for name, type_, description in published
    ]
    days = [TableColumn(name, BIGINT, None, f"Partition: {name} of the day.", True) for name in PARTITION_COLUMNS]
    return (*shown, *days)
