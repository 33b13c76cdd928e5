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

from local.dynamodb import time_to_live
from local.server import serve
from local.state import State

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


def test_exports_are_listed_by_an_arn_below_their_tables(exported):
    """Without a table the exports of all are listed, and of another table none."""
    dynamodb, described, _ = exported
    arn, table = described["ExportArn"], described["TableArn"]
    assert arn.rpartition("/")[0] == f"{table}/export"
    every = [one["ExportArn"] for one in dynamodb.list_exports()["ExportSummaries"]]
    assert every.count(arn) == 1  # next to those of other tables
    assert [one["ExportArn"] for one in dynamodb.list_exports(TableArn=table)["ExportSummaries"]] == [arn]
    assert dynamodb.list_exports(TableArn=f"{table}-other")["ExportSummaries"] == []


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


def _lines_of(dynamodb, s3, arn, start, end, **more):
    """Run an incremental export of a window; return its lines and its description."""
    asked = {
        "TableArn": arn, "S3Bucket": "changes", "S3Prefix": "p", "ExportType": "INCREMENTAL_EXPORT",
        "IncrementalExportSpecification": {"ExportFromTime": start, "ExportToTime": end}, **more,
    }  # fmt: skip
    described = dynamodb.export_table_to_point_in_time(**asked)["ExportDescription"]
    while described["ExportStatus"] == "IN_PROGRESS":
        time.sleep(0.01)
        described = dynamodb.describe_export(ExportArn=described["ExportArn"])["ExportDescription"]
    read = lambda key: s3.get_object(Bucket="changes", Key=key)["Body"].read()  # noqa: E731 - used twice below
    summary = json.loads(read(described["ExportManifest"]))
    files = [json.loads(line)["dataFileS3Key"] for line in read(summary["manifestFilesS3Key"]).splitlines()]
    assert all(key.startswith("p/AWSDynamoDB/data/") for key in files)
    lines = [json.loads(line) for key in files for line in gzip.decompress(read(key)).splitlines()]
    return {line["Keys"]["Id"]["S"]: line for line in lines}, described


def _table(arn):
    return arn.rpartition("/")[2]


