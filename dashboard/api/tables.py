"""Datasets and estimates to JSON: tables, columns, values, upper bounds of cost."""

from typing import Any

from dashboard.api.figures import rule_of
from dashboard.model.query_types import available_query_types
from dashboard.results.schema_values import known_values
from dashboard.services.service import Service
from dashboard.sql.cost.upper_bound import Estimate
from dashboard.sql.rewrite import Proposal


def tables(service: Service, *, with_samples: bool) -> dict[str, Any]:
    """Return every dataset served, the first one first."""
    return {"datasets": [described_table(service, name, with_samples=with_samples) for name in service.names]}


def estimated(bound: Estimate | None, proposal: Proposal | None) -> dict[str, Any]:
    """Return the upper bound of a question's cost, and SQL that reads less where there is some to propose."""
    if bound is None:
        figures: dict[str, Any] = dict.fromkeys(("bytes", "billedBytes", "dollars", "days", "publishedDays"), 0)
        return {**figures, "readsEverything": False}
    return {
        "bytes": bound.bytes,
        "billedBytes": bound.billed_bytes,
        "dollars": float(bound.dollars),
        "days": bound.days,
        "publishedDays": bound.all_days,
        "readsEverything": bound.reads_everything,
        **({"suggestedSql": proposal.sql} if proposal else {}),
    }


def described_table(service: Service, name: str, *, with_samples: bool) -> dict[str, Any]:
    """Return one dataset with its table, columns and values."""
    model, manifest = service.model(name), service.manifest(name)
    samples = service.samples(name) if with_samples else None
    values = {**known_values(manifest), **(samples.values if samples else {})}
    return {
        "dataset": name,
        "title": model.title,
        "database": model.database,
        "table": model.table,
        "timeZone": model.time_zone,
        "firstDay": manifest.first_day if manifest else None,
        "lastDay": manifest.last_day if manifest else None,
        "rows": service.of(name).published_rows(),
        **rule_of(model),
        "asOf": manifest.updated_at if manifest else None,
        "queries": [kind.id for kind in available_query_types(model)],
        "columns": [
            {
                "name": column.name,
                "type": column.type_name,
                "unit": column.unit,
                "description": column.description,
                "partition": column.is_partition,
                **({"mask": model.view.masks[column.name]} if column.name in model.view.masks else {}),
                **({"values": values[column.name]} if column.name in values else {}),
            }
            for column in model.columns
        ],
    }
