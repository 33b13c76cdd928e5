"""The seven query types, what each asks for, and the request that a page or the JSON API makes of one."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from dashboard.errors import FieldFault, InvalidRequest
from dashboard.filters import Days, day_from_text
from dashboard.shape import Shape

QueryType = Literal[
    "all_records", "by_date", "by_agent", "by_contact", "daily_summary", "channel_summary", "custom_sql"
]
Field = Literal["startDate", "endDate", "agentName", "contactId", "sql", "limit"]

FIELDS: tuple[Field, ...] = get_args(Field)

MAX_TEXT = 500
"""Characters of an agent's name or a contact's id. Athena takes an execution parameter of at most 1,024."""
MAX_SQL = 100_000
"""Characters of SQL; Athena takes 262,144 bytes."""


@dataclass(frozen=True)
class QueryDefinition:
    """A query type as people choose it."""

    id: QueryType
    title: str
    description: str
    required: tuple[Field, ...] = ()
    optional: tuple[Field, ...] = ("limit",)
    needs: Literal["agent", "channel", "entity"] | None = None
    """The part that a column of the dataset must play for the query to make sense."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field that the query takes, required ones first."""
        return self.required + self.optional


QUERY_TYPES: tuple[QueryDefinition, ...] = (
    QueryDefinition("all_records", "All records", "Every row, the latest day first."),
    QueryDefinition(
        "by_date", "By date", "Rows of the days from start to end, both included.", ("startDate", "endDate")
    ),
    QueryDefinition("by_agent", "By agent", "Rows of one agent, the latest day first.", ("agentName",), needs="agent"),
    QueryDefinition("by_contact", "By contact", "Rows of one contact.", ("contactId",), needs="entity"),
    QueryDefinition(
        "daily_summary",
        "Daily summary",
        "Rows and unique contacts per day and agent.",
        (),
        ("startDate", "endDate", "limit"),
    ),
    QueryDefinition(
        "channel_summary",
        "Channel summary",
        "Rows and unique contacts per day and channel.",
        (),
        ("startDate", "endDate", "limit"),
        needs="channel",
    ),
    QueryDefinition("custom_sql", "Custom SQL", "A SELECT of your own over the served tables.", ("sql",)),
)


@dataclass(frozen=True)
class QueryRequest:
    """A validated request; only the fields of its query type are set."""

    query: QueryType
    limit: int
    days: Days | None = None
    agent_name: str | None = None
    contact_id: str | None = None
    sql: str | None = None


def definition_of(query: QueryType) -> QueryDefinition:
    """Return a query type's definition."""
    return next(definition for definition in QUERY_TYPES if definition.id == query)


def available_query_types(shape: Shape) -> tuple[QueryDefinition, ...]:
    """Return the query types that a dataset's columns allow, in menu order."""
    parts = {"agent": shape.agent, "channel": shape.channel, "entity": shape.entity}
    return tuple(kind for kind in QUERY_TYPES if kind.needs is None or parts[kind.needs])


def request_from(values: Mapping[str, object], shape: Shape, max_rows: int) -> QueryRequest:
    """Return the request that JSON or a form describes; names are those of the JSON API.

    `values` holds `query` and its fields; None and "" count as absent, dates may be `date` or `YYYY-MM-DD`. `limit` is
    `max_rows` where absent, and from 1 to `max_rows`. Raises InvalidRequest with one fault per wrong field.
    """
    raise NotImplementedError
