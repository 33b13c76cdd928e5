"""The operations tables of the demo, and the documented command lines that look at them."""

import contextlib
import datetime as dt
from pathlib import Path

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID

from local.sample import operations
from local.sample.place import Loaded, Place
from local.server import Server

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
METRICS, INSIGHTS = operations.METRICS, operations.INSIGHTS


@pytest.fixture(scope="module")
def loaded(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Both tables with 20 entities and 40 insights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        folder: Path = tmp_path_factory.mktemp("demo")
        client = boto3.client("dynamodb")
        for table in (METRICS, INSIGHTS):
            with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                client.delete_table(TableName=table)  # of another test of this process
        return operations.load(Place(100, NOW, "b", folder, DEFAULT_ACCOUNT_ID, "us-east-1", lambda _: None))


@pytest.mark.usefixtures("loaded")
def test_the_documented_lines_work(server: Server) -> None:
    """list-tables, describe-table, put-item, get-item, query by index, and the records of the stream."""
    client = boto3.client("dynamodb", endpoint_url=server.url)
    pages = client.get_paginator("list_tables").paginate()
    assert {METRICS, INSIGHTS} <= {name for page in pages for name in page["TableNames"]}
    table = client.describe_table(TableName=METRICS)["Table"]
    assert (table["TableStatus"], table["StreamSpecification"]["StreamViewType"]) == ("ACTIVE", "NEW_AND_OLD_IMAGES")
    key = {"entity_id": {"S": "stu_test"}, "entity_type": {"S": "student"}}
    item = key | {"health_score": {"N": "42"}, "last_updated": {"S": "2026-02-20T08:00:00Z"}}
    client.put_item(TableName=METRICS, Item=item)
    assert client.get_item(TableName=METRICS, Key=key)["Item"] == item
    found = client.query(
        TableName=METRICS,
        IndexName="EntityTypeHealthIndex",
        KeyConditionExpression="entity_type = :t AND health_score < :h",
        ExpressionAttributeValues={":t": {"S": "student"}, ":h": {"N": "43"}},
    )
    scores = [float(one["health_score"]["N"]) for one in found["Items"]]
    assert 42.0 in scores
    assert scores == sorted(scores)
    streams = boto3.client("dynamodbstreams", endpoint_url=server.url)
    shard = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(
        StreamArn=table["LatestStreamArn"], ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = streams.get_records(ShardIterator=start)["Records"]
    assert (record["eventName"], record["dynamodb"]["NewImage"]) == ("INSERT", item)


def test_nothing_in_the_tables_is_of_the_future(server: Server, loaded: Loaded) -> None:
    """20 entities, each with one state of the last 60 days, and 40 insights that expire after 90 days."""
    assert loaded.detail == "20 entities and 40 insights in the tables iops-dashboard-*"
    client = boto3.client("dynamodb", endpoint_url=server.url)
    items = client.scan(TableName=METRICS)["Items"]
    times = [item["last_updated"]["S"] for item in items if item["entity_id"]["S"] != "stu_test"]
    assert len(times) == 20
    assert "2025-12-22T00:00:00Z" <= min(times) <= max(times) <= "2026-02-20T09:00:00Z"
    found = client.scan(TableName=INSIGHTS)["Items"]
    assert len({item["alert_id"]["S"] for item in found}) == 40
    lifetimes = {
        int(item["ttl"]["N"]) - int(dt.datetime.fromisoformat(item["timestamp"]["S"]).timestamp()) for item in found
    }
    assert lifetimes == {90 * 24 * 3600}
