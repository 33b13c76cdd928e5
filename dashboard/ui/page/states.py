"""Anticipated failures flow in, designed states with a next step flow out."""

import html
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from dashboard.errors import (
    AccessDenied,
    AthenaUnreachable,
    ChangedMeanwhile,
    DashboardError,
    Forbidden,
    InvalidRequest,
    Missing,
    QueryCancelled,
    QueryFailed,
    RefusedSql,
    ResultMissing,
    StorageFailed,
    TableMissing,
    Throttled,
    TooManyQueries,
)
from dashboard.model.statements import Statement
from dataset_model import Dataset, DatasetError, Fault

_FACES: dict[type[DashboardError], tuple[str, str]] = {
    AthenaUnreachable: (":material/cloud_off:", "A service cannot be reached"),
    Throttled: (":material/hourglass_top:", "Athena is throttling requests"),
    AccessDenied: (":material/lock:", "Access denied"),
    StorageFailed: (":material/folder_off:", "A file on S3 cannot be read or written"),
    TableMissing: (":material/table:", "The table does not exist yet"),
    QueryFailed: (":material/error:", "The query failed"),
    QueryCancelled: (":material/block:", "The query was stopped"),
    ResultMissing: (":material/find_in_page:", "The result is no longer available"),
    RefusedSql: (":material/gpp_maybe:", "This SQL is not allowed here"),
    Missing: (":material/search_off:", "Not found"),
    ChangedMeanwhile: (":material/group:", "Somebody else was first"),
    Forbidden: (":material/lock:", "Your role does not allow this"),
    TooManyQueries: (":material/hourglass_top:", "A limit is reached"),
    InvalidRequest: (":material/edit_note:", "Some inputs are not valid"),
}


@contextmanager
def designed_states() -> Iterator[None]:
    """Show an anticipated failure of the block as a state."""
    try:
        yield
    except DatasetError as error:
        misconfigured(error.faults)
    except DashboardError as error:
        failure(error)


def state(icon: str, title: str, text: str, *, key: str, command: str | None = None) -> None:
    """Draw a state: an icon, the problem, and what to do. Text is Markdown; a command can be copied."""
    with st.container(border=True, key=f"state_{key}", horizontal_alignment="center"):
        st.markdown(f"## {icon}\n\n### {title}\n\n{text}", text_alignment="center")
        if command is not None:
            st.code(command, language=None, width="content", wrap_lines=True)


def failure(error: DashboardError, statement: Statement | None = None) -> None:
    """Show a failure with its reason, and the SQL that it is about."""
    icon, title = next(
        (face for kind, face in _FACES.items() if isinstance(error, kind)), (":material/error:", "Something went wrong")
    )
    state(icon, title, literal(str(error)), key=type(error).__name__.lower())
    if statement is not None:
        with st.expander("SQL of this query", icon=":material/code:"):
            st.code(statement.shown_sql, language="sql", wrap_lines=True)
    if isinstance(error, AthenaUnreachable | Throttled):
        with st.container(horizontal_alignment="center"):
            st.button("Try again", icon=":material/refresh:", type="primary", key="try_again")


def nothing_exported(dataset: Dataset) -> None:
    """Show that the dataset is known and empty, and how to fill it."""
    target = dataset.target
    state(
        ":material/inventory_2:",
        "Nothing exported yet",
        f"**{literal(dataset.label)}** has no published day under `{target.prefix}`. "
        "The first export creates the table, and its figures appear here.",
        key="nothing_exported",
        command=f"python -m exporter export --dataset {dataset.name}",
    )


def misconfigured(faults: Sequence[Fault]) -> None:
    """List every wrong setting: its name, what was expected, what was found."""
    state(
        ":material/settings_alert:",
        "Some settings are wrong",
        "The dashboard serves no data until each of these is corrected. Then restart it.",
        key="misconfigured",
    )
    items = "".join(
        f"<li><strong>{html.escape(fault.field)}</strong> <span>{html.escape(fault.where)}</span>"
        f"<p>Expected {html.escape(fault.expected)}; found {_found(fault)}</p></li>"
        for fault in faults
    )
    st.html(f'<ul class="dash-faults">{items}</ul>')


def _found(fault: Fault) -> str:
    return "nothing" if fault.found is None else f"<code>{html.escape(fault.found)}</code>"


def unexpected(_error: Exception) -> bool:
    """Stand in for a traceback (see `st.App(on_script_error=)`); Streamlit has written that to the log."""
    state(
        ":material/error:",
        "Something unexpected happened",
        "The details are in the log of the dashboard. Reloading the page may help.",
        key="unexpected",
    )
    return True


def literal(text: str) -> str:
    """Return a text so that Markdown shows it as it is."""
    # Messages quote names, addresses and SQL: $, * and ` are literal there, and nothing is a link.
    escaped = "".join(f"\\{character}" if character in "\\`*_{}[]<>#$~|:" else character for character in text)
    return escaped.replace("//", "&#47;&#47;")
