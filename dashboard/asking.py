"""The inputs of a query type, what it would cost, and how to start it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import formats, running
from dashboard.errors import InvalidRequest, RefusedSql
from dashboard.filters import Days
from dashboard.links import Linked
from dashboard.queries import Statement
from dashboard.query_types import QueryDefinition, QueryRequest, request_from
from dashboard.service import Service
from dashboard.sql_editor import sql_editor
from datasets.manifest import Manifest

DEFAULT_LIMIT = 1_000


def inputs(
    service: Service, name: str, definition: QueryDefinition, manifest: Manifest, link: Linked
) -> dict[str, Any]:
    """Draw the fields of a query type and return their values, named as in the JSON API; a link fills them in."""
    values: dict[str, Any] = {"query": definition.id}
    if "sql" in definition.fields:
        edited = sql_editor(
            tuple(service.shape(each) for each in service.names), "explore", initial=link.sql or example(service, name)
        )
        values |= {"sql": edited.sql, "run": edited.run}
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"inputs_{definition.id}"):
        if "startDate" in definition.fields:
            values |= _dates(definition, manifest, name, link)
        if "agentName" in definition.fields:
            values["agentName"] = _agent(service, name, link.agent_name)
        if "contactId" in definition.fields:
            entity = (service.shape(name).entity or "contact").replace("_", " ")
            values["contactId"] = st.text_input(
                f"Exact {entity}", link.contact_id or "", key=f"contact_{name}", width=340
            )
        values["limit"] = st.number_input(
            "Rows at most",
            min_value=1,
            max_value=service.settings.max_fetch_rows,
            value=min(link.limit or DEFAULT_LIMIT, service.settings.max_fetch_rows),
            step=100,
            key="limit",
            width=160,
        )
        values["run"] = values.get("run") or st.button(
            "Run", type="primary", icon=":material/play_arrow:", key="run", shortcut="Mod+Enter"
        )
    return values


def prepared(service: Service, name: str, values: Mapping[str, Any]) -> tuple[QueryRequest, Statement] | None:
    """Return the request and its statement; None where the inputs do not make one, which is said if Run was asked."""
    fields = {field: value for field, value in values.items() if field != "run"}
    try:
        request = request_from(fields, service.shape(name), service.settings.max_fetch_rows)
        return request, service.prepare(name, request)
    except InvalidRequest as error:
        if values["run"]:
            for fault in error.faults:
                missing = not values.get(fault.field)
                message = "the query needs this" if missing else fault.message
                st.error(f"**{_LABELS.get(fault.field, fault.field)}**: {message}.", icon=":material/edit_note:")
    except RefusedSql as error:
        refusal(error)
    return None


def refusal(error: RefusedSql) -> None:
    """Say why SQL is not run: what, where, and how to mend it."""
    where = f"Line {error.line}, column {error.column}: " if error.line else ""
    st.error(f"**{where}{error.reason}** {error.mend}", icon=":material/gpp_maybe:")


def estimate(service: Service, name: str, statement: Statement) -> None:
    """Say what a statement costs at most, before it runs, and how to make it cheaper where it would read everything."""
    bound = service.estimate(name, statement)
    if bound is None:
        return
    days = f"{bound.days:,} of {formats.plural(bound.all_days, 'day')}"
    text = f"Reads at most {formats.size(bound.bytes)} from {days}, {formats.dollars(bound.dollars)}"
    if bound.reads_everything and statement.columns is None:
        hint = "Add `WHERE year = 2026 AND month = 2` or another filter on year, month and day to read less."
        st.caption(f":material/payments: {text}. :orange[This reads every day.] {hint}")
    else:
        st.caption(f":material/payments: {text}")


def run_if_asked(service: Service, name: str, values: Mapping[str, Any], slot: str) -> None:
    """Draw the estimate, and start the query where Run was pressed."""
    made = prepared(service, name, values)
    if made is None:
        if values["run"]:
            running.forget(slot)
        return
    request, statement = made
    estimate(service, name, statement)
    if values["run"]:
        running.start(service, name, statement, slot)
        st.session_state[f"{slot}_of"] = rows_in_all(request, service.manifest(name))


def rows_in_all(request: QueryRequest, manifest: Manifest | None) -> int | None:
    """Return how many rows a request has without its limit, where the manifest alone knows."""
    if manifest is None or request.query not in ("all_records", "by_date"):
        return None
    days = manifest.days.values()
    return sum(record.rows for record in days if request.days is None or record.day in request.days)


def example(service: Service, name: str) -> str:
    """Return SQL to start from: the latest week by channel, confined to its partitions."""
    shape, manifest = service.shape(name), service.manifest(name)
    last = (manifest.last_day if manifest else None) or service.today(name)
    by = shape.channel or shape.agent or "day"
    return (
        f"SELECT {by}, count(*) AS contacts\n"
        f"FROM {shape.table}\n"
        f"WHERE year = {last.year} AND month = {last.month}\n"
        f"GROUP BY {by}\n"
        "ORDER BY contacts DESC"
    )


def _dates(definition: QueryDefinition, manifest: Manifest, name: str, link: Linked) -> dict[str, dt.date | None]:
    needed = "startDate" in definition.required
    last = manifest.last_day or dt.datetime.now(dt.UTC).date()
    week = Days(last - dt.timedelta(days=6), last)
    given = [day for day in (link.start, link.end) if day]
    chosen: list[dt.date | dt.datetime | str | None] = [*(given or ([week.first, week.last] if needed else []))]
    picked = st.date_input(
        "Days" if needed else "Days (empty: all)",
        chosen,
        key=f"days_{name}_{definition.id}",
        format="YYYY-MM-DD",
        width=248,
    )
    ends = picked if isinstance(picked, tuple) else (picked,)
    return {"startDate": ends[0] if ends else None, "endDate": ends[-1] if len(ends) > 1 else None}


def _agent(service: Service, name: str, given: str | None) -> str | None:
    known = service.dimension_choices(name, "agent")
    if known is None:
        return st.text_input("Agent", given or "", key=f"agent_{name}", width=260)
    at = known.index(given) if given in known else None
    return st.selectbox("Agent", known, index=at, key=f"agent_{name}", placeholder="Choose an agent", width=260)


_LABELS = {
    "startDate": "Days",
    "endDate": "Days",
    "agentName": "Agent",
    "contactId": "Contact",
    "limit": "Rows at most",
    "sql": "SQL",
}
