"""A dataset's model and records flow in, what a client reads about it flows out."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from dashboard.api.tables import described_table
from dashboard.model.selection.filters import LATEST, Days
from dashboard.model.semantic_model import SemanticModel
from dashboard.quality.verification_status import combined_status
from dashboard.results.grouped.open_days import open_days
from dashboard.services.service import Service
from dataset_model.records.manifest import Manifest

_MOST_DAYS: Final = 100
"""Days that are listed one by one."""


def data_of(service: Service, name: str, days: Days | None = None) -> dict[str, Any]:
    """Return as of when a dataset is, and of its days or some of them the verification status and those not whole."""
    manifest = service.manifest(name)
    known = combined_status(service.day_statuses(name, days))
    return {
        "dataset": name,
        "asOf": manifest.updated_at if manifest else None,
        "verified": known.state,
        "verifiedAt": known.verified_at,
        "openDays": _days(open_days(manifest, days)),
        "missingDays": _days(_missing(manifest, days, service.today(name))),
    }


def data_since(service: Service, name: str, days: Days | None, asked_at: dt.datetime | None) -> dict[str, Any]:
    """Return the same for a query that was asked before; what was published since says nothing about its answer."""
    manifest, found = service.manifest(name), data_of(service, name, days)
    if asked_at is not None and (manifest is None or manifest.updated_at <= asked_at):
        return found
    unknown = {field: None for field in found if field != "dataset"}
    return {**found, **unknown, "note": "Published again since the query was asked: ask again."}


def listed(service: Service, name: str) -> dict[str, Any]:
    """Return a dataset in a line."""
    manifest = service.manifest(name)
    return {
        "dataset": name,
        "title": service.model(name).title,
        "timeZone": service.model(name).time_zone,
        "firstDay": manifest.first_day if manifest else None,
        "lastDay": manifest.last_day if manifest else None,
        "rows": service.of(name).published_rows(),
    }


def described(service: Service, name: str) -> dict[str, Any]:
    """Return columns, measures, groupings and filters, in the words of the dataset."""
    model, table = service.model(name), described_table(service, name, with_samples=False)
    return {
        **{field: value for field, value in table.items() if field != "queries"},
        "columns": [_column(column, model) for column in table["columns"]],
        "words": {"row": model.words.rows.one, "rows": model.words.rows.many},
        "measures": [_measure(model, declared.name) for declared in model.declared],
        "groupings": list(model.groupings),
        "filters": list(model.filters),
        "ranges": list(model.ranged),
        "notGiven": list(model.not_drawn),
        "data": [data_of(service, name)],
    }


def freshness(service: Service, name: str) -> dict[str, Any]:
    """Return which days are open, missing between the first and the last, not verified, or changed since."""
    manifest, statuses = service.manifest(name), service.day_statuses(name)
    first, last = (manifest.first_day, manifest.last_day) if manifest else (None, None)
    states = {day: status.state for day, status in statuses.items()}
    return {
        "firstDay": first,
        "lastDay": last,
        "today": service.today(name),
        "timeZone": service.model(name).time_zone,
        "openDays": _days(open_days(manifest, None)),
        "missingDays": _days(_missing(manifest, None, service.today(name))),
        "unverifiedDays": _days(day for day, state in states.items() if state == "unverified"),
        "changedDays": _days(day for day, state in states.items() if state == "changed"),
        "laterChangesDays": _days(day for day, state in states.items() if state == "later_changes"),
        "data": [data_of(service, name)],
    }


def _missing(manifest: Manifest | None, days: Days | None, today: dt.date) -> Iterator[dt.date]:
    """Yield the days, from the first published one to the last or to today, that are not published."""
    if manifest is None or manifest.first_day is None or manifest.last_day is None:
        return
    first, last = manifest.first_day, manifest.last_day
    if days is not None:
        first, last = max(first, days.first), last if days.last == LATEST else min(days.last, max(last, today))
    if first <= last:
        yield from (day for day in Days(first, last) if day not in manifest.days)


def _days(found: Any) -> dict[str, Any]:
    days: list[dt.date] = sorted(found)
    return {"count": len(days), "latest": days[-_MOST_DAYS:]}


def _column(column: dict[str, Any], model: SemanticModel) -> dict[str, Any]:
    labels = model.words.value_labels(column["name"])
    label = {"label": model.words.label(column["name"])}
    # The examples of a masked column are left out as well.
    shown = {field: value for field, value in column.items() if field != "values" or "mask" not in column}
    return {**shown, **label, **({"valueLabels": labels} if labels and "mask" not in column else {})}


def _measure(model: SemanticModel, name: str) -> dict[str, Any]:
    measure = model.measure_named(name)
    about = {"kind": measure.kind, "unit": measure.unit, "format": measure.format, "good": measure.good}
    return {"name": name, "label": measure.label, **{field: value for field, value in about.items() if value}}
