"""A finding and the state of its days flow in, an alert's message flows out."""

from collections.abc import Sequence

from dashboard.model import formats
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.overview.document.chart import value_label
from dashboard.reports.alert_finding import Finding
from dashboard.reports.messages import page
from dashboard.reports.messages.links import page_link
from dashboard.reports.messages.message import Message
from dashboard.reports.state_of_days import StateOfDays
from dataset_model.dashboard.notices import Alert


def alert_message(
    model: SemanticModel,
    alert: Alert,
    finding: Finding,
    days: Days,
    filters: Filters,
    state: StateOfDays,
    dashboard_url: str,
) -> Message:
    """Return what an alert says: the figure, its bound, the filters, as of when, and how final the days are."""
    link = page_link(dashboard_url, model.dataset, filters.with_days(days))
    narrowed = filter_lines(model, filters)
    remark = [model.view.remark] if model.view.remark else []
    subject = " ".join(f"{model.title}: {alert.label}".split())
    html = page.heading(alert.label, f"{model.title} · {formats.days(days)} · days in {model.time_zone}")
    html += page.box(page.title_of(finding.text) + page.lines_of((line, "plain") for line in narrowed))
    known = [(line, "warn" if line in state.doubts else "plain") for line in state.lines]
    html += page.lines_of([*known, *((line, "warn") for line in remark)])
    html += page.button("Open these figures", link)
    return Message(subject, (finding.text, *narrowed, *state.lines, *remark), link, html)


def filter_lines(model: SemanticModel, filters: Filters) -> Sequence[str]:
    """Return the filters in the words of the page."""
    lines = []
    for column, values in filters.picks:
        read = value_label(model, column)
        shown = formats.listed((read(value) for value in values), 10)
        # A line break in a value would begin a paragraph of the mail's text.
        lines.append(formats.one_line(f"{capitalised(model.words.label(column))}: {shown}"))
    return lines
