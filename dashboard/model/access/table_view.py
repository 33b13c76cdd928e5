"""What a requester may see of a dataset's table flows in; the table expression that shows no more flows out.

The expression takes the table's place in every statement, so whatever a statement does works on what the requester may
see: filters, joins, aggregates and ordering meet masked values alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from dataset_model.columns.column import Mask
from dataset_model.columns.types import STRING, ColumnType
from dataset_model.dashboard.condition import text_literal
from dataset_model.targets.partitions import PARTITION_COLUMNS

SHORTEST_SHOWN: Final = 8
"""Characters from which on `last4` shows the last four: of a shorter text they would be half of it or more."""

_NO_KEY: Final = "key"
_SEEN: Final = '"is seen"'
"""Column that says whether the requester may see a row. No column of a table has a name with a blank."""


@dataclass(frozen=True)
class TableView:
    """What a requester sees: masked columns, the key of their digests, and a part of the rows."""

    masks: Mapping[str, Mask] = field(default_factory=dict)
    key: str = field(default="", repr=False)
    rows: str = ""
    """SQL that holds for the rows seen; empty where all of them are."""
    rows_read: tuple[str, ...] = ()
    """Columns that `rows` reads."""
    remark: str = ""
    """Says which rows are seen, in words; empty where all of them are."""

    @property
    def identity(self) -> tuple[tuple[tuple[str, Mask], ...], str]:
        """Equal for requesters who see the same."""
        return tuple(sorted(self.masks.items())), self.rows

    @property
    def is_part(self) -> bool:
        """Whether rows may be missing, so that counts of the whole table are not the requester's."""
        return bool(self.rows)

    @property
    def countable(self) -> frozenset[str]:
        """Masked columns of which different values stay different, and equal ones equal."""
        return frozenset(column for column, mask in self.masks.items() if mask == "hash")

    def type_of(self, column: str, type_: ColumnType) -> ColumnType:
        """Return the type that a column has for the requester: digests and last characters are texts."""
        return type_ if self.masks.get(column, "hidden") == "hidden" else STRING


EVERYTHING: Final = TableView()


@dataclass(frozen=True)
class TableQuery:
    """The query that shows a table as the requester may see it."""

    sent: str = field(repr=False)
    explained: str
    """The same without the key: a plan is shown to the requester, and reads no row."""
    reads: tuple[str, ...] = ()
    """Columns that it reads for every statement, named in it or not."""


def table_name(database: str, table: str) -> str:
    """Return a table's full name for SQL."""
    return f"{quoted(database)}.{quoted(table)}"


def table_query(name: str, columns: Sequence[tuple[str, ColumnType]], view: TableView) -> TableQuery | None:
    """Return the query that takes a table's place; None where the requester may see the table itself.

    `columns` are all of the table's columns in its order, with the types that they have in the table.
    """
    if not view.masks and not view.is_part:
        return None
    sent, explained = (_select(name, columns, each) for each in (view, replace(view, key=_NO_KEY)))
    return TableQuery(sent, explained, view.rows_read)


def _select(name: str, columns: Sequence[tuple[str, ColumnType]], view: TableView) -> str:
    if not view.is_part:
        return f"SELECT {', '.join(_shown(column, type_, view) for column, type_ in columns)} FROM {name}"
    # The engine may compute a person's condition before this one and fail on a value of a row that they may not see,
    # or name it in the reason. So such a row has no values either, in whatever order conditions are computed.
    shown = (
        quoted(column)
        if column in PARTITION_COLUMNS
        else f"CASE WHEN {_SEEN} THEN {_value(column, type_, view)} END AS {quoted(column)}"
        for column, type_ in columns
    )
    return f"SELECT {', '.join(shown)} FROM (SELECT *, {view.rows} AS {_SEEN} FROM {name}) WHERE {_SEEN}"


def _shown(column: str, type_: ColumnType, view: TableView) -> str:
    value, name = _value(column, type_, view), quoted(column)
    return name if value == name else f"{value} AS {name}"


def _value(column: str, type_: ColumnType, view: TableView) -> str:
    mask, name = view.masks.get(column), quoted(column)
    if mask is None:
        return name
    if mask == "hidden":
        return f"CAST(NULL AS {type_.athena})"
    text = f"CAST({name} AS varchar)"
    if mask == "last4":
        tail = f"'****' || substr({text}, -4)"
        # NULL stays NULL: counts of the rows with a value stay right.
        other = f"WHEN {name} IS NOT NULL THEN '****'"
        return f"CASE WHEN length({text}) >= {SHORTEST_SHOWN} THEN {tail} {other} END"
    return f"lower(to_hex(sha256(to_utf8({text_literal(view.key)} || {text}))))"


def quoted(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
