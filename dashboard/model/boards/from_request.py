"""A request that ran on a page flows in, the card that asks the same flows out."""

from collections.abc import Mapping
from typing import Any

from dashboard.model.boards.board import card_from
from dashboard.model.boards.card import MOST_GROUPS, MOST_ROWS, BoardCard, Shown, Width
from dashboard.model.query_types import QueryRequest
from dashboard.model.selection.filters import EARLIEST, LATEST, Filters
from dataset_model.dashboard.periods import Preset


def card_of(
    dataset: str,
    request: QueryRequest,
    *,
    title: str,
    show: Shown,
    width: Width,
    preset: Preset | None = None,
    parameters: Mapping[str, str] | None = None,
) -> BoardCard:
    """Return a card; its days are those of the request, or a preset that means them today.

    Raises InvalidRequest with a fault per field that a card does not take.
    """
    document: dict[str, Any] = {"title": title, "show": show, "width": width, "dataset": dataset}
    document |= {"query": request.query, "limit": min(request.limit, MOST_GROUPS if request.group else MOST_ROWS)}
    if preset is not None:
        document["preset"] = preset
    elif request.days is not None:
        ends = {"startDate": (request.days.first, EARLIEST), "endDate": (request.days.last, LATEST)}
        document |= {name: day.isoformat() for name, (day, outermost) in ends.items() if day != outermost}
    if request.query == "by_agent":
        document["agentName"] = request.agent_name
    if request.contact_id is not None:
        document["contactId"] = request.contact_id
    if request.sql is not None:
        document |= {"sql": request.sql, "parameters": dict(parameters or {})}
    if (group := request.group) is not None:
        document |= {"measure": group.measure, "by": list(group.by), "sort": group.sort, "totals": group.totals}
        document |= {"column": group.column} if group.column else {}
        document["filters"] = filters_document(group.filters)
    return card_from(document)


def filters_document(filters: Filters) -> dict[str, Any]:
    """Return values and ranges of filters as JSON has them; the inverse of `filters_from`."""
    values: dict[str, Any] = {column: list(picked) for column, picked in filters.picks}
    for column, range_ in filters.ranges:
        ends = {"from": range_.low or None, "to": range_.high or None, "empty": range_.empty}
        values[column] = {end: bound for end, bound in ends.items() if bound is not None}
    return values
