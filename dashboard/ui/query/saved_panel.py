"""Saved queries and past runs flow in, the query to open or run flows out."""

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from dashboard.errors import ChangedMeanwhile, DashboardError, Forbidden
from dashboard.model import formats
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.services.job import Job
from dashboard.services.service import Service
from dashboard.sql.cost.upper_bound import dollars_for
from dashboard.stores.query_library import Stored
from dashboard.stores.saved_queries import PastQuery, name_of, past_query
from dashboard.ui.page.states import literal
from dataset_model.definition import Dataset

_SHOWN: Final = 20
_LONGEST: Final = 120
"""Characters of a past query in the list; Open shows all of it."""
RENAME, DELETE = "Rename", "Delete"

Put = Callable[[str, int, Mapping[str, str], bool], None]
"""Puts SQL, its limit and its parameters into the editor; the last argument runs it at once."""


def saved_panel(service: Service, name: str, sql: str, limit: int, put: Put) -> None:
    """Draw the saved queries of the team and of this person, and a form that saves the editor's text."""
    dataset, opened = service.dataset(name), st.session_state.get(f"opened_{name}")
    has_person = bool(service.permissions.requester().person)
    with st.form(f"save_{name}", border=False, clear_on_submit=False):
        usual = _example(service.model(name))
        label = st.text_input("Name", value=opened.query.name if opened else "", placeholder=usual)
        is_shared = not has_person or st.toggle(
            "Shared with all users of this dataset", opened.query.shared if opened else True, key=f"shared_{name}"
        )
        if st.form_submit_button("Save", icon=":material/save:", disabled=not sql.strip()):
            _save(service, name, label, sql, limit, is_shared=is_shared)
    found = service.library.saved(dataset)
    if not found:
        st.caption("No saved queries yet.")
    for place, stored in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", key=f"saved_{place}", gap="xsmall"):
            st.button(
                literal(stored.query.name),
                key=f"open_{name}_{stored.etag}_{place}",
                type="tertiary",
                icon=":material/description:" if stored.query.shared else ":material/lock:",
                help=_saved(stored, dataset),
                on_click=lambda stored=stored: _open(name, stored, put),
            )
            asked = st.menu_button(
                f"Menu of {literal(stored.query.name)}",
                (RENAME, DELETE),
                key=f"menu_saved_{place}_{stored.etag}",
                icon=":material/more_horiz:",
                type="tertiary",
            )
        if asked == RENAME:
            _rename(service, name, stored)
        elif asked == DELETE:
            _delete(service, name, stored)


def history_panel(service: Service, name: str, put: Put) -> None:
    """Draw the runs of this visitor or of the team, newest first."""
    owner = st.segmented_control(
        "Runs of", ("Mine", "The team's"), default="Mine", required=True, key="runs_of", label_visibility="collapsed"
    )
    dataset = service.dataset(name)
    entries = _mine(name) if owner == "Mine" else service.library.history(dataset).shown_to(service.model(name).view)
    if not entries:
        st.caption("No runs yet.")
    for place, entry in enumerate(entries[:_SHOWN]):
        with st.container(gap=None, key=f"past_{place}"):
            cost = "reused" if entry.reused else formats.dollars(dollars_for(entry.bytes_scanned))
            when = formats.instant(entry.at, dataset.zone, dataset.source.time_zone)
            facts = (
                *([entry.by] if entry.by else []),
                when,
                formats.plural(entry.rows, "row"),
                formats.seconds(entry.seconds),
            )
            if entry.by and owner != "Mine":
                st.text(entry.by)
            st.caption(" · ".join((*facts, formats.size(entry.bytes_scanned), cost.replace("$", r"\$"))))
            sql = " ".join(entry.sql.split())
            st.code(sql if len(sql) <= _LONGEST else f"{sql[:_LONGEST]} …", language="sql", wrap_lines=True)
            with st.container(horizontal=True, gap="xsmall"):
                for label, runs in (("Open", False), ("Run again", True)):
                    st.button(
                        label,
                        key=f"{label}_{owner}_{place}_{entry.at.timestamp()}",
                        type="tertiary",
                        on_click=lambda entry=entry, runs=runs: put(entry.sql, entry.limit, entry.given, runs),
                    )


