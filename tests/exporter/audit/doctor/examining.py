"""Prefixes that `doctor` looks at, at 2026-02-20 09:00 UTC, and what it finds."""

import datetime as dt

from exporter.audit.doctor import examine

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
DAYS = {"start": "2026-02-16", "end": "2026-02-19"}
FILE = "year=2026/month=02/day=16/data.parquet"


def filled(scene, **variables):
    table = scene(**variables)
    table.put("1", "2026-02-16T09:58:00Z", Agent={"S": "Ann"})
    table.put("2", "2026-02-18T00:00:00Z")
    table.export(**DAYS)
    return table


def odd(table, now=NOW):
    return [(finding.kind, finding.where) for finding in examine(table.settings(), now)]


def put(table, key, body=b"x"):
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/{key}", Body=body)
