"""Makes a table export of one large data file; a process of its own, since a child's peak begins at its parent's.

    python -m support.large_export URL ITEMS

The stand-in makes an export of one item; its file is replaced by one of so many items of 373 bytes, and its
manifests by some that fit. Prints the export's ARN and the bytes of the file.
"""

import base64
import gzip
import hashlib
import json
import random
import sys
import time
from collections.abc import Mapping
from typing import Any, cast

import boto3
from botocore.config import Config
from decode import item

from support.peers import BUCKET

DISTINCT = 100_000
"""Items that are made; further ones differ from them in their keys."""


def data_file(items: int) -> bytes:
    """Return a data file as DynamoDB writes it; each item has a key of its own."""
    randomness = random.Random(1)
    made = [item(number, randomness) for number in range(min(items, DISTINCT))]
    parts = [json.dumps({"Item": one}, separators=(",", ":")).split(one["ContactId"]["S"]) for one in made]
    compressor, body = gzip.zlib.compressobj(6, wbits=31), []
    for start in range(0, items, DISTINCT):
        lines = (f"{head}{start + place:032x}{tail}\n" for place, (head, tail) in enumerate(parts[: items - start]))
        body.append(compressor.compress("".join(lines).encode()))
    return b"".join([*body, compressor.flush()])


def exported(url: str, items: int) -> tuple[str, int]:
    """Make the table, its export and the large data file; return the export's ARN and the file's bytes."""
    access: dict[str, Any] = {
        "endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench",
    }  # fmt: skip
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **access)
    dynamodb = boto3.client("dynamodb", **access)
    table = dynamodb.create_table(
        TableName="contacts", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "ContactId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "ContactId", "KeyType": "HASH"}],
    )["TableDescription"]  # fmt: skip
    dynamodb.update_continuous_backups(
        TableName="contacts", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    dynamodb.put_item(TableName="contacts", Item=cast("Any", item(0, random.Random(1))))
    found = dynamodb.export_table_to_point_in_time(TableArn=table["TableArn"], S3Bucket=BUCKET, S3Prefix="exports")
    arn = found["ExportDescription"]["ExportArn"]
    while dynamodb.describe_export(ExportArn=arn)["ExportDescription"]["ExportStatus"] != "COMPLETED":
        time.sleep(0.1)
    folder = f"exports/AWSDynamoDB/{arn.rpartition('/')[2]}"
    body, key = data_file(items), f"{folder}/data/large.json.gz"
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    listed = {"itemCount": items, "md5Checksum": _md5(body), "etag": "-", "dataFileS3Key": key}
    summary = json.loads(s3.get_object(Bucket=BUCKET, Key=f"{folder}/manifest-summary.json")["Body"].read())
    manifests: Mapping[str, Any] = {"manifest-files": listed, "manifest-summary": summary | {"itemCount": items}}
    for name, manifest in manifests.items():
        text = json.dumps(manifest).encode()
        s3.put_object(Bucket=BUCKET, Key=f"{folder}/{name}.json", Body=text)
        s3.put_object(Bucket=BUCKET, Key=f"{folder}/{name}.md5", Body=_md5(text).encode())
    return str(arn), len(body)


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


if __name__ == "__main__":
    print(*exported(sys.argv[1], int(sys.argv[2])))
