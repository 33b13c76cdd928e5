"""Standings of alerts and reports flow in; their list, and what changes, pauses, tests and deletes each, flow out."""

import datetime as dt
import os
from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from dashboard.errors import DashboardError, InvalidRequest
from dashboard.model import formats
from dashboard.model.grouping.question import filters_from
from dashboard.model.selection.filters import PRESET_LABELS
from dashboard.reports.messages.alert import filter_lines
from dashboard.reports.personal.rights import own_address
from dashboard.reports.personal.status import NoticeStatus, deleted, sent_as_test, statuses_made, statuses_of_files
from dashboard.reports.personal.validation import kind_of, notice_from
from dashboard.reports.settings import domains_from, report_settings_of_process
from dashboard.services.service import Service
from dashboard.stores.notices.notice_store import MadeNotice
from dashboard.ui.notices.form import alert_inputs, report_inputs
from dashboard.ui.page import cached_service
from dashboard.ui.page.period_header import title_block
from dashboard.ui.page.states import literal, state
from dashboard.ui.page.view_state import chosen_dataset
from dataset_model.dashboard.notices import Alert, Report
from dataset_model.faults import DatasetError

_SAID: Final = "notice_said"
_TONES: Final = {"sent": "green", "unsubscribed": "gray", "claimed": "orange", "failed": "red"}


def notice_list(service: Service) -> None:
    """Draw the requester's alerts and reports, those of the dataset files, and what makes another one."""
    title_block("Alerts and reports", "scheduled mails, each with its latest result")
    with st.container(horizontal=True, gap="small", key="make_notices"):
        if st.button("New alert", icon=":material/notification_add:", type="primary", key="new_alert"):
            _new_alert(service)
        if st.button("New report", icon=":material/forward_to_inbox:", key="new_report"):
            _new_report(service)
    if said := st.session_state.pop(_SAID, None):
        st.info(literal(said), icon=":material/mail:")
    made, of_files = statuses_made(service), statuses_of_files(service)
    for status in made:
        _listed(service, status)
    if of_files:
        st.subheader("Of the dataset files", anchor=False)
        for status in of_files:
            _listed(service, status)
    if not made and not of_files:
        state(
            ":material/notifications:",
            "No alert or report yet",
            "An alert is sent when a figure passes a bound, or if no rows came. A report is the Overview as a mail.",
            key="no_notices",
        )


