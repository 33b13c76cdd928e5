"""Many generated items through the real path equal an independent reading, value for value.

`TRUTH_ITEMS=300000` tries as many as an afternoon allows; the suite tries enough to meet every page boundary, late
attribute and spool.
"""

import base64
import datetime as dt
import io
import json
import os
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.config import Config
from index_stub import IndexStub

from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.settings import settings_from_environment

ITEMS = int(os.environ.get("TRUTH_ITEMS", "20000"))
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
NAMES = [
    "Text", "Amount", "Flag", "Blob", "Map", "List", "Tags", "Numbers", "Blobs", "Mixed", "year", "Same", "same",
    "with space", "with.dot", "with-dash", 'quo"te', "back\\slash", "Ümläut", "late:x", "_day", "Items", "S", "🎧",
]  # fmt: skip
NUMBERS = ["0", "-1", "0.1", "1E-130", "9.99E+125", "12345678901234567890123456789012345678", "1.5", "7", "1234567.25"]
TEXTS = ["", "n/a", "12", "Grüße 世界 🎧", 'say "no"\\\n', "x" * 300, "null", "\u2028"]


_STEADY = {"Steady": "S", "Street": "S", "Count": "N", "Precise": "N", "Confirmed": "BOOL", "Document": "M"}


def value(rng: random.Random, name: str) -> dict[str, Any]:
    """Return a value of the kind that the attribute mostly has, or, one time in fifty, of any."""
    usual = {
        "Text": "S", "Amount": "N", "Flag": "BOOL", "Blob": "B", "Map": "M", "List": "L", "Tags": "SS",
        "Numbers": "NS", "Blobs": "BS", "year": "N",
    }.get(name, "S")  # fmt: skip
    if name == "Mixed":
        usual = rng.choice(["S", "N", "M"])
    if name in _STEADY:  # as most attributes of most tables: these go from bytes to columns without Python's help
        plain_numbers = {
            "Count": lambda: rng.choice(["0", "-1", "0.1", "-12.75", "1234567.25", "3E3", str(rng.randrange(10**6))]),
            "Precise": lambda: rng.choice(["1.5", f"0.{rng.randrange(10**16, 10**17)}"]),
        }
        made = plain_numbers.get(name, lambda: content(rng, _STEADY[name]))()
        return {_STEADY[name]: made}
    kind = usual if rng.random() > 0.02 else rng.choice(["S", "N", "BOOL", "B", "M", "L", "SS", "NS", "BS", "NULL"])
    return {kind: content(rng, kind)}


def content(rng: random.Random, kind: str, depth: int = 0) -> Any:
    number = lambda: rng.choice([*NUMBERS, str(rng.randrange(10**6))])  # noqa: E731  (used five times below)
    match kind:
        case "S":
            return rng.choice([*TEXTS, f"text {rng.randrange(50)}"])
        case "N":
            return number()
        case "BOOL" | "NULL":
            return True if kind == "NULL" else rng.random() < 0.5
        case "B":
            return base64.b64encode(rng.randbytes(rng.randrange(9))).decode()
        case "SS":
            return sorted({f"tag {rng.randrange(9)}" for _ in range(3)})
        case "NS":
            return list({Decimal(found): found for found in (number(), number())}.values())
        case "BS":
            return sorted({base64.b64encode(rng.randbytes(3)).decode() for _ in range(2)})
    kinds = ["S", "N", "BOOL", "NULL", "B"] + (["M", "L"] if depth < 2 else [])
    inner = [{(chosen := rng.choice(kinds)): content(rng, chosen, depth + 1)} for _ in range(rng.randrange(3))]
    return inner if kind == "L" else {f"k {at}": held for at, held in enumerate(inner)}


def items(count: int) -> list[dict[str, Any]]:
    rng = random.Random(20260216)
    made = []
    for number in range(count):
        moment = FIRST + dt.timedelta(seconds=rng.randrange(40 * 86400))
        zone = dt.timezone(dt.timedelta(hours=rng.choice([0, 0, 0, 0, 5.5, -8, 14, -12])))
        text = moment.astimezone(zone).isoformat(sep=rng.choice("TTT "), timespec="milliseconds")
        at = text if rng.random() > 0.002 else rng.choice(["soon", "2026-02-30", "2026-01-05T99:00:00Z", "1999-01-01"])
        kind = rng.choice("AAB")
        names = rng.sample(NAMES, rng.randrange(12))
        if kind == "A":  # one order, from which some are missing
            absent = rng.choice(["Steady", "Street"])  # names of one length, either of which comes first
            names = [name for name in (*_STEADY, "Text", "Map", "Ümläut") if name != absent and rng.random() < 0.7]
        held = {name: value(rng, name) for name in names}
        if number % 997 == 0:
            held[f"Rare{number % 5}"] = value(rng, "Amount")
        made.append({"Id": {"S": f"{number:07}"}, "Kind": {"S": kind}, "At": {"S": at}, **held})
    return made


