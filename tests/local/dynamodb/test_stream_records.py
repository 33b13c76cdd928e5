"""The stream of a table of the stand-in has the records that DynamoDB gives."""

import uuid

import boto3
import pytest
from botocore.exceptions import ClientError
from stand_in import CREDENTIALS

from local.dynamodb import stream_records

KEY = {"Id": {"S": "a"}}
SET = {"UpdateExpression": "SET Note = :n", "ExpressionAttributeValues": {":n": {"S": "1"}}}


class Streamed:
    """A table with a stream of both images."""

    def __init__(self, aws, url):
        self.table, self.name = aws.dynamodb, f"streamed-{uuid.uuid4().hex[:8]}"
        self.streams = boto3.client("dynamodbstreams", endpoint_url=url, **CREDENTIALS)
        made = self.table.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.arn = made["TableDescription"]["LatestStreamArn"]

    def iterator(self):
        (shard,) = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]
        return self.streams.get_shard_iterator(
            StreamArn=self.arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def records(self):
        """Return name, old and new note of each record."""
        found = self.streams.get_records(ShardIterator=self.iterator())["Records"]
        images = [(one["eventName"], one["dynamodb"]) for one in found]
        return [
            (name, *(change.get(image, {}).get("Note", {}).get("S") for image in ("OldImage", "NewImage")))
            for name, change in images
        ]

    def put(self, identity, note):
        self.table.put_item(TableName=self.name, Item={"Id": {"S": identity}, "Note": {"S": note}})


@pytest.fixture
def streamed(aws, server):
    return Streamed(aws, server.url)


def test_an_update_of_a_new_key_is_one_insertion(streamed):
    """One INSERT has the whole item; the next update is a MODIFY, and after a removal it is an INSERT again."""
    update = {"TableName": streamed.name, "Key": KEY}
    streamed.table.update_item(**update, **SET)
    streamed.table.update_item(**update, **SET | {"ExpressionAttributeValues": {":n": {"S": "2"}}})
    streamed.table.delete_item(**update)
    streamed.table.update_item(**update, **SET)
    assert streamed.records() == [
        ("INSERT", None, "1"), ("MODIFY", "1", "2"), ("REMOVE", "2", None), ("INSERT", None, "1"),
    ]  # fmt: skip


def test_a_write_that_changes_nothing_is_no_record(streamed):
    """A put and an update of what is there already, and a deletion of nothing, give no record."""
    streamed.put("a", "1")
    streamed.put("a", "1")
    streamed.table.update_item(TableName=streamed.name, Key=KEY, **SET)
    streamed.table.delete_item(TableName=streamed.name, Key={"Id": {"S": "none"}})
    assert streamed.records() == [("INSERT", None, "1")]


def test_a_table_takes_writes_after_its_stream_was_disabled(streamed):
    """They are in the table and in no stream; what was recorded before can still be read."""
    streamed.put("a", "1")
    reading = streamed.iterator()
    streamed.table.update_table(TableName=streamed.name, StreamSpecification={"StreamEnabled": False})
    streamed.put("b", "2")
    streamed.table.update_item(TableName=streamed.name, Key=KEY, **SET)
    streamed.table.delete_item(TableName=streamed.name, Key=KEY)
    assert streamed.table.scan(TableName=streamed.name)["Items"] == [{"Id": {"S": "b"}, "Note": {"S": "2"}}]
    found = streamed.streams.get_records(ShardIterator=reading)["Records"]
    assert [one["eventName"] for one in found] == ["INSERT"]


def test_old_records_are_trimmed_and_a_reader_of_them_is_refused(streamed, monkeypatch):
    """Memory is bounded by a number of records; an iterator that is too old gets the error of DynamoDB."""
    monkeypatch.setattr(stream_records, "MOST_RECORDS", 3)
    streamed.put("a", "0")
    old = streamed.iterator()
    for number in range(1, 6):
        streamed.put("a", f"{number}")
    assert streamed.records() == [("MODIFY", "2", "3"), ("MODIFY", "3", "4"), ("MODIFY", "4", "5")]
    with pytest.raises(ClientError, match="TrimmedDataAccessException"):
        streamed.streams.get_records(ShardIterator=old)
