"""Figures of the Overview and rows per day flow in, their JSON flows out: null for what is not published."""

from collections.abc import Sequence
from typing import Any, Final

from dashboard.model.semantic_model import SemanticModel
from dashboard.overview.daily import DailyCounts
from dashboard.overview.figures import DayCount, Overview, ValueCount
from dashboard.quality.day_differences import DayDifference

FIGURES: Final = ("totalRows", "uniqueContacts", "channels", "agents")
BREAKDOWNS: Final = {"byChannel": "channel", "byAgent": "agent", "byInitiationMethod": "initiationMethod"}
"""Fields of /api/stats with the name of their values."""


def stats_body(model: SemanticModel, overview: Overview | None) -> dict[str, Any]:
    """Return the body of /api/stats; without an Overview nothing is published, and every figure is null."""
    if overview is None:
        nothing: dict[str, Any] = {name: [] for name in ("byDay", *BREAKDOWNS, "differences")}
        return {**dict.fromkeys(FIGURES), **nothing, "asOf": None, "published": False, **rule_of(model)}
    totals = overview.totals
    figures = (totals.rows, totals.unique_contacts, totals.channels, totals.agents)
    columns = (model.channel, model.agent, model.method)
    return {
        **dict(zip(FIGURES, figures, strict=True)),
        "byDay": [_day(count) for count in overview.by_day],
        **{
            field: _counted(overview.by(column), name)
            for (field, name), column in zip(BREAKDOWNS.items(), columns, strict=True)
        },
        "differences": _differences(overview.differences),
        "asOf": overview.as_of.isoformat(),
        "published": True,
        **rule_of(model),
    }


def daily_body(model: SemanticModel, counts: DailyCounts) -> dict[str, Any]:
    """Return the body of /api/daily."""
    differences = _differences(counts.differences)
    return {"days": [_day(count) for count in counts.days], "differences": differences, **rule_of(model)}


def rule_of(model: SemanticModel) -> dict[str, str]:
    """Return which rows the requester sees; nothing where they see all of them."""
    return {"rowRule": model.view.remark} if model.view.is_part else {}


def _day(count: DayCount) -> dict[str, Any]:
    body = {"day": count.day.isoformat(), "contacts": count.rows if count.published else None}
    state = {"published": count.published}
    return {**body, **state, "open": True} if count.is_open else {**body, **state}


def _counted(values: Sequence[ValueCount], name: str) -> list[dict[str, Any]]:
    return [{name: count.value, "contacts": count.rows} for count in values]


def _differences(found: Sequence[DayDifference]) -> list[dict[str, Any]]:
    return [{"day": each.day.isoformat(), "manifest": each.recorded, "athena": each.counted} for each in found]
