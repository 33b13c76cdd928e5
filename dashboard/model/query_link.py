"""The inputs of Explore and SQL flow in, the address that fills them in flows out, and back.

The names are those of the JSON API. A link fills in the inputs; nothing runs, and costs, before Run is pressed.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import urlencode

from dashboard.model.grouping.question import MOST_GROUPINGS
from dashboard.model.query_types import MAX_TEXT, QueryType
from dashboard.model.selection.filters import RANGE_ENDS, day_from_text, key_from_value, value_from_key

MOST_LINKED_SQL = 4_000
"""Characters of SQL in an address; proxies and chats cut longer ones. A saved query is shared by its name instead."""
FILTER = "f."
"""Stands before the name of a column that is filtered."""
PARAMETER = "p."
"""Stands before the name of a saved query's parameter."""


@dataclass(frozen=True)
class Linked:
    """The inputs that a link gives; None where it gives none."""

    query: QueryType | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    agent_name: str | None = None
    contact_id: str | None = None
    sql: str | None = None
    limit: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    measure: str | None = None
    column: str | None = None
    by: tuple[str, ...] = ()
    sort: str | None = None
    totals: bool = True
    filters: Mapping[str, object] = field(default_factory=dict)
    """As JSON has them: a list of values, or a range, by column."""


def linked_from(params: Mapping[str, Sequence[str]]) -> Linked:
    """Return what an address asks. What cannot be read is left out: an old link still opens the page."""
    texts = {name: values[-1] for name, values in params.items() if values}
    start, end = day_from_text(texts.get("startDate", "")), day_from_text(texts.get("endDate", ""))
    if start and end and end < start:
        start = end = None
    limit = texts.get("limit", "")
    return Linked(
        query=next((kind for kind in get_args(QueryType) if kind == texts.get("query")), None),
        start=start,
        end=end,
        agent_name=texts["agentName"][:MAX_TEXT] if "agentName" in texts else None,
        contact_id=texts.get("contactId", "")[:MAX_TEXT] or None,
        sql=texts.get("sql", "")[:MOST_LINKED_SQL] or None,
        limit=int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 10 else None,
        parameters={
            name.removeprefix(PARAMETER): text[:MAX_TEXT] for name, text in texts.items() if name.startswith(PARAMETER)
        },
        measure=texts.get("measure"),
        column=texts.get("column"),
        by=tuple(dict.fromkeys(params.get("by", ())))[:MOST_GROUPINGS],
        sort=texts.get("sort"),
        totals=texts.get("totals") != "no",
        filters=_filters(params),
    )


def search_from(values: Mapping[str, object], parameters: Mapping[str, object] | None = None) -> str:
    """Return the query string of an address, `?` included; what is empty, or too long for one, is left out.

    An empty `agentName` stays: it names the rows with the empty text as agent. So do empty values of filters.
    """
    named = {**values, **{PARAMETER + name: value for name, value in (parameters or {}).items()}}
    filters = named.pop("filters", None)
    shown = {name: _texts(value) for name, value in named.items() if value is not None}
    if sum(map(len, shown.get("sql", ()))) > MOST_LINKED_SQL:
        del shown["sql"]
    kept = {name: [text for text in texts if text or name == "agentName"] for name, texts in shown.items()}
    search = urlencode(kept | (_filter_params(filters) if isinstance(filters, Mapping) else {}), doseq=True)
    return f"?{search}" if search else ""


def _texts(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [value.isoformat() if isinstance(value, dt.date) else str(value)]


def _filter_params(filters: Mapping[str, object]) -> dict[str, list[str]]:
    params: dict[str, list[str]] = {}
    for column, wanted in filters.items():
        name = FILTER + column
        if isinstance(wanted, Mapping):
            params |= {f"{name}.{end}": _texts(value) for end, value in wanted.items() if value is not None}
        elif isinstance(wanted, list | tuple):
            params[name] = [key_from_value(value) for value in wanted]
    return params


def _filters(params: Mapping[str, Sequence[str]]) -> dict[str, object]:
    filters: dict[str, object] = {}
    for name, texts in params.items():
        # A column's name has no dot: what follows one says which end of a range this is.
        column, _, end = name.removeprefix(FILTER).partition(".")
        if not name.startswith(FILTER) or not texts:
            continue
        if not end:
            filters[column] = [value_from_key(text[:MAX_TEXT]) for text in texts]
        elif end in RANGE_ENDS:
            bound: object = texts[-1] == "yes" if end == "empty" else texts[-1][:MAX_TEXT]
            before = filters.get(column)
            filters[column] = {**before, end: bound} if isinstance(before, dict) else {end: bound}
    return filters
