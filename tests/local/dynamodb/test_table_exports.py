"""Table exports of the stand-in are those that DynamoDB writes: manifests, checksums, several gzipped files."""

import base64
import gzip
import hashlib
import json
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.server import serve

ITEM = {"Note": {"S": 'ü\n"'}, "Blob": {"B": b"\x00\xff"}, "M": {"M": {"a": {"N": "1.50"}}}}


@pytest.fixture(scope="module")
def exported():
    """A table of 20 items with point-in-time recovery, and what its export has written: key -> bytes."""
    with serve(port=0) as server:
        options = {"endpoint_url": server.url, "region_name": "us-east-1"}
        dynamodb = boto3.client("dynamodb", **options)
        s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **options)
        s3.create_bucket(Bucket="table-exports")
        arn = dynamodb.create_table(
            TableName="exported-items",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        )["TableDescription"]["TableArn"]
        for number in range(20):
            item = {
                "Id": {"S": f"{number}"},
                "Note": {"S": 'ü\n"'},
                "Blob": {"B": b"\x00\xff"},
                "M": {"M": {"a": {"N": "1.50"}}},
            }
            dynamodb.put_item(TableName="exported-items", Item=item)
        with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailableException"):
            dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="table-exports")
        dynamodb.update_continuous_backups(
            TableName="exported-items", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        described = dynamodb.export_table_to_point_in_time(TableArn=arn, S3Bucket="table-exports")["ExportDescription"]
        while described["ExportStatus"] == "IN_PROGRESS":
            time.sleep(0.01)
            described = dynamodb.describe_export(ExportArn=described["ExportArn"])["ExportDescription"]
        found = s3.list_objects_v2(Bucket="table-exports")["Contents"]
        objects = {item["Key"]: s3.get_object(Bucket="table-exports", Key=item["Key"])["Body"].read() for item in found}
        yield dynamodb, described, objects


def test_an_export_is_described_with_its_manifest(exported):
    """Without a prefix the folder is AWSDynamoDB/<id>; the description names the summary once it has completed."""
    dynamodb, described, objects = exported
    assert (described["ExportStatus"], described["ItemCount"], described["ExportType"]) == (
        "COMPLETED",
        20,
        "FULL_EXPORT",
    )
    summary = json.loads(objects[described["ExportManifest"]])
    assert described["ExportManifest"].startswith("AWSDynamoDB/")
    assert (summary["itemCount"], summary["outputFormat"], summary["tableArn"]) == (
        20,
        "DYNAMODB_JSON",
        described["TableArn"],
    )
    with pytest.raises(ClientError, match="ExportNotFoundException"):
        dynamodb.describe_export(ExportArn="arn:aws:dynamodb:us-east-1:1:table/x/export/none")


def test_files_are_listed_with_counts_and_checksums(exported):
    """Every file's MD5, in base64, is of the gzipped bytes; its lines are `{"Item": ...}` and as many as listed."""
    _, described, objects = exported
    summary = json.loads(objects[described["ExportManifest"]])
    listed = [json.loads(line) for line in objects[summary["manifestFilesS3Key"]].splitlines()]
    assert len(listed) == 4
    items = {}
    for file in listed:
        body = objects[file["dataFileS3Key"]]
        assert base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode() == file["md5Checksum"]
        lines = gzip.decompress(body).splitlines()
        assert len(lines) == file["itemCount"]
        items |= {json.loads(line)["Item"]["Id"]["S"]: json.loads(line)["Item"] for line in lines}
    assert items["7"] == {
        "Id": {"S": "7"}, "Note": {"S": 'ü\n"'}, "Blob": {"B": "AP8="}, "M": {"M": {"a": {"N": "1.50"}}},
    }  # fmt: skip
    for name in ("manifest-summary", "manifest-files"):
        (key,) = (key for key in objects if key.endswith(f"{name}.json"))
        checksum = base64.b64encode(hashlib.md5(objects[key], usedforsecurity=False).digest())
        assert objects[key.replace(".json", ".md5")] == checksum
