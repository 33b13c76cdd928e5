"""`export --dry-run`: what a run would read and replace, with nothing read and nothing changed."""

import datetime as dt
from dataclasses import dataclass

import orjson

from datasets.partitions import day_from_key
from exporter.clients import Clients
from exporter.debts import RESUMABLE_DAYS
from exporter.records import Records
from exporter.request import ExportRequest, planned_windows
from exporter.run_warnings import projection_warnings
from exporter.schema import initial_schema
from exporter.settings import Settings
from exporter.source import describe_index
from exporter.store import Store
from exporter.window import OWED_DAYS

_SHOWN = 10


@dataclass(frozen=True)
class Preview:
    """A run that has not taken place."""

    dataset: str
    index: str
    partition_values: tuple[str, ...]
    days: tuple[dt.date, ...] | None
    """None: every day that the index holds."""
    replaces: tuple[str, ...]
    """Keys of published objects that belong to these days."""
    location: str
    warnings: tuple[str, ...] = ()

    def json(self) -> str:
        """Return the preview as one JSON line."""
        days = None if self.days is None else [day.isoformat() for day in self.days]
        return orjson.dumps(
            {
                "dry_run": True,
                "dataset": self.dataset,
                "index": self.index,
                "partition_values": list(self.partition_values),
                "days": days,
                "replaces": list(self.replaces),
                "warnings": list(self.warnings),
            }
        ).decode()

    def text(self) -> str:
        """Return the preview for people."""
        days = "every day" if self.days is None else f"{len(self.days)} days ({self.days[0]} to {self.days[-1]})"
        lines = [
            f"{self.dataset}: would read {days} of {len(self.partition_values)} partition values from {self.index}",
            f"  values: {', '.join(self.partition_values)}",
            f"  would replace {len(self.replaces)} published objects below {self.location}",
        ]
        lines += [f"    {key}" for key in self.replaces[:_SHOWN]]
        if len(self.replaces) > _SHOWN:
            lines.append(f"    and {len(self.replaces) - _SHOWN} more")
        lines += [f"  warning: {warning}" for warning in self.warnings]
        return "\n".join([*lines, "  nothing was read or changed (--dry-run)"])


def preview(settings: Settings, request: ExportRequest) -> Preview:
    """Return what a run would do; raise the same errors as the run where it could not begin."""
    clients = Clients(settings.region)
    store = Store(clients.s3, settings.bucket)
    store.check()
    records = Records(store, settings.prefix)
    now = dt.datetime.now(dt.UTC)
    warnings = projection_warnings(settings.dataset, describe_index(clients.dynamodb, settings.dataset))
    initial_schema(settings.dataset, records.schema(), now)
    runs = records.runs_since(now - dt.timedelta(days=RESUMABLE_DAYS if request.resume else OWED_DAYS))
    windows = planned_windows(request, settings.dataset, records.manifest(), now, runs)
    days = {day for window in windows for day in window.days()}
    published = [
        (day_from_key(settings.prefix, found.key), found.key) for found in store.objects(f"{settings.prefix}/")
    ]
    source = settings.dataset.source
    return Preview(
        dataset=settings.dataset.name,
        index=f"{source.table}/{source.index}",
        partition_values=source.partition_values,
        days=tuple(sorted(days)) if windows else None,
        replaces=tuple(key for day, key in published if day is not None and (not windows or day in days)),
        location=settings.location,
        warnings=tuple(warnings),
    )
