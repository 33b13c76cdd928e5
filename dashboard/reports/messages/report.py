"""The board document of a page flows in, a report's message flows out: its cards, and pictures of its charts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dashboard.charts.pictures import picture_of
from dashboard.model import formats
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.semantic_model import SemanticModel
from dashboard.reports.messages import page
from dashboard.reports.messages.alert import filter_lines
from dashboard.reports.messages.links import page_link
from dashboard.reports.messages.message import File, Message, Picture
from dashboard.reports.state_of_days import StateOfDays
from dashboard.themes import LIGHT
from dataset_model.dashboard.notices import Report

_WIDE: Final = 566
"""Of a picture: the mail's width without its frames."""
_HIGH: Final = 240
_MOST_ROWS: Final = 40

Document = Mapping[str, Any]


def report_message(
    model: SemanticModel,
    report: Report,
    document: Document,
    days: Days,
    filters: Filters,
    state: StateOfDays,
    dashboard_url: str,
    files: Sequence[File],
) -> Message:
    """Return what a report says: the figures of the page's own document, filters and state of the days at its foot."""
    link = page_link(dashboard_url, model.dataset, filters.with_days(days))
    cards, charts = document["cards"], document["charts"]
    # The state of the days has its own lines, with every day named.
    known = {badge.text for badge in state.badges}
    warnings = [f"{badge['text']}: {badge['help']}" for badge in document["badges"] if badge["text"] not in known]
    subject = " ".join(f"{model.title}: {report.label}, {formats.days(days)}".split())
    drawn = [(chart, f"chart{place}") for place, chart in enumerate(charts) if chart.get("drawing")]
    pictures = tuple(Picture(name, picture_of(chart, LIGHT, _WIDE, _HIGH), _alt(chart)) for chart, name in drawn)
    names = {id(chart): name for chart, name in drawn}
    narrowed = filter_lines(model, filters)
    foot = [*narrowed, *state.lines, *warnings, f"Days are days in {model.time_zone}."]
    html = page.heading(report.label, f"{model.title} · {formats.days(days)}")
    if state.doubts:
        html += page.lines_of((line, "warn") for line in state.doubts)
    if not cards and not charts:
        html += page.box(page.title_of(f"No {model.words.rows.many} on {formats.days(days)}."))
    html += page.two_columns([_cell(card) for card in cards])
    html += "".join(_drawn(chart, names.get(id(chart))) for chart in charts)
    html += page.button("Open these figures", link) + page.lines_of((line, "plain") for line in foot)
    lines = [f"{report.label}: {model.title}, {formats.days(days)}"]
    lines += ["\n".join(_card_text(card) for card in cards)] if cards else [f"No {model.words.rows.many}."]
    lines += [_chart_text(chart) for chart in charts]
    return Message(subject, (*lines, "\n".join(foot)), link, html, pictures, tuple(files))


def _cell(card: Document) -> str:
    change = " ".join(part for part in (_signed(card), card["from"]) if part)
    below = " · ".join(part for part in (change, card["note"]) if part)
    return page.figure_cell(card["label"], card["text"], below, card["news"])


def _signed(card: Document) -> str:
    sign = {"up": "+", "down": "-"}.get(card["trend"], "")
    return f"{sign}{card['delta']}"


def _card_text(card: Document) -> str:
    change = " ".join(part for part in (_signed(card), card["from"]) if part)
    return f"{card['label']}: {card['exact']} ({change})" if change else f"{card['label']}: {card['exact']}"


def _drawn(chart: Document, picture: str | None) -> str:
    inner = page.title_of(chart["title"])
    if picture is not None:
        inner += page.image(picture, _alt(chart), _WIDE)
    else:
        inner += page.table(chart["columns"], [(mark["label"], mark["text"]) for mark in chart["marks"][:_MOST_ROWS]])
    if legend := chart.get("legend"):
        names = " &nbsp; ".join(
            f'<span style="color:{LIGHT.categories[entry["colour"] % len(LIGHT.categories)]}">&#9632;</span> '
            f"{page.escaped(entry['label'])}"
            for entry in legend
        )
        inner += f'<div style="font-size:12px;margin:8px 0 0">{names}</div>'
    if cut := chart.get("cut"):
        inner += page.lines_of([(cut, "plain")])
    return page.box(inner)


def _alt(chart: Document) -> str:
    return str(chart["alt"])


def _chart_text(chart: Document) -> str:
    marks = chart["marks"][:_MOST_ROWS]
    rest = len(chart["marks"]) - len(marks)
    lines = [f"  {formats.one_line(mark['label'])}: {mark.get('exact') or mark['text']}" for mark in marks]
    return "\n".join([chart["title"], *lines, *([f"  and {rest} more"] if rest else [])])
