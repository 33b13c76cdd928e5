"""A notice and its occasion flow in; what was found and the message, if one is due, flow out.

Everything here runs as the notice's requester, with the rights that the service asks for.
"""

import datetime as dt

from dashboard.model.grouping.question import filters_from
from dashboard.model.selection.filters import Days, Filters
from dashboard.overview.document.board import board_document
from dashboard.overview.document.chart import Scene
from dashboard.reports.alert_finding import finding_of
from dashboard.reports.board_composing import composed_board
from dashboard.reports.messages.alert import alert_message
from dashboard.reports.messages.message import Composed, File
from dashboard.reports.notices import Sendable
from dashboard.reports.occasions import Occasion, alert_occasion, report_occasion
from dashboard.reports.state_of_days import state_of_days
from dashboard.services.service import Service
from dataset_model.dashboard.notices import Alert, Notice, Report
from dataset_model.definition import Dataset


def occasion_of(service: Service, dataset: Dataset, notice: Alert | Report, now: dt.datetime) -> Occasion | None:
    """Return the occasion of a notice; None for a report while nothing is published."""
    if isinstance(notice, Alert):
        return alert_occasion(notice, dataset.zone, now)
    manifest = service.manifest(dataset.name)
    if manifest is None:
        return None
    return report_occasion(notice, dataset.zone, now, manifest, service.model(dataset.name).calendar.first_weekday)


def composed(
    service: Service,
    sendable: Sendable,
    occasion: Occasion,
    now: dt.datetime,
    dashboard_url: str,
    *,
    is_test: bool = False,
) -> Composed:
    """Return what a notice says; as a test an alert has a message although there is nothing to tell.

    Raises DashboardError, ValueError for what its table or its rights do not give.
    """
    dataset, notice = sendable.dataset, sendable.notice
    if isinstance(notice, Alert):
        return _composed_alert(service, dataset, notice, occasion, now, dashboard_url, is_test=is_test)
    if notice.board is not None:
        return composed_board(service, notice, notice.board, now, dashboard_url)
    return _composed_report(service, dataset, notice, occasion, now, dashboard_url)


def _composed_alert(
    service: Service,
    dataset: Dataset,
    alert: Alert,
    occasion: Occasion,
    now: dt.datetime,
    dashboard_url: str,
    *,
    is_test: bool,
) -> Composed:
    model, filters = service.model(dataset.name), _filters(service, dataset, alert)
    finding = finding_of(service, dataset.name, alert, occasion.days, filters)
    if finding.outcome != "raised" and not is_test:
        return Composed(finding.outcome, finding.text)
    state = state_of_days(service, dataset, occasion.days, now)
    message = alert_message(model, alert, finding, occasion.days, filters, state, dashboard_url)
    return Composed("sent", finding.text, message)


def _composed_report(
    service: Service, dataset: Dataset, report: Report, occasion: Occasion, now: dt.datetime, dashboard_url: str
) -> Composed:
    """Return what a report says: the document that the Overview shows under its period and filters."""
    from dashboard.reports.messages.report import report_message

    model, filters = service.model(dataset.name), _filters(service, dataset, report)
    state = state_of_days(service, dataset, occasion.days, now)
    board = service.board(dataset.name, filters, occasion.days)
    if board is None:
        return Composed("waits", "Waits: nothing is published yet.")
    document = board_document(board.scene, state.badges)
    files = _files(board.scene, dataset.name, occasion.days, now) if report.csv else ()
    message = report_message(model, report, document, occasion.days, filters, state, dashboard_url, files)
    return Composed("sent", message.subject, message)


def _filters(service: Service, dataset: Dataset, notice: Notice) -> Filters:
    given = {name: list(values) for name, values in notice.filters.items()}
    try:
        return filters_from(given, service.model(dataset.name))
    except ValueError as error:
        raise ValueError(f"filters: expected {error}") from None


def _files(scene: Scene, name: str, days: Days, now: dt.datetime) -> tuple[File, ...]:
    """Return the figures of each chart, every digit and every value of them."""
    from dashboard.overview.drill_down import drill_down
    from dashboard.overview.events import Part
    from dashboard.results.downloads import csv_bytes, file_name

    files = []
    for place in range(len(scene.model.charts)):
        if found := drill_down(scene, days, Part("chart", place)):
            content = csv_bytes(found.figures, byte_order_mark=True)
            files.append(File(file_name(name, f"{place + 1}-{found.title}", now, "csv"), content))
    return tuple(files)
