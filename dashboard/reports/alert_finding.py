"""An alert and its days flow in, what was found of its measure flows out: raised, calm, or why nothing can be said.

A figure is that of the pages: the same terms of the same statement. Whole days alone are compared with a bound; a day
that is open or not published says nothing, except to an alert on missing rows.
"""

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from dashboard.model import formats
from dashboard.model.exact_numbers import Number
from dashboard.model.measures import Measure
from dashboard.model.selection.filters import Days, Filters
from dashboard.model.selection.period import Period
from dashboard.model.semantic_model import SemanticModel
from dashboard.overview.groups import Figures, Groups, rows_of
from dashboard.overview.statements import model_of_card, overview_statement
from dashboard.reports.occasions import earlier_days
from dashboard.services.job import SHARED
from dashboard.services.service import Service
from dataset_model.dashboard.notices import Alert
from dataset_model.dashboard.section import Card
from dataset_model.records.manifest import Manifest


@dataclass(frozen=True)
class Finding:
    """What an alert found."""

    outcome: Literal["raised", "calm", "waits"]
    text: str
    """One sentence: the figure, the bound and the days; or what is waited for."""


def finding_of(service: Service, name: str, alert: Alert, days: Days, filters: Filters) -> Finding:
    """Return what an alert finds on its days; raises DashboardError, ValueError where the measure cannot be given."""
    model, manifest = service.model(name), service.manifest(name)
    measure = model.measure_named(alert.measure, alert.column)
    if alert.no_rows:
        return _rows_finding(service, model, manifest, days, filters)
    earlier = earlier_days(days) if alert.rises is not None or alert.falls is not None else None
    for needed in (days, earlier):
        if needed is not None and (reason := _not_whole(manifest, needed)):
            return Finding("waits", f"Waits: {reason}.")
    value = measure.value(_figures(service, model, alert, replace(filters, days=days)))
    title = model.measure_title(alert.measure, alert.column)
    if value is None or not math.isfinite(value):
        return Finding("calm", f"{title} on {formats.days(days)}: no row has a value.")
    said = f"{title}: {measure.text(value)} on {formats.days(days)}"
    if earlier is not None:
        before = measure.value(_figures(service, model, alert, replace(filters, days=earlier)))
        return _change_finding(alert, measure, said, value, before, earlier)
    return _bound_finding(alert, measure, said, value)


def _rows_finding(
    service: Service, model: SemanticModel, manifest: Manifest | None, days: Days, filters: Filters
) -> Finding:
    figures = _figures(service, model, Alert(name="rows"), replace(filters, days=days)) if manifest else {}
    counted, nouns = rows_of(figures), model.words.rows
    if counted:
        return Finding("calm", f"{formats.plural(counted, nouns.one, nouns.many)} on {formats.days(days)}.")
    # Rows may still come to an open day: what is missing now may be there later.
    parts = [f"No {nouns.many} on {formats.days(days)}", _not_whole(manifest, days)]
    return Finding("raised", f"{'; '.join(part for part in parts if part)}.")


def _bound_finding(alert: Alert, measure: Measure, said: str, value: Number) -> Finding:
    figure = exact(value)
    if alert.above is not None:
        is_told, bound, side = figure > alert.above, alert.above, "above"
    else:
        bound, side = alert.below or Decimal(0), "below"
        is_told = figure < bound
    limit = measure.text(bound if isinstance(value, Decimal | int) else float(bound))
    if is_told:
        return Finding("raised", f"{said}, {side} the bound of {limit}.")
    return Finding("calm", f"{said}, not {side} the bound of {limit}.")


def _change_finding(
    alert: Alert, measure: Measure, said: str, value: Number, before: Number | None, earlier: Days
) -> Finding:
    bound = alert.rises if alert.rises is not None else alert.falls or Decimal(0)
    direction = 1 if alert.rises is not None else -1
    if before is None or not math.isfinite(before):
        return Finding("calm", f"{said}; on {formats.days(earlier)} no row has a value to compare with.")
    then, difference = exact(before), exact(value) - exact(before)
    is_share = measure.format == "percent"
    unit = " points" if is_share else "%"
    against = f"after {measure.text(before)} on {formats.days(earlier)}"
    if is_share:
        change: Decimal | None = difference * 100
    else:
        change = difference / abs(then) * 100 if then else None
    if change is None:
        # Of nothing there is no percentage; whatever came is more than any.
        is_told, shown = difference * direction > 0, ""
    else:
        is_told, shown = change * direction > bound, f" ({change:+,.1f}{unit})"
    limit = f"{'more' if direction > 0 else 'less'} by over {formats.short(bound)}{unit}"
    if is_told:
        return Finding("raised", f"{said}, {against}{shown}: {limit}, which is the bound.")
    return Finding("calm", f"{said}, {against}{shown}: not {limit}.")


def _figures(service: Service, model: SemanticModel, alert: Alert, filters: Filters) -> Figures:
    """Return what the Overview's statement computes for one measure over some days."""
    slim = model_of_card(model, Card(label=alert.label, measure=alert.measure, column=alert.column))
    period = Period(filters.days)
    result = service.start(model.dataset, overview_statement(slim, filters, period), owner=SHARED).outcome()
    return Groups(slim, period, result.answer.rows).total(0)


def exact(value: Number) -> Decimal:
    """Return a figure as the decimal that people read of it: 0.1 is a tenth."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _not_whole(manifest: Manifest | None, days: Days) -> str:
    """Return why some days are not whole, "" where each is published and closed."""
    known: Mapping[dt.date, object] = manifest.days if manifest else {}
    missing = [day for day in days if day not in known]
    still_open = [day for day, record in (manifest.days if manifest else {}).items() if record.state == "open"]
    still_open = [day for day in still_open if day in days]
    parts = [f"not published: {_listed(missing)}"] if missing else []
    parts += [f"still open: {_listed(still_open)}"] if still_open else []
    return "; ".join(parts)


def _listed(days: Iterable[dt.date]) -> str:
    return formats.listed(formats.day(day) for day in sorted(days))
