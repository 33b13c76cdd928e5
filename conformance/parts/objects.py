"""The data objects of a table and their rows as text, read without either engine."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from conformance.outcome import Cell
from conformance.stand_in import BUCKET, StandIn
from local.athena.functions.numbers.number_text import double_text

_EXACT = Context(prec=60)
_PARTITION = re.compile(r"year=(\d{4})/month=(\d{2})/day=(\d{2})/")


def data_objects(stand_in: StandIn, table: Any) -> Iterator[tuple[str, dict[str, Cell]]]:
    """Yield key and partition values of each data object of a Glue table, by its key alone."""
    prefix = table["StorageDescriptor"]["Location"].removeprefix(f"s3://{BUCKET}/")
    for page in stand_in.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
        for found in page.get("Contents", []):
            place = _PARTITION.match(found["Key"].removeprefix(prefix))
            if place is not None:  # else records, changes, quarantined items: nothing that a query may see
                year, month, day = (str(int(number)) for number in place.groups())
                yield found["Key"], {"year": year, "month": month, "day": day}


def rows_of(stand_in: StandIn, table: Any) -> list[dict[str, Cell]]:
    """Return the rows of all data objects of a Glue table."""
    types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    rows: list[dict[str, Cell]] = []
    for key, day in data_objects(stand_in, table):
        body = stand_in.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        rows += [row | day for row in _rows(key, body, types)]
    return rows


def _rows(key: str, body: bytes, types: Mapping[str, str]) -> Iterator[dict[str, Cell]]:
    if key.endswith(".json"):
        yield from _json_rows(body, types)
    elif key.endswith(".csv"):
        yield from _csv_rows(body)
    else:
        yield from _parquet_rows(body)


def _parquet_rows(body: bytes) -> Iterator[dict[str, Cell]]:
    table = pq.read_table(io.BytesIO(body), partitioning=None)
    texts = {column: [_text(value) for value in table[column]] for column in table.column_names}
    for at in range(table.num_rows):
        yield {column: values[at] for column, values in texts.items()}


def _text(scalar: pa.Scalar) -> Cell:
    value, kind = scalar.as_py(), scalar.type
    if value is None:
        return None
    if pa.types.is_boolean(kind):
        return "true" if value else "false"
    if pa.types.is_floating(kind):
        return double_text(value)
    if pa.types.is_timestamp(kind):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}"
    if pa.types.is_decimal(kind):
        return format(value, "f")
    return str(value)


def _json_rows(body: bytes, types: Mapping[str, str]) -> Iterator[dict[str, Cell]]:
    for line in body.decode().splitlines():
        found = json.loads(line, parse_float=Decimal)
        yield {name: _json_text(value, types.get(name, "string")) for name, value in found.items()}


def _csv_rows(body: bytes) -> Iterator[dict[str, Cell]]:
    """Yield the rows of a CSV file with its header. Such a table has no NULL: nothing reads as an empty text."""
    yield from csv.DictReader(io.StringIO(body.decode(), newline=""))


def _json_text(value: Any, kind: str) -> Cell:
    if value is None:
        return None
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "double":
        return double_text(float(value))
    if kind.startswith("decimal"):
        scale = int(kind.rstrip(")").partition(",")[2])
        return format(_EXACT.quantize(Decimal(value), Decimal(1).scaleb(-scale)), "f")
    return str(value)
