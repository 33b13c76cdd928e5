"""Dataset definition and published columns flow in, the semantic model of the dataset's table flows out.

What the dataset file leaves out is inferred from the columns' roles and names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dashboard.model.access.table_view import EVERYTHING, TableQuery, TableView, table_name, table_query
from dashboard.model.calendar_parts import FIRST_WEEKDAYS, NAMES, Calendar, CalendarName
from dashboard.model.drawable_parts import DrawableParts, inferred_cards, inferred_charts
from dashboard.model.measures import Measure, Term, declared_measures, measure_of
from dashboard.model.selection.filters import dimension_key
from dashboard.model.selection.ranges import takes_range
from dashboard.model.vocabulary import KNOWN_NAMES, Part, Words, capitalised, words_of
from dataset_model.columns.types import BIGINT, ColumnType
from dataset_model.dashboard.section import Card, Chart
from dataset_model.dashboard.section import Measure as MeasureDeclaration
from dataset_model.definition import Dataset
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.partitions import PARTITION_COLUMNS


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
    """Columns and parts of the calendar that may be filtered and drawn, in the order of the file."""
    cards: tuple[Card, ...]
    charts: tuple[Chart, ...]
    words: Words
    calendar: Calendar
    declared: tuple[MeasureDeclaration, ...] = ()
    """Measures of the file that the table can give."""
    not_drawn: tuple[str, ...] = ()
    """What the file asks for and the requester cannot be given, each with its reason."""
    view: TableView = EVERYTHING
    """What the requester may see of the table."""
    query: TableQuery | None = None
    """The query that replaces the table in every statement; None where the requester sees the table itself."""

    @property
    def full_name(self) -> str:
        """The table's name for SQL."""
        return table_name(self.database, self.table)

    @property
    def relation(self) -> str:
        """The table expression after FROM."""
        return self.full_name if self.query is None else f'({self.query.sent}) AS "{self.table}"'

    @property
    def table_name(self) -> tuple[str, str]:
        """Database and table."""
        return self.database, self.table

    def column(self, name: str) -> TableColumn | None:
        """Return the column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def calendar_part(self, dimension: str) -> CalendarName | None:
        """Return the part of the calendar that a dimension is; None where it is a column."""
        found = self.column(dimension)
        if found is not None and not found.is_partition:
            return None
        return next((name for name in NAMES if name == dimension), None)

    def reads(self, dimension: str) -> tuple[str, ...]:
        """Return the columns that a dimension reads."""
        part = self.calendar_part(dimension)
        return (dimension,) if part is None else self.calendar.reads(part)

    @property
    def counted_dimensions(self) -> tuple[str, ...]:
        """Dimensions that the Overview counts rows by: those of a chart, and those with a role."""
        drawn = (each for chart in self.charts for each in (chart.by, chart.split))
        needed = {self.channel, self.agent, self.method, *drawn}
        return tuple(column for column in self.dimensions if column in needed)

    @property
    def splits(self) -> tuple[tuple[str, str], ...]:
        """Pairs of dimensions that charts are drawn by, each once; the first may be `day`."""
        return tuple(dict.fromkeys((chart.by, chart.split) for chart in self.charts if chart.split))

    @property
    def link_names(self) -> dict[str, str]:
        """Names that a link may use for a dimension, with its column: roles, as in older links, and columns."""
        roles = {"channel": self.channel, "agent": self.agent, "method": self.method}
        aliases = {role: column for role, column in roles.items() if column in self.dimensions and column}
        return {**aliases, **{dimension_key(column): column for column in self.dimensions}}

    @property
    def groupings(self) -> tuple[str, ...]:
        """What rows may be grouped by: the day, and what they may be filtered by."""
        return ("day", *self.filters)

    @property
    def filters(self) -> tuple[str, ...]:
        """What rows may be filtered by a value of: the parts of the calendar and the dimensions."""
        # The hour of a masked time would be that of its digest.
        masked = self.view.masks.keys()
        parts = (
            part for part in self.calendar.names() if self.calendar_part(part) and masked.isdisjoint(self.reads(part))
        )
        return tuple(dict.fromkeys((*parts, *self.dimensions)))

    @property
    def ranged(self) -> Mapping[str, ColumnType]:
        """Columns that take a range, with their types: numbers and times that the requester may see."""
        shown = (column for column in self.columns if not column.is_partition and column.name not in self.view.masks)
        return {column.name: column.type for column in shown if takes_range(column.type)}

    def measure_named(self, measure: str, column: str | None = None) -> Measure:
        """Return a declared measure, the rows, or an aggregate of a column.

        Raises ValueError where the table cannot give it to the requester.
        """
        part = Card(measure=measure, column=column)
        found = measure_of(part, self._declared, _types(self.columns), _units(self.columns))
        if masked := found.masked_column(self.view):
            raise ValueError(f"a measure of columns that are in clear for you; found {masked}")
        return found

    def measure_title(self, measure: str, column: str | None = None) -> str:
        """Return what people read for a measure: the dataset's own word for rows. Raises ValueError as above."""
        return capitalised(self.words.rows.many) if measure == "rows" else self.measure_named(measure, column).label

    def measure(self, part: Card | Chart) -> Measure:
        """Return what a card or a chart of this model measures."""
        return self._measures[part]

    @property
    def terms(self) -> tuple[Term, ...]:
        """Aggregates of the Overview: rows, unique entities, channels and agents in this order, then its parts' own."""
        fixed = (Term("rows"), *(Term("distinct", column) for column in (self.entity, self.channel, self.agent)))
        wanted = dict.fromkeys(term for measure in self._measures.values() for term in measure.terms)
        return (*fixed, *(term for term in wanted if term not in fixed))

    @property
    def measured_columns(self) -> tuple[str, ...]:
        """Columns that the aggregates read, each once."""
        read = (column for measure in self._measures.values() for column in measure.reads)
        return tuple(dict.fromkeys((*(column for column in (self.entity, self.channel, self.agent) if column), *read)))

    @cached_property
    def _declared(self) -> Mapping[str, Measure]:
        return declared_measures(self.declared, _types(self.columns), _units(self.columns))[0]

    @cached_property
    def _measures(self) -> Mapping[Card | Chart, Measure]:
        types, units, made = _types(self.columns), _units(self.columns), self._declared
        parts: tuple[Card | Chart, ...] = (*self.cards, *self.charts)
        return {part: measure_of(part, made, types, units) for part in parts}


