"""Rows of three datasets of other fields, published as an exporter would: uneven, with holes, nulls and an open day."""

import datetime as dt
import functools
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import boto3
from publishing import contact_rows, publish_rows

from dashboard.model.selection.filters import Days
from dataset_model import Dataset, load_dataset
from dataset_model.targets.partitions import days_between

FIELDS = Path(__file__).parent / "fields"
WINDOW = Days(dt.date(2026, 2, 20), dt.date(2026, 4, 5))
"""Clocks go forward on 8 March in New York and on 29 March in Berlin."""
HOLES = {dt.date(2026, 3, 3), dt.date(2026, 3, 17), dt.date(2026, 3, 18)}
REGIONS = ("North", "South", "East", "West", None)
FIRMWARE = ("1.9", "2.0", "2.1-rc", "10.0", None)


def orders(day: dt.date, number: int, instant: dt.datetime) -> dict[str, Any]:
    seed = day.toordinal() * 7 + number * 13
    amount = None if seed % 19 == 0 else Decimal(seed * seed % 99_991) / 100
    state = ("NEW", "PAID", "PAID")[seed % 3]
    region = REGIONS[seed * seed % len(REGIONS)]
    key = {"order_id": f"o-{seed}", "placed_at": instant, "state": state, "region": region}
    return key | {"amount": amount, "items": seed % 7}


def sensors(day: dt.date, number: int, instant: dt.datetime) -> dict[str, Any]:
    seed = day.toordinal() * 11 + number * 17
    measured = {
        "temperature": None if seed % 23 == 0 else (seed * seed % 1_013) / 16 - 20,
        "volts": Decimal(seed % 3_300) / 1000,
    }
    return {
        "deviceid": 9_007_199_254_740_993 + seed % 9,
        "at": instant,
        "firmware": FIRMWARE[seed % 5],
        "is_alarm": seed % 6 == 0 if seed % 8 else None,
    } | measured


def tickets(day: dt.date, number: int, instant: dt.datetime) -> dict[str, Any]:
    seed = day.toordinal() * 5 + number * 29
    topic = None if seed % 31 == 0 else f"topic {seed * 7 % 27:02}"
    answer = None if seed % 5 == 0 else seed * 37 % 90_001
    return {"ticket": f"t-{seed}", "opened": instant, "topic": topic, "priority": seed % 4, "answer_seconds": answer}


def contacts(day: dt.date, number: int, instant: dt.datetime) -> dict[str, Any]:
    """Return the contacts of the dashboard's other tests, which begin at times of their own."""
    return contact_rows(day, day, 20)[number]


ROWS = {"orders": orders, "sensors": sensors, "tickets": tickets, "contacts": contacts}


@functools.cache
def published(url: str, field: str) -> tuple[Dataset, dict[str, str]]:
    """Publish a field's rows in a bucket of its own, once; return the dataset and the dashboard's variables."""
    bucket = f"{field}-{os.getpid()}-{os.urandom(3).hex()}"
    name = field if field == "contacts" else str(FIELDS / f"{field}.yaml")
    variables = {
        "DATASET": name,
        "S3_BUCKET": bucket,
        "ATHENA_DATABASE": bucket.replace("-", "_"),
        "ATHENA_RESULTS": f"s3://{bucket}/results/",
        "AWS_ENDPOINT_URL": url,
    }
    client = boto3.client("s3", endpoint_url=url)
    client.create_bucket(Bucket=bucket)
    dataset = load_dataset(name, variables)
    zone = ZoneInfo(dataset.source.time_zone)
    rows = []
    for day in days_between(WINDOW.first, WINDOW.last):
        for number in range(0 if day in HOLES else 11 + day.day % 7):
            local = dt.datetime.combine(day, dt.time(number * 5 % 24, number, 7), tzinfo=zone)
            instant = local.astimezone(dt.UTC).replace(tzinfo=None)
            rows.append({"day": day, **ROWS[field](day, number, instant)})
    publish_rows(url, bucket, dataset, rows, WINDOW)
    key = f"{dataset.target.prefix}/_manifest.json"
    manifest = json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    manifest["days"][WINDOW.last.isoformat()]["state"] = "open"
    client.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode())
    return dataset, variables
