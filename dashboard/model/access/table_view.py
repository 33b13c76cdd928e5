"""What a requester may see of a dataset's table flows in; the table expression that shows no more flows out.

The expression takes the table's place in every statement, so whatever a statement does works on what the requester may
see: filters, joins, aggregates and ordering meet masked values alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from dataset_model.definition import Mask
from dataset_model.types import STRING, ColumnType

SHORTEST_SHOWN: Final = 8
"""Characters from which on `last4` shows the last four: of a shorter text they would be half of it or more."""

_NO_KEY: Final = "key"


@dataclass(frozen=True)
class TableView:
    """What a requester sees: masked columns, and the key of their digests."""

    masks: Mapping[str, Mask] = field(default_factory=dict)
    key: str = field(default="", repr=False)

    @property
    def identity(self) -> tuple[tuple[str, Mask], ...]:
        """Equal for requesters who see the same."""
        return tuple(sorted(self.masks.items()))

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


def table_name(database: str, table: str) -> str:
    """Return a table's full name for SQL."""
    return f"{_quoted(database)}.{_quoted(table)}"


def table_query(name: str, columns: Sequence[tuple[str, ColumnType]], view: TableView) -> TableQuery | None:
    """Return the query that takes a table's place; None where the requester may see the table itself.

    `columns` are all of the table's columns in its order, with the types that they have in the table.
    """
    if not view.masks:
        return None
    sent, explained = (
        f"SELECT {', '.join(_shown(column, type_, each) for column, type_ in columns)} FROM {name}"
        for each in (view, replace(view, key=_NO_KEY))
    )
    return TableQuery(sent, explained)


def _shown(column: str, type_: ColumnType, view: TableView) -> str:
    mask, name = view.masks.get(column), _quoted(column)
    if mask is None:
        return name
    if mask == "hidden":
        return f"CAST(NULL AS {type_.athena}) AS {name}"
    text = f"CAST({name} AS varchar)"
    if mask == "last4":
        tail = f"'****' || substr({text}, -4)"
        # NULL stays NULL: counts of the rows with a value stay right.
        other = f"WHEN {name} IS NOT NULL THEN '****'"
        return f"CASE WHEN length({text}) >= {SHORTEST_SHOWN} THEN {tail} {other} END AS {name}"
    return f"lower(to_hex(sha256(to_utf8({_literal(view.key)} || {text})))) AS {name}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
