"""The inputs of Explore and SQL flow in, the address that fills them in flows out, and back.

The names are those of the JSON API. A link fills in the inputs; nothing runs, and costs, before Run is pressed.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import urlencode

from dashboard.model.filters import day_from_text
from dashboard.model.query_types import MAX_TEXT, QueryType

MOST_LINKED_SQL = 4_000
"""Characters of SQL in an address; proxies and chats cut longer ones. A saved query is shared by its name instead."""
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
    )


def search_from(values: Mapping[str, object], parameters: Mapping[str, object] | None = None) -> str:
    """Return the query string of an address, `?` included; what is empty, or too long for one, is left out.

    An empty `agentName` stays: it names the rows with the empty text as agent.
    """
    named = {**values, **{PARAMETER + name: value for name, value in (parameters or {}).items()}}
    shown = {name: _text(value) for name, value in named.items() if value is not None}
    if len(shown.get("sql", "")) > MOST_LINKED_SQL:
        del shown["sql"]
    search = urlencode({name: text for name, text in shown.items() if text or name == "agentName"})
    return f"?{search}" if search else ""


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)
