"""A dataset and filters flow in, the address of the page with the same figures flows out."""

from urllib.parse import urlencode

from dashboard.model.selection.filters import Filters, params_from_filters


def board_link(dashboard_url: str, board: str, preset: str | None) -> str:
    """Return the address of a board over a period; None: all days."""
    return f"{dashboard_url}/boards?{urlencode({'board': board, 'preset': preset or 'all'})}"


def page_link(dashboard_url: str, dataset: str, filters: Filters) -> str:
    """Return the address of the Overview under the filters."""
    return f"{dashboard_url}/?{urlencode({'dataset': [dataset], **params_from_filters(filters)}, doseq=True)}"