def remember(service: Service, name: str, job: Job) -> None:
    """Add a finished query to the histories, once."""
    if job.result is None or st.session_state.get(f"remembered_{name}") == job.id:
        return
    st.session_state[f"remembered_{name}"] = job.id
    took = job.result.statistics
    entry = past_query(
        job.statement.written,
        job.statement.limit or 0,
        dict(job.statement.given),
        rows=job.result.row_count,
        bytes_scanned=took.bytes_scanned,
        seconds=took.total_ms / 1000,
        reused=took.reused,
        masks=service.model(name).view.masks,
    )
    st.session_state[f"history_{name}"] = (entry, *_mine(name))[:50]
    # What a person compares masked columns with is not shown to those who may not see them.
    if service.masking.is_shared(name, job.ticket.datasets):
        service.library.remember(service.dataset(name), entry)


def _example(model: SemanticModel) -> str:
    """Return a name that somebody might give: `Contacts per channel`, `Orders per day`."""
    by = model.words.noun("channel", model.channel) if model.channel else "day"
    return f"{capitalised(model.words.rows.many)} per {by}"


def _saved(stored: Stored, dataset: Dataset) -> str:
    when = formats.instant(stored.query.saved_at, dataset.zone, dataset.source.time_zone)
    by = f" by {literal(stored.query.by)}" if stored.query.by else ""
    return f"Saved {when}{by}" if stored.query.shared else f"Saved {when}, seen by you alone"


def _mine(name: str) -> tuple[PastQuery, ...]:
    entries: tuple[PastQuery, ...] = st.session_state.get(f"history_{name}", ())
    return entries


def _open(name: str, stored: Stored, put: Put) -> None:
    st.session_state[f"opened_{name}"] = stored
    put(stored.query.sql, stored.query.limit, {}, False)


def _save(service: Service, name: str, label: str, sql: str, limit: int, *, is_shared: bool) -> None:
    chosen, opened = name_of(label), st.session_state.get(f"opened_{name}")
    if chosen is None:
        st.error("Enter a name of 1 to 80 characters.", icon=":material/edit_note:")
        return
    dataset = service.dataset(name)
    is_new = opened is None or (opened.query.name, opened.query.shared) != (chosen, is_shared)
    etag = None if opened is None or is_new else opened.etag
    try:
        service.library.save(dataset, chosen, sql, limit, etag, shared=is_shared)
    except (ChangedMeanwhile, Forbidden) as error:
        st.error(str(error), icon=":material/group:")
        return
    saved = service.library.saved(dataset)
    own = (stored for stored in saved if (stored.query.name, stored.query.shared) == (chosen, is_shared))
    st.session_state[f"opened_{name}"] = next(own, None)
    st.toast(f"Saved {chosen}", icon=":material/save:")


@st.dialog("Rename a saved query", icon=":material/edit:")
def _rename(service: Service, name: str, stored: Stored) -> None:
    label = st.text_input("New name", value=stored.query.name)
    if st.button("Rename", type="primary", key="rename_now"):
        chosen = name_of(label)
        if chosen is None:
            st.error("Enter a name of 1 to 80 characters.", icon=":material/edit_note:")
        else:
            _apply(lambda: service.library.rename(service.dataset(name), stored, chosen))


@st.dialog("Delete a saved query", icon=":material/delete:")
def _delete(service: Service, name: str, stored: Stored) -> None:
    whom = "all users of this dataset" if stored.query.shared else "you, who alone see it"
    st.write(f"This deletes **{literal(stored.query.name)}** for {whom}.")
    if st.button("Delete", type="primary", key="delete_now"):
        _apply(lambda: service.library.delete(service.dataset(name), stored))


def _apply(change: Callable[[], None]) -> None:
    try:
        change()
    except DashboardError as error:
        st.error(str(error), icon=":material/group:")
    else:
        st.rerun()