def semantic_model_from(dataset: Dataset, schema: TableSchema | None, view: TableView = EVERYTHING) -> SemanticModel:
    """Return a dataset's semantic model for a requester; `schema` holds the published columns, None before any export.

    A masked column is no dimension and is not measured. Only a digest keeps different values different, so it alone may
    be counted.
    """
    stored = _columns(dataset, schema)
    columns = tuple(replace(column, type=view.type_of(column.name, column.type)) for column in stored)
    names = {column.name for column in columns if not column.is_partition}
    declared, target = dataset.dashboard, dataset.target
    identity = _part(declared.entity, "entity", names) or next(
        (column.name for column in dataset.columns if column.role == "key" and column.name in names), None
    )
    booleans = (column.name for column in stored if column.type.name == "boolean")
    words = words_of(dataset, identity, _attributes(dataset, schema), booleans)
    # No other column takes the role of a masked one: its figures would read as those of the masked one.
    entity = identity if identity not in view.masks or identity in view.countable else None
    channel, agent, method = (None if part in view.masks else part for part in _roles(dataset, names))
    calendar = _calendar(dataset, stored)
    parts = DrawableParts(_types(stored), _units(stored), calendar, declared.measures, view)
    charts = parts.charts(declared.charts, words) or inferred_charts(words, channel, agent, method)
    return SemanticModel(
        dataset=dataset.name,
        title=dataset.label,
        database=target.database,
        table=target.table,
        time_zone=dataset.source.time_zone,
        columns=columns,
        entity=entity,
        agent=agent,
        channel=channel,
        method=method,
        dimensions=parts.dimensions(
            declared.dimensions or (channel, agent, method, *_worth_filtering(dataset)), charts
        ),
        cards=parts.cards(declared.cards) or inferred_cards(words, entity, channel, agent),
        charts=charts,
        words=words,
        calendar=calendar,
        declared=parts.measures,
        not_drawn=tuple(parts.faults),
        view=view,
        query=table_query(
            table_name(target.database, target.table), [(column.name, column.type) for column in stored], view
        ),
    )


def _types(columns: Sequence[TableColumn]) -> dict[str, ColumnType]:
    return {column.name: column.type for column in columns if not column.is_partition}


def _attributes(dataset: Dataset, schema: TableSchema | None) -> dict[str, str]:
    """Return the columns with their attribute, of a path its last step."""
    found = schema.columns if schema else dataset.columns
    return {column.name: column.attribute.rpartition(".")[2] for column in found if column.attribute}


def _units(columns: Sequence[TableColumn]) -> dict[str, str | None]:
    return {column.name: column.unit for column in columns}


def _calendar(dataset: Dataset, columns: Sequence[TableColumn]) -> Calendar:
    """Return the calendar: the hour is that of the sort key, where it is a timestamp of the table."""
    declared = [column.name for column in dataset.columns if column.attribute == dataset.source.sort_key]
    times = [column.name for column in columns if column.name in declared and column.type.name == "timestamp"]
    first = FIRST_WEEKDAYS[dataset.dashboard.week_starts]
    return Calendar(dataset.source.time_zone, first, times[0] if times else None)


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


def _worth_filtering(dataset: Dataset) -> tuple[str, ...]:
    """Return the filters of a file that names no dimensions, in addition to its roles."""
    return tuple(column.name for column in dataset.columns if column.role == "dimension")


def _part(declared: str | None, part: Part, names: set[str]) -> str | None:
    if declared:
        return declared if declared in names else None
    return next((name for name in KNOWN_NAMES[part] if name in names), None)


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