def _listed(service: Service, status: NoticeStatus) -> None:
    notice, made = status.notice, status.made
    key = made.id if made else f"{status.dataset}_{notice.name}"
    with st.container(border=True, gap="xsmall", key=f"standing_{key}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            icon = ":material/notifications:" if isinstance(notice, Alert) else ":material/mail:"
            paused = " :gray-badge[paused]" if made and made.is_paused else ""
            st.markdown(f"{icon} **{literal(notice.label)}**{paused}", width="content")
            if made is not None:
                _buttons(service, made)
        who = cached_service.requester()
        is_own = made is not None and made.owner == who.person
        shows_readers = made is not None or who.roles.has("admin", status.dataset)
        readers = ", ".join(notice.to) if shows_readers else formats.plural(len(notice.to), "reader")
        by = [f"by {made.by}"] if made and made.by and not is_own else []
        narrowed = _narrowed(service, status)
        st.caption(
            literal(" · ".join((_title(service, status.dataset), _when(notice), *narrowed, f"to {readers}", *by)))
        )
        if looked := status.journal.looked:
            st.caption(literal(f"{looked.at:%Y-%m-%d %H:%M} UTC: {looked.text}"))
        else:
            st.caption("Not looked at yet. A run comes each quarter of an hour.")
        for reader, each in status.deliveries.items() if shows_readers else ():
            why = f" {each.reason}" if each.reason else ""
            shown = literal(f"{reader.partition(':')[2]} · {each.at:%Y-%m-%d %H:%M} UTC.{why}")
            st.caption(f":{_TONES[each.state]}-badge[{each.state}] {shown}")


def _buttons(service: Service, made: MadeNotice) -> None:
    with st.container(horizontal=True, gap="xsmall", width="content", vertical_alignment="center"):
        if st.button("Send a test", key=f"test_{made.id}", icon=":material/send:", type="tertiary"):
            _apply(lambda: _test(service, made))
        label, icon = ("Resume", ":material/play_arrow:") if made.is_paused else ("Pause", ":material/pause:")
        if st.button(label, key=f"pause_{made.id}", icon=icon, type="tertiary"):
            paused = not made.is_paused
            _apply(lambda: service.notices.changed(made.id, made.version, _keep, is_paused=paused))
        if made.owner == cached_service.requester().person and st.button(
            "Change", key=f"change_{made.id}", icon=":material/edit:", type="tertiary"
        ):
            _change(service, made)
        if st.button("Delete", key=f"delete_{made.id}", icon=":material/delete:", type="tertiary"):
            _delete(service, made)


@st.dialog("New alert", icon=":material/notification_add:", width="large")
def _new_alert(service: Service) -> None:
    notice_form(service, chosen_dataset(service), "alert", None)


@st.dialog("New report", icon=":material/forward_to_inbox:", width="large")
def _new_report(service: Service) -> None:
    notice_form(service, chosen_dataset(service), "report", None)


@st.dialog("Change", icon=":material/edit:", width="large")
def _change(service: Service, made: MadeNotice) -> None:
    notice_form(service, made.dataset, kind_of(made.notice), made)


@st.dialog("Delete", icon=":material/delete:")
def _delete(service: Service, made: MadeNotice) -> None:
    st.write(f"**{literal(made.notice.label)}** is sent no more.")
    if st.button("Delete", type="primary", key="delete_notice_now"):
        _apply(lambda: deleted(service, made.id, made.version))


def notice_form(service: Service, dataset: str, kind: str, made: MadeNotice | None) -> None:
    """Draw the form of an alert or a report, a new one or one that is changed, and store it when it is saved."""
    asks = cached_service.requester()
    own, slot = own_address(asks.claims), made.id if made else kind
    st.caption(literal(service.dataset(dataset).label))
    if kind == "alert":
        known = made.notice if made and isinstance(made.notice, Alert) else None
        body = alert_inputs(service, dataset, known, own, slot)
    else:
        report = made.notice if made and isinstance(made.notice, Report) else None
        body = report_inputs(service, dataset, report, own, slot)
    if st.button("Save", type="primary", key="save_notice"):

        def save() -> None:
            notice = notice_from(service, dataset, kind, body, asks, domains_from(os.environ))
            if made is None:
                service.notices.made(dataset, notice, _keep)
            else:
                service.notices.changed(made.id, made.version, _keep, notice=notice)
            st.session_state[_SAID] = "Saved. What is due comes within a quarter of an hour."

        _apply(save)


def _test(service: Service, made: MadeNotice) -> None:
    with st.spinner("Sending ..."):
        sent = sent_as_test(service, made, report_settings_of_process(os.environ), dt.datetime.now(dt.UTC))
    found = [
        f"{each.reader.partition(':')[2]}: {each.state}{f', {each.reason}' if each.reason else ''}" for each in sent
    ]
    again = " A test is sent once a minute." if any(each.state == "nothing to do" for each in sent) else ""
    st.session_state[_SAID] = f"Test: {'; '.join(found)}.{again}"


def _keep() -> None:
    if cached_service.tokens is not None:
        cached_service.tokens.keep(cached_service.requester())


def _apply(change: Callable[[], object]) -> None:
    try:
        change()
    except InvalidRequest as error:
        st.error("\n".join(f"- {literal(str(fault))}" for fault in error.faults), icon=":material/edit_note:")
    except DashboardError as error:
        st.error(literal(str(error)), icon=":material/error:")
    except DatasetError as error:
        st.error(literal(f"Mail is not set up in this process. {error}"), icon=":material/settings:")
    else:
        st.rerun()


def _title(service: Service, dataset: str) -> str:
    """Return the title of a dataset; the name of one that the requester does not have here any more."""
    return service.dataset(dataset).label if dataset in service.names else dataset


def _narrowed(service: Service, status: NoticeStatus) -> Sequence[str]:
    """Return the filters of a notice as its mail has them; values of a dataset are for those who may see it."""
    try:
        model = service.model(status.dataset)
        given = {column: list(values) for column, values in status.notice.filters.items()}
        return filter_lines(model, filters_from(given, model))
    except (DashboardError, ValueError):
        return ()


def _when(notice: Alert | Report) -> str:
    if isinstance(notice, Alert):
        days = "yesterday" if notice.days == 1 else f"the last {notice.days} days"
        return f"alert over {days}, from {notice.at}"
    is_of_board = notice.board is not None and notice.period is None
    period = "a board over its own days" if is_of_board else PRESET_LABELS[notice.shown_period].lower()
    if notice.every == "export":
        return f"report after each export, {period}"
    often = f"each {(notice.weekday or 'monday').capitalize()}" if notice.every == "week" else "each day"
    return f"report {often} from {notice.at}, {period}"
