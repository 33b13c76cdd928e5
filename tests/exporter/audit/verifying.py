"""A published table, and the verification of it."""

import datetime as dt

from dataset_model.records.verification import Verification
from exporter.audit.verify import Verifier, VerifyRequest
from exporter.planning.window import Window

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
UTC = dt.UTC
RESULTS = {"ATHENA_RESULTS": "s3://reports/results/"}
WEEK = {"start": "2026-02-13", "end": "2026-02-19"}
MONDAY = dt.date(2026, 2, 16)
FILE = "year=2026/month=02/day=16/data.parquet"


def filled(scene, **variables):
    table = scene(**RESULTS, **variables)
    table.put("1", "2026-02-16T09:58:00Z")
    table.put("2", "2026-02-16T23:59:59.999Z", "B")
    table.put("3", "2026-02-18T00:00:00Z")
    return table


def verify(table, window=None, *, now=NOW, athena=True, variables=None) -> Verification:
    settings = table.settings(**(variables or {}))
    bounds = Window(*map(dt.date.fromisoformat, window), settings.dataset.zone) if window else None
    return Verifier(settings, VerifyRequest(bounds, athena), clock=lambda: now).run()


def disagreeing(found: Verification) -> dict[str, tuple[str, ...]]:
    return {str(day.day): day.disagreements for day in found.days if day.disagreements}
