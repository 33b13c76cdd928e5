"""What people export an index with today, each as its documentation shows it, and the floor below which none can go.

    python -m support.peers boto3-pandas --prefix runs/1

reads every partition value of the stub's index, writes one Parquet file per day to S3, and prints a JSON object: rows,
bytes. Each is set up as a careful author would do it: numbers as float64, nested values as JSON text.
"""

import argparse
import datetime as dt
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from support.items import PARTITION_KEY, SHARES, SORT_KEY
from support.stub import INDEX, TABLE

BUCKET = "reports"
Report = dict[str, Any]


def boto3_pandas(prefix: str) -> Report:
    """Export with boto3's resource API and pandas."""
    import pandas as pd

    frame = pd.DataFrame(_items())
    _columns_for_parquet(frame)
    s3, written = _s3(), 0
    for day, rows in frame.groupby(frame[SORT_KEY].str.slice(0, 10)):
        file = io.BytesIO()
        rows.to_parquet(file, index=False)
        s3.put_object(Bucket=BUCKET, Key=_key(prefix, str(day)), Body=file.getvalue())
        written += len(file.getvalue())
    return {"rows": len(frame), "bytes": written}


def awswrangler(prefix: str) -> Report:
    """Export with the AWS SDK for pandas."""
    import awswrangler as wr
    import pandas as pd
    from boto3.dynamodb.conditions import Key

    frames = [
        wr.dynamodb.read_items(TABLE, index_name=INDEX, key_condition_expression=Key(PARTITION_KEY).eq(value))
        for value in SHARES
    ]
    frame = pd.concat(frames, ignore_index=True)
    _columns_for_parquet(frame)
    day = frame[SORT_KEY].str
    parts = {"year": day.slice(0, 4), "month": day.slice(5, 7), "day": day.slice(8, 10)}
    done = wr.s3.to_parquet(
        frame.assign(**parts), f"s3://{BUCKET}/{prefix}/", dataset=True, partition_cols=list(parts), mode="append"
    )
    sizes = wr.s3.size_objects(done["paths"])
    return {"rows": len(frame), "bytes": sum(sizes.values())}


def dlt(prefix: str) -> Report:
    """Export with dlt's filesystem destination, a table per load."""
    import tempfile

    import dlt as pipelines

    endpoint, keys = os.environ["AWS_ENDPOINT_URL_S3"], ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    credentials = {name.lower(): os.environ[name] for name in keys} | {"endpoint_url": endpoint}
    rows = 0

    def counted() -> Iterator[Report]:
        nonlocal rows
        for item in _items():
            rows += 1
            yield item

    with tempfile.TemporaryDirectory() as folder:
        target = pipelines.destinations.filesystem(f"s3://{BUCKET}/{prefix}", credentials=credentials)
        pipeline = pipelines.pipeline("bench", destination=target, dataset_name="data", pipelines_dir=folder)
        resource = pipelines.resource(counted, name="contacts", max_table_nesting=0)
        pipeline.run(resource, loader_file_format="parquet")
    found = _s3().list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/data/contacts").get("Contents", [])
    return {"rows": rows, "bytes": sum(item["Size"] for item in found)}


def floor(prefix: str) -> Report:
    """Parse the bodies, and encode a finished table: all that no reader can do without. Its CPU is in the report."""
    import orjson
    import pyarrow as pa
    import pyarrow.parquet as pq

    bodies, parsing, rows = _bodies(), 0.0, 0
    for body in bodies:
        began = time.process_time()
        rows += len(orjson.loads(body)["Items"])
        parsing += time.process_time() - began
    s3, encoding, written = _s3(), 0.0, 0
    for found in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/year=")["Contents"]:
        table = pq.read_table(pa.BufferReader(s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()))
        file = io.BytesIO()
        began = time.process_time()
        pq.write_table(table, file, compression="zstd")
        encoding += time.process_time() - began
        written += len(file.getvalue())
    return {"rows": rows, "bytes": written, "cpu_seconds": parsing + encoding}


def _items() -> Iterator[Report]:
    import boto3
    from boto3.dynamodb.conditions import Key

    table = boto3.resource("dynamodb").Table(TABLE)
    for value in SHARES:
        request: dict[str, Any] = {"IndexName": INDEX, "KeyConditionExpression": Key(PARTITION_KEY).eq(value)}
        while True:
            answer = table.query(**request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _bodies() -> Iterator[bytes]:
    import urllib.request

    url = os.environ["AWS_ENDPOINT_URL_DYNAMODB"]
    for value in SHARES:
        request: dict[str, Any] = {
            "IndexName": INDEX,
            "KeyConditionExpression": f"{PARTITION_KEY} = :p",
            "ExpressionAttributeValues": {":p": {"S": value}},
        }
        while True:
            asked = urllib.request.Request(  # noqa: S310 - the stub's own loopback address
                url, json.dumps(request).encode(), {"X-Amz-Target": "DynamoDB_20120810.Query"}
            )
            with urllib.request.urlopen(asked) as answer:  # noqa: S310 - as above
                body = answer.read()
            yield body
            tail = json.loads("{" + body[body.rindex(b'"Count"') :].decode())
            if "LastEvaluatedKey" not in tail:
                break
            request["ExclusiveStartKey"] = tail["LastEvaluatedKey"]


def _columns_for_parquet(frame: Any) -> None:
    """Make pandas' columns of objects into what Parquet has types for."""
    for name in frame.columns:
        present = frame[name].dropna()
        first = present.iloc[0] if len(present) else None
        if isinstance(first, Decimal):
            frame[name] = frame[name].astype(float)
        elif isinstance(first, dict):
            frame[name] = frame[name].map(json.dumps, na_action="ignore")


def _s3() -> Any:
    import boto3

    return boto3.client("s3")


def _key(prefix: str, day: str) -> str:
    at = dt.date.fromisoformat(day)
    return f"{prefix}/year={at.year:04}/month={at.month:02}/day={at.day:02}/data.parquet"


PEERS: dict[str, Callable[[str], Report]] = {
    "boto3-pandas": boto3_pandas,
    "awswrangler": awswrangler,
    "dlt": dlt,
    "floor": floor,
}


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=sorted(PEERS))
    parser.add_argument("--prefix", required=True)
    options = parser.parse_args()
    print(json.dumps(PEERS[options.peer](options.prefix)))


if __name__ == "__main__":
    main()
