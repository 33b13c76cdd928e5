"""A pivot table flows in, an HTML table that a keyboard and a screen reader walk flows out."""

import html
from collections.abc import Sequence

from dashboard.results.grouped.pivot import TOTAL, Pivot, PivotCell


def pivot_html(pivot: Pivot, measure: str) -> str:
    """Return the table; every figure has all of its digits in its title."""
    first = pivot.rows[0][1] if pivot.rows else ()
    heads = "".join(
        f'<th scope="col"{_side(first[place : place + 1])}>{html.escape(head)}</th>'
        for place, head in enumerate(pivot.heads)
    )
    rows = "".join(_row(label, cells, is_foot=False) for label, cells in pivot.rows)
    foot = f"<tfoot>{_row(TOTAL, pivot.foot, is_foot=True)}</tfoot>" if pivot.foot is not None else ""
    marks = "dash-pivot totals" if pivot.has_totals else "dash-pivot"
    label = html.escape(f"{measure} by {pivot.corner}" if pivot.corner else measure)
    corner = f'<th scope="col">{html.escape(pivot.corner)}</th>'
    return (
        f'<div class="{marks}" tabindex="0" role="region" aria-label="{label}"><table>'
        f"<thead><tr>{corner}{heads}</tr></thead><tbody>{rows}</tbody>{foot}</table></div>"
    )


def _row(label: str, cells: tuple[PivotCell, ...], *, is_foot: bool) -> str:
    texts = "".join(
        f'<td{_side((cell,))} title="{html.escape(cell.exact)}">{html.escape(cell.text)}</td>' for cell in cells
    )
    kind = ' class="foot"' if is_foot else ""
    return f'<tr{kind}><th scope="row">{html.escape(label)}</th>{texts}</tr>'


def _side(cells: Sequence[PivotCell]) -> str:
    return ' class="text"' if any(cell.is_text for cell in cells) else ""
