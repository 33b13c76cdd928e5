"""A figure flows in, its HTML flows out."""

import html

from dashboard.boards.answers import Figure


def figure_html(figure: Figure) -> str:
    """Return the figure large, with every digit for the pointer and for assistive technology."""
    note = f"<small>{html.escape(figure.note)}</small>" if figure.note else ""
    exact = html.escape(figure.exact)
    return f'<div class="dash-figure"><strong title="{exact}">{html.escape(figure.text)}</strong>{note}</div>'