@pytest.fixture
def history(monkeypatch, request):
    """A table with recovery since 10:00 and a clock that a test sets, as minutes since then."""
    began = 1_771_236_000.0
    with serve(port=0) as server:
        now = [began]
        monkeypatch.setattr("local.dynamodb.write_history.clock", lambda: now[0])
        options = {"endpoint_url": server.url, "region_name": "us-east-1"}
        dynamodb = boto3.client("dynamodb", **options)
        s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **options)
        s3.create_bucket(Bucket="changes")
        arn = dynamodb.create_table(
            TableName=request.node.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        )["TableDescription"]["TableArn"]
        dynamodb.update_continuous_backups(
            TableName=request.node.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

        def at(minutes):
            now[0] = began + minutes * 60
            return now[0]

        yield dynamodb, s3, arn, at
        dynamodb.delete_table(TableName=request.node.name)


def test_an_incremental_export_has_the_two_ends_of_its_window(history):
    """Of each item written in [start, end): its images at both ends and its last write; not what came and went."""
    dynamodb, s3, arn, at = history
    put = lambda key, note: dynamodb.put_item(TableName=_table(arn), Item={"Id": {"S": key}, "N": {"N": note}})  # noqa: E731
    start = at(10)
    at(5)
    put("changed", "1")
    put("gone", "1")
    put("old", "1")
    at(12)
    put("changed", "2")
    put("brief", "1")
    put("new", "1")
    at(20)
    put("changed", "3")
    dynamodb.delete_item(TableName=_table(arn), Key={"Id": {"S": "gone"}})
    dynamodb.delete_item(TableName=_table(arn), Key={"Id": {"S": "brief"}})
    dynamodb.update_item(
        TableName=_table(arn), Key={"Id": {"S": "new"}}, UpdateExpression="SET B = :b",
        ExpressionAttributeValues={":b": {"B": b"\xff"}},
    )  # fmt: skip
    end = at(30)
    put("later", "1")
    at(60)
    lines, described = _lines_of(dynamodb, s3, arn, start, end)
    assert sorted(lines) == ["changed", "gone", "new"]
    assert lines["changed"] == {
        "Metadata": {"WriteTimestampMicros": {"N": "1771237200000000"}}, "Keys": {"Id": {"S": "changed"}},
        "OldImage": {"Id": {"S": "changed"}, "N": {"N": "1"}}, "NewImage": {"Id": {"S": "changed"}, "N": {"N": "3"}},
    }  # fmt: skip
    assert "NewImage" not in lines["gone"]
    assert "OldImage" not in lines["new"]
    assert lines["new"]["NewImage"]["B"] == {"B": "/w=="}
    assert described["ExportType"] == "INCREMENTAL_EXPORT"


def test_windows_are_refused_as_dynamodb_refuses_them(history):
    """A window is 15 minutes to 24 hours long, and within the recovery period; a token names one request."""
    dynamodb, s3, arn, at = history
    at(26 * 60)
    for start, end, error in (
        (0, 14, "15 minutes"), (0, 24 * 60 + 1, "24 hours"), (-1, 60, "InvalidExportTime"),
        (26 * 60 - 20, 26 * 60 + 1, "InvalidExportTime"),
    ):  # fmt: skip
        window = (1_771_236_000 + start * 60, 1_771_236_000 + end * 60)
        with pytest.raises(ClientError, match=error):
            _lines_of(dynamodb, s3, arn, *window)
    first = _lines_of(dynamodb, s3, arn, at(0), at(15), ClientToken="a")[1]["ExportArn"]
    assert _lines_of(dynamodb, s3, arn, at(0), at(15), ClientToken="a")[1]["ExportArn"] == first
    with pytest.raises(ClientError, match="ExportConflictException"):
        _lines_of(dynamodb, s3, arn, at(0), at(16), ClientToken="a")
    assert [one["ExportArn"] for one in dynamodb.list_exports(TableArn=arn)["ExportSummaries"]] == [first]


def test_a_cancelled_transaction_leaves_no_history(history):
    """Writes of a transaction that was cancelled are in no export."""
    dynamodb, s3, arn, at = history
    put = {"Put": {"TableName": _table(arn), "Item": {"Id": {"S": "a"}}}}
    check = {"ConditionCheck": {
        "TableName": _table(arn), "Key": {"Id": {"S": "b"}}, "ConditionExpression": "attribute_exists(Id)",
    }}  # fmt: skip
    at(1)
    with pytest.raises(ClientError, match="TransactionCanceled"):
        dynamodb.transact_write_items(TransactItems=[put, check])
    dynamodb.transact_write_items(TransactItems=[put])
    at(20)
    lines, _ = _lines_of(dynamodb, s3, arn, at(0), at(20))
    assert sorted(lines) == ["a"]


def test_an_item_that_expired_is_a_removal_of_its_window(history, monkeypatch):
    """An export of changes has it as any other removal: it does not say why an item has gone."""
    dynamodb, s3, arn, at = history
    monkeypatch.setattr(time_to_live, "clock", lambda: at(12))
    setting = {"Enabled": True, "AttributeName": "Expires"}
    dynamodb.update_time_to_live(TableName=_table(arn), TimeToLiveSpecification=setting)
    at(5)
    dynamodb.put_item(TableName=_table(arn), Item={"Id": {"S": "a"}, "Expires": {"N": f"{int(at(11))}"}})
    assert time_to_live.remove_expired() == 1
    at(60)
    lines, _ = _lines_of(dynamodb, s3, arn, at(12), at(30))
    assert sorted(lines["a"]) == ["Keys", "Metadata", "OldImage"]


def test_exports_and_history_outlive_the_process(history, tmp_path):
    """Saved and loaded again, an export is still described, and the next window has what was written before."""
    dynamodb, s3, arn, at = history
    at(1)
    dynamodb.put_item(TableName=_table(arn), Item={"Id": {"S": "a"}})
    at(20)
    first = _lines_of(dynamodb, s3, arn, at(0), at(20))[1]["ExportArn"]
    state = State(tmp_path, lambda *_: [])
    state({"HTTP_X_AMZ_TARGET": "DynamoDB.PutItem"}, lambda *_: None)
    state.save()
    state.load()
    assert dynamodb.describe_export(ExportArn=first)["ExportDescription"]["ItemCount"] == 1
    assert sorted(_lines_of(dynamodb, s3, arn, at(0), at(19))[0]) == ["a"]
