"""However a table of the stand-in is written to, its stream says what became of each item."""

import contextlib
import random
import uuid

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from stand_in import CREDENTIALS

from local.dynamodb import table_streams

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
PARTS, LETTERS = ("0", "1"), "abcd"


class Written:
    """A table with a sort key, and a write of every kind to one of its eight items."""

    def __init__(self, url, seed):
        self.client = boto3.client("dynamodb", endpoint_url=url, **CREDENTIALS)
        self.streams = boto3.client("dynamodbstreams", endpoint_url=url, **CREDENTIALS)
        self.name, self.chance, self.number = uuid.uuid4().hex, random.Random(seed), 0
        made = self.client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("Id", "Part")],
            KeySchema=[{"AttributeName": "Part", "KeyType": "RANGE"}, {"AttributeName": "Id", "KeyType": "HASH"}],
            StreamSpecification=STREAM,
        )
        self.arn = made["TableDescription"]["LatestStreamArn"]

    def write(self):
        self.number += 1
        kinds = (self.put, self.delete, self.update, self.take_away, self.batch, self.transaction, self.statement)
        refusals = self.client.exceptions
        with contextlib.suppress(refusals.ConditionalCheckFailedException, refusals.TransactionCanceledException):
            self.chance.choice(kinds)()

    def key(self):
        return {"Id": {"S": self.chance.choice(LETTERS)}, "Part": {"S": self.chance.choice(PARTS)}}

    def item(self):
        return self.key() | {"N": {"N": f"{self.number // 2}"}, "B": {"B": b"\xff"}}

    def put(self):
        condition = self.chance.choice([{}, {}, {"ConditionExpression": "attribute_not_exists(Id)"}])
        self.client.put_item(TableName=self.name, Item=self.item(), **condition)

    def delete(self):
        self.client.delete_item(TableName=self.name, Key=self.key())

    def updating(self):
        return {
            "TableName": self.name, "Key": self.key(), "UpdateExpression": "SET N = :n",
            "ExpressionAttributeValues": {":n": {"N": f"{self.number}"}},
        }  # fmt: skip

    def update(self):
        self.client.update_item(**self.updating())

    def take_away(self):
        self.client.update_item(TableName=self.name, Key=self.key(), UpdateExpression="REMOVE B")

    def batch(self):
        first, second = ({"Id": {"S": letter}, "Part": {"S": "0"}} for letter in self.chance.sample(LETTERS, 2))
        asked = [{"PutRequest": {"Item": first | {"N": {"N": "7"}}}}, {"DeleteRequest": {"Key": second}}]
        self.client.batch_write_item(RequestItems={self.name: asked})

    def transaction(self):
        first, second, third = ({"Id": {"S": letter}, "Part": {"S": "1"}} for letter in self.chance.sample(LETTERS, 3))
        condition = {"ConditionExpression": "attribute_exists(Id)"} if self.chance.random() < 0.5 else {}
        put = {"TableName": self.name, "Item": first | {"N": {"N": f"{self.number}"}}}
        delete = {"TableName": self.name, "Key": third, **condition}
        asked = [{"Put": put}, {"Update": self.updating() | {"Key": second}}, {"Delete": delete}]
        self.client.transact_write_items(TransactItems=asked)

    def statement(self):
        key = self.key()
        parameters = [{"N": f"{self.number}"}, key["Id"], key["Part"]]
        statement = f'UPDATE "{self.name}" SET N=? WHERE Id=? AND Part=?'
        self.client.execute_statement(Statement=statement, Parameters=parameters)

    def records(self):
        """Return the records in the order of their sequence numbers."""
        found = []
        for shard in self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]:
            asked = {"StreamArn": self.arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterator = self.streams.get_shard_iterator(**asked)["ShardIterator"]
            found += self.streams.get_records(ShardIterator=iterator)["Records"]
        return sorted(found, key=lambda record: int(record["dynamodb"]["SequenceNumber"]))


@pytest.fixture
def alone(monkeypatch):
    """No table of another test: moto copies every table for each transaction."""
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    monkeypatch.setattr(backend, "tables", type(backend.tables)())


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("seed", range(4))
def test_replaying_a_stream_gives_the_table(server, monkeypatch, seed):
    """Each record begins where the one before of its item ended, and says rightly what it is."""
    monkeypatch.setattr(table_streams, "SHARD_RECORDS", 30)
    table = Written(server.url, seed)
    for _ in range(150):
        table.write()
    replayed = {}
    for record in table.records():
        change = record["dynamodb"]
        old, new = change.get("OldImage"), change.get("NewImage")
        key = tuple(change["Keys"][name]["S"] for name in ("Id", "Part"))
        assert list(change["Keys"]) == ["Id", "Part"]
        assert replayed.get(key) == old != new
        assert record["eventName"] == ("INSERT" if old is None else "REMOVE" if new is None else "MODIFY")
        replayed[key] = new
    items = table.client.scan(TableName=table.name)["Items"]
    assert {key: item for key, item in replayed.items() if item} == {
        (item["Id"]["S"], item["Part"]["S"]): item for item in items
    }
