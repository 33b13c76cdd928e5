"""A query type flows in; its inputs, its estimated cost and a started query flow out."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from dashboard.errors import InvalidRequest, RefusedSql
from dashboard.model import formats
from dashboard.model.query_link import Linked
from dashboard.model.query_types import QueryDefinition, QueryRequest, request_from
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.statements import Statement
from dashboard.model.vocabulary import capitalised, name_of
from dashboard.overview.document.marks import key_from_value, label, value_from_key
from dashboard.services.service import Service
from dashboard.services.suggestion import cheaper
from dashboard.sql.layout import formatted
from dashboard.ui.page.states import literal
from dashboard.ui.query import run_status
from dashboard.ui.query.days_input import days_input
from dashboard.ui.query.group_form import group_inputs
from dashboard.ui.query.schema_browser import chosen_first
from dashboard.ui.query.sql_editor import Edited, faulty, put, sql_editor
from dataset_model.records.manifest import Manifest

DEFAULT_LIMIT = 1_000


@dataclass(frozen=True)
class Prepared:
    """A query that can run: the request and its statement."""

    request: QueryRequest
    statement: Statement


def editor(service: Service, name: str, slot: str, initial: str | None) -> Edited:
    """Draw the SQL editor of a slot, with the last fault underlined."""
    models = tuple(service.model(each) for each in chosen_first(service, name))
    return sql_editor(models, slot, initial=initial or example(service, name), refused=faulty(slot))


def inputs(
    service: Service, name: str, definition: QueryDefinition, manifest: Manifest, link: Linked, slot: str
) -> dict[str, Any]:
    """Draw the fields of a query type and return their values, named as in the JSON API; a link fills them in.

    `agentName` is the key of a value (`marks.key_from_value`): `~` for rows without one, "" for the empty text.
    """
    values: dict[str, Any] = {"query": definition.id}
    if "sql" in definition.fields:
        edited = editor(service, name, slot, link.sql)
        values |= {"sql": edited.sql, "run": edited.run}
    if "measure" in definition.fields:
        values |= group_inputs(service, name, link, slot)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"inputs_{definition.id}"):
        if "startDate" in definition.fields:
            values |= _dates(service, name, definition, manifest, link)
        if "agentName" in definition.fields:
            agent = _agent(service, name, link.agent_name)
            values |= {} if agent is None else {"agentName": agent}
        if "contactId" in definition.fields:
            label = _id_label(service.model(name))
            contact = st.text_input(label, link.contact_id or "", key=f"contact_{name}", width=340)
            values |= {"contactId": contact} if contact else {}
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


def run_if_asked(
    service: Service, name: str, values: Mapping[str, Any], slot: str, given: Mapping[str, str] | None = None
) -> None:
    """Draw the estimated cost of the query, or its faults, and start it if Run was pressed.

    `values` are named as in the JSON API, plus `run`; `given` are the values of parameters in SQL.
    """
    made = _prepared(service, name, values, given)
    if isinstance(made, Prepared):
        with st.container(horizontal=True, vertical_alignment="center", key=f"price_{slot}"):
            estimate(service, name, made.statement, slot)
            if not made.statement.written:
                _as_sql(service, name, made.statement, slot)
        if values["run"]:
            run_status.start(service, name, made.statement, slot)
            st.session_state[f"{slot}_of"] = rows_in_all(made.request, service, name)
            st.session_state[_asked(slot)] = made.request
    elif values["run"]:
        run_status.forget(slot)
    if "sql" in values:
        faulty(slot, made if isinstance(made, RefusedSql) else None)


def asked_in(slot: str) -> QueryRequest | None:
    """Return the request that was last started in a slot."""
    request: QueryRequest | None = st.session_state.get(_asked(slot))
    return request


def _asked(slot: str) -> str:
    return f"{slot}_asked"


def _prepared(
    service: Service, name: str, values: Mapping[str, Any], given: Mapping[str, str] | None
) -> Prepared | RefusedSql | None:
    """Return the query; None where the inputs are not valid, with a message if Run was pressed."""
    fields = {field: value for field, value in values.items() if field != "run"}
    if "agentName" in fields:
        fields["agentName"] = value_from_key(fields["agentName"])
    try:
        request = request_from(fields, service.model(name), service.settings.max_fetch_rows)
        return Prepared(request, service.prepare(name, request, given))
    except InvalidRequest as error:
        if values["run"]:
            model = service.model(name)
            labels = {**_LABELS, "agentName": capitalised(model.words.noun("agent", model.agent))}
            labels["contactId"] = _id_label(model)
            for fault in error.faults:
                missing = fault.field not in values or values[fault.field] is None
                message = "this field is required" if missing else fault.message
                label = labels.get(fault.field, fault.field)
                st.error(f"**{label}**: {message}.", icon=":material/edit_note:")
        return None
    except RefusedSql as error:
        where = f"Line {error.line}, column {error.column}: " if error.line else ""
        st.error(f"**{where}{literal(error.reason)}.** {literal(error.mend)}", icon=":material/gpp_maybe:")
        return error


def estimate(service: Service, name: str, statement: Statement, slot: str) -> None:
    """Draw the maximum cost of a statement before it runs; where it reads every day, offer a narrower one."""
    bound = service.estimate(name, statement)
    if bound is None:
        return
    days = f"{bound.days:,} of {formats.plural(bound.all_days, 'day')}"
    text = (
        f":material/payments: Reads at most {formats.size(bound.bytes)} from {days}, {formats.dollars(bound.dollars)}"
    )
    if not bound.reads_everything or not (statement.written or statement.days is None):
        st.caption(text, width="content")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"reads_{slot}"):
        st.caption(f"{text}. :orange[This reads every day.]", width="content")
        if statement.written and (proposal := cheaper(service, name, statement)) is not None:
            st.button(
                f"Read only {formats.days(proposal.days)}",
                icon=":material/filter_alt:",
                key=f"narrow_{slot}",
                help=f"Puts `{proposal.condition}` into the WHERE of the query. You can edit it before you run it.",
                on_click=lambda: put(slot, proposal.sql),
            )


def _as_sql(service: Service, name: str, statement: Statement, slot: str) -> None:
    """Draw the way from a built-in query to its SQL: on the SQL page, or to read where a role has no such page."""
    # The limit is the SQL page's own.
    sql = formatted(replace(statement, sql=f"{statement.body}{statement.order}").shown_sql)
    if not service.permissions.visible([name], "analyst"):
        with st.popover("SQL", icon=":material/code:", key=f"sql_of_{slot}"):
            st.code(sql, language="sql", wrap_lines=True)
    elif st.button("Open as SQL", icon=":material/code:", type="tertiary", key=f"open_sql_{slot}"):
        put(f"sql_{name}", sql)
        st.switch_page("app_pages/sql.py")


def rows_in_all(request: QueryRequest, service: Service, name: str) -> int | None:
    """Return how many rows a request has without its limit; None where the manifest cannot say."""
    if service.manifest(name) is None or request.query not in ("all_records", "by_date"):
        return None
    return service.of(name).published_rows(request.days)


def example(service: Service, name: str) -> str:
    """Return an example query: the latest month by channel, limited to its partitions."""
    model, manifest = service.model(name), service.manifest(name)
    last = (manifest.last_day if manifest else None) or service.today(name)
    by, counted = model.channel or model.agent or "day", name_of(model.words.rows.many)
    return (
        f"SELECT {by}, count(*) AS {counted}\n"
        f"FROM {model.table}\n"
        f"WHERE year = {last.year} AND month = {last.month}\n"
        f"GROUP BY {by}\n"
        f"ORDER BY {counted} DESC"
    )


def _dates(
    service: Service, name: str, definition: QueryDefinition, manifest: Manifest, link: Linked
) -> dict[str, dt.date | None]:
    needed, today = "startDate" in definition.required, service.today(name)
    last = manifest.last_day or today
    given = tuple(day for day in (link.start, link.end) if day)
    week = (last - dt.timedelta(days=6), last) if needed else ()
    zone = service.dataset(name).source.time_zone
    key, first_weekday = f"days_{name}_{definition.id}", service.model(name).calendar.first_weekday
    ends = days_input(key, given or week, today, zone, needed=needed, first_weekday=first_weekday)
    return {"startDate": ends[0] if ends else None, "endDate": ends[-1] if len(ends) > 1 else None}


def _agent(service: Service, name: str, given: str | None) -> str | None:
    """Draw the choice of an agent and return the key of the value; None where none is chosen."""
    model = service.model(name)
    agent, noun = model.agent, model.words.noun("agent", model.agent)
    known = service.choices(name, agent) if agent else None
    missing = key_from_value(None)
    if known is None:
        with st.container(width=260, gap="xsmall"):
            only_missing = st.checkbox(f"Rows without {noun}", given == missing, key=f"no_agent_{name}")
            first = "" if given in (None, missing) else value_from_key(given) or ""
            text = st.text_input(capitalised(noun), first, key=f"agent_{name}", disabled=only_missing)
        return missing if only_missing else key_from_value(text) if text else None
    keys = [*map(key_from_value, known), missing]
    return st.selectbox(
        capitalised(noun),
        keys,
        index=keys.index(given) if given in keys else None,
        format_func=lambda key: label(value_from_key(key)),
        key=f"agent_{name}",
        placeholder="Choose one",
        width=260,
    )


def _id_label(model: SemanticModel) -> str:
    return f"Id of the {model.words.entity.one}"


_LABELS = {
    "startDate": "Days",
    "endDate": "Days",
    "limit": "Rows at most",
    "measure": "Measure",
    "column": "Measure",
    "by": "By",
    "filters": "Filters",
    "sql": "SQL",
}
