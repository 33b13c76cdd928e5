"""The eight query types, what each asks for, and the request that a page or the JSON API makes of one."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, get_args

from dashboard.errors import FieldFault, InvalidRequest
from dashboard.model.grouping.question import GroupBy, group_by_from
from dashboard.model.selection.filters import EARLIEST, LATEST, Days, day_from_text
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised, name_of

QueryType = Literal[
    "all_records", "by_date", "by_agent", "by_contact", "daily_summary", "channel_summary", "group_by", "custom_sql"
]
Field = Literal[
    "startDate",
    "endDate",
    "agentName",
    "contactId",
    "measure",
    "column",
    "by",
    "filters",
    "sort",
    "totals",
    "sql",
    "limit",
]

T = TypeVar("T")

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
    QueryDefinition(
        "group_by",
        "Group by",
        "A measure by up to two groupings, with totals.",
        (),
        ("measure", "column", "by", "filters", "sort", "totals", "startDate", "endDate", "limit"),
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
    group: GroupBy | None = None


def available_query_types(model: SemanticModel) -> tuple[QueryDefinition, ...]:
    """Return the query types that a dataset's columns allow, in menu order, in the words of the dataset."""
    parts = {"agent": model.agent, "channel": model.channel, "entity": model.entity}
    return tuple(_worded(kind, model) for kind in QUERY_TYPES if kind.needs is None or parts[kind.needs])


def name_in_words(query: str, model: SemanticModel) -> str:
    """Return the id of a query type in the words of the dataset: `by_order` for `by_contact`. Other texts stay."""
    kinds = available_query_types(model)
    return next((name_of(kind.title) for kind in kinds if kind.id == query), query)


def _worded(kind: QueryDefinition, model: SemanticModel) -> QueryDefinition:
    words = model.words
    one, many = words.entity.one, words.entity.many
    agent, channel = words.noun("agent", model.agent), words.noun("channel", model.channel)
    unique = f" and unique {many}" if model.entity else ""
    by_agent = f"day and {agent}" if model.agent else "day"
    worded: dict[QueryType, tuple[str, str]] = {
        "by_agent": (f"By {agent}", f"Rows of one {agent}, the latest day first."),
        "by_contact": (f"By {one}", f"Rows of one {one}."),
        "daily_summary": ("Daily summary", f"Rows{unique} per {by_agent}."),
        "channel_summary": (
            f"{capitalised(channel)} summary",
            f"Rows{unique} per day and {channel}.",
        ),
    }
    title, description = worded.get(kind.id, (kind.title, kind.description))
    return replace(kind, title=title, description=description)


def request_from(values: Mapping[str, object], model: SemanticModel, max_rows: int) -> QueryRequest:
    """Return the request that JSON or a form describes; names are those of the JSON API.

    `values` holds `query` and its fields; None and "" count as absent, except for `agentName` of by_agent: None finds
    rows without an agent, "" those with the empty name. Dates may be `date` or `YYYY-MM-DD`. `limit` is `max_rows`
    where absent, and from 1 to `max_rows`. Raises InvalidRequest with one fault per wrong field.
    """
    definition = _definition(values.get("query"), model)
    given = {
        name: value
        for name, value in values.items()
        if name != "query" and (value not in (None, "") or (name == "agentName" and name in definition.required))
    }
    faults = [FieldFault(name, _unexpected(name, definition)) for name in given if name not in definition.fields]
    faults += [FieldFault(field, f"{definition.id} needs it") for field in definition.required if field not in given]
    first = _value(given, "startDate", _day, faults)
    last = _value(given, "endDate", _day, faults)
    days = None
    if first and last and last < first:
        faults.append(FieldFault("endDate", f"expected {first} (startDate) or later; found {last}"))
    elif first or last:
        days = Days(first or EARLIEST, last or LATEST)
    agent = _value(given, "agentName", _line_or_null, faults)
    contact = _value(given, "contactId", _line, faults)
    sql = _value(given, "sql", _sql, faults)
    limit = _value(given, "limit", lambda value: _limit(value, max_rows), faults)
    group = group_by_from(given, model, faults) if definition.id == "group_by" else None
    if faults:
        raise InvalidRequest(tuple(faults))
    return QueryRequest(definition.id, limit or max_rows, days, agent, contact, sql, group)


def _definition(query: object, model: SemanticModel) -> QueryDefinition:
    available = available_query_types(model)
    definition = next((kind for kind in available if kind.id == query), None)
    if definition is None:
        known = ", ".join(kind.id for kind in available)
        raise InvalidRequest((FieldFault("query", f"expected one of {known}; found {_shown(query)}"),))
    return definition


def _unexpected(name: str, definition: QueryDefinition) -> str:
    if name in FIELDS:
        return f"{definition.id} does not take it; it takes {', '.join(definition.fields)}"
    return f"unknown; {definition.id} takes {', '.join(definition.fields)}"


def _value(
    given: Mapping[str, object], field: Field, read: Callable[[object], T], faults: list[FieldFault]
) -> T | None:
    if field not in given:
        return None
    try:
        return read(given[field])
    except ValueError as error:
        faults.append(FieldFault(field, f"expected {error}; found {_shown(given[field])}"))
        return None


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _day(value: object) -> dt.date:
    day = value if type(value) is dt.date else day_from_text(value) if isinstance(value, str) else None
    if day is None or not EARLIEST <= day <= LATEST:
        raise ValueError("a day as YYYY-MM-DD")
    return day


def _line_or_null(value: object) -> str | None:
    return None if value is None else _line(value)


def _line(value: object) -> str:
    # Not stripped: what is compared is what is stored, blanks included.
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\0" in value or not _is_text(value):
        raise ValueError(f"text of at most {MAX_TEXT} characters")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can carry and nothing else
        return False
    return True


def _sql(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_SQL or not _is_text(value):
        raise ValueError(f"a SELECT of at most {MAX_SQL:,} characters")
    return value


def _limit(value: object, max_rows: int) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= max_rows:
        raise ValueError(f"a whole number from 1 to {max_rows}")
    return number
