"""A dataset and filters flow in, the address of the page with the same figures flows out."""

from urllib.parse import urlencode

from dashboard.model.selection.filters import Filters, params_from_filters


def page_link(dashboard_url: str, dataset: str, filters: Filters) -> str:
    """Return the address of the Overview under the filters."""
    return f"{dashboard_url}/?{urlencode({'dataset': [dataset], **params_from_filters(filters)}, doseq=True)}"
