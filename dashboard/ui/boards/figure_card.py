"""A figure flows in, its HTML and the drawing of its days flow out."""

import html
from collections.abc import Mapping
from typing import Any, Final

from dashboard.boards.number_cards import Change, Figure

_WORDS: Final = {"up": "Up", "down": "Down"}
_ARROWS: Final = {"up": "\N{UPWARDS ARROW}", "down": "\N{DOWNWARDS ARROW}"}
_EDGES: Final = {"left": 0, "right": 0, "top": 0, "bottom": 0}


def figure_html(figure: Figure) -> str:
    """Return the figure large, with every digit for the pointer and for assistive technology, and its change."""
    note = f"<small>{html.escape(figure.note)}</small>" if figure.note else ""
    exact = html.escape(figure.exact)
    change = _change_html(figure.change) if figure.change else ""
    return f'<div class="dash-figure"><strong title="{exact}">{html.escape(figure.text)}</strong>{change}{note}</div>'


def sparkline_spec(sparkline: Mapping[str, Any]) -> dict[str, Any]:
    """Return the specification of a figure's days, in the colours of the page whatever its theme."""
    from dashboard.charts.pictures import drawn

    # Without room around it, the line goes from edge to edge.
    return {**drawn(sparkline), "padding": _EDGES}


def _change_html(change: Change) -> str:
    arrow = ""
    if change.trend:
        arrow = f'<i aria-hidden="true">{_ARROWS[change.trend]}</i><span class="heard">{_WORDS[change.trend]} </span>'
    before = f" <span>{html.escape(change.before)}</span>" if change.before else ""
    mark = f' class="{change.news or "moved"}"' if change.trend else ""
    return f"<small><b{mark}>{arrow}{html.escape(change.text)}</b>{before}</small>"