def plain(attribute: dict[str, Any]) -> Any:
    """Return a value as JSON would hold it, numbers as Decimal: read from the item alone, without the exporter."""
    ((kind, held),) = attribute.items()
    match kind:
        case "N":
            return Decimal(held)
        case "NS":
            return sorted(Decimal(number) for number in held)
        case "SS" | "BS":
            return sorted(held)
        case "M":
            return {name: plain(inner) for name, inner in held.items()}
        case "L":
            return [plain(inner) for inner in held]
        case "NULL":
            return None
        case _:
            return held


def parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def agrees(cell: Any, attribute: dict[str, Any], column_type: str) -> bool:
    """Return whether a published cell says what the item says."""
    ((kind, held),) = attribute.items()
    wanted = plain(attribute)
    if wanted is None:
        return cell is None
    if column_type == "double":
        return kind == "N" and cell == float(held)
    if column_type == "boolean":
        return kind == "BOOL" and cell is held
    if cell is None:
        return False
    if column_type == "string" and kind in {"S", "B"}:
        return bool(cell == held)
    if column_type == "string" and kind == "BOOL":
        return bool(cell == str(held).lower())
    found = parsed(cell)
    return bool((sorted(found) if kind in {"SS", "NS", "BS"} else found) == wanted)


def is_a_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def day_of(item: dict[str, Any]) -> dt.date | None:
    try:
        day = dt.datetime.fromisoformat(item["At"]["S"]).astimezone(dt.UTC).date()
    except ValueError:
        return None
    return day if day.year >= 2000 else None


@pytest.mark.slow
def test_many_items_are_published_value_for_value_or_set_quarantined(aws, monkeypatch):
    """Every item is a row of its own day with every value, or is in quarantine with a reason for what is missing."""
    made = items(ITEMS)
    variables = {
        "S3_BUCKET": "reports", "AWS_REGION": "us-east-1", "DYNAMO_TABLE_NAME": "ttt", "GSI_NAME": "iii",
        "GSI_PK_ATTRIBUTE": "Kind", "GSI_PK_VALUE": "A,B", "GSI_SK_ATTRIBUTE": "At", "S3_PREFIX": "many",
        "ATHENA_DATABASE": "many", "ATHENA_TABLE": "rows",
    }  # fmt: skip
    with IndexStub(made, page_bytes=1 << 17) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", stub.url)
        settings = settings_from_environment(variables)
        job = ExportJob(settings, request_from_options(settings, NOW, everything=True), clock=lambda: NOW)
        entry = job.run()
    assert entry.status == "succeeded", entry.error
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))

    def read(key: str) -> bytes:
        body: bytes = s3.get_object(Bucket="reports", Key=key)["Body"].read()
        return body

    def keys(below: str) -> list[str]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="reports", Prefix=f"many/{below}")
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    quarantined: dict[str, set[str | None]] = {}
    for key in keys("_quarantine/"):
        for line in read(key).splitlines():  # of bytes: a text is also split at U+2028, which is a value here
            line_values = json.loads(line, parse_float=str, parse_int=str)
            quarantined.setdefault(line_values["item"]["Id"]["S"], set()).add(line_values["attribute"])
    schema = json.loads(read("many/_schema.json"))["columns"]
    columns = {column["attribute"]: (column["name"], column["type"]) for column in schema}
    by_id = {item["Id"]["S"]: item for item in made}
    seen: Counter[str] = Counter()
    for key in keys("year="):
        _, year, month, day, _ = key.split("/")
        stored = dt.date(*(int(part.partition("=")[2]) for part in (year, month, day)))
        for row in pq.ParquetFile(io.BytesIO(read(key))).read().to_pylist():
            item = by_id[row["id"]]
            seen[row["id"]] += 1
            assert day_of(item) == stored, item["At"]
            for attribute, held in item.items():
                name, column_type = columns[attribute]
                if attribute in quarantined.get(row["id"], ()):
                    assert row[name] is None
                    assert column_type in {"double", "boolean"}
                    continue
                if column_type == "double" and "S" in held and is_a_number(held["S"]):
                    assert row[name] == float(held["S"])  # text that is a plain number counts as one
                    continue
                assert agrees(row.get(name), held, column_type), (attribute, held, column_type, row.get(name))
            names = {columns[attribute][0] for attribute in item}
            assert all(cell is None for name, cell in row.items() if name not in names)
    withheld = {item["Id"]["S"] for item in made if day_of(item) is None}
    assert set(seen) == set(by_id) - withheld
    assert set(seen.values()) == {1}
    assert withheld <= set(quarantined)
    assert (entry.items, entry.rows, entry.withheld) == (ITEMS, ITEMS - len(withheld), len(withheld))
