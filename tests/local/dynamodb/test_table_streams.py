"""The streams of the stand-in's tables do what DynamoDB Streams does."""

import datetime as dt
import itertools
import threading
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError
from stand_in import CREDENTIALS

from local.dynamodb import table_streams
from local.state import State

KEY = {"Id": {"S": "a"}}
SET = {"UpdateExpression": "SET Note = :n", "ExpressionAttributeValues": {":n": {"S": "1"}}}
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


class Streamed:
    """A table with a stream of both images."""

    def __init__(self, url, name=None):
        self.table, self.name = boto3.client("dynamodb", endpoint_url=url, **CREDENTIALS), name or uuid.uuid4().hex
        self.streams = boto3.client("dynamodbstreams", endpoint_url=url, **CREDENTIALS)
        if name is None:
            self.create()

    def create(self):
        self.table.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
            StreamSpecification=STREAM,
        )

    @property
    def arn(self):
        return self.table.describe_table(TableName=self.name)["Table"]["LatestStreamArn"]

    def described(self, arn=None):
        return self.streams.describe_stream(StreamArn=arn or self.arn)["StreamDescription"]

    def iterator(self, shard=None, kind="TRIM_HORIZON", arn=None, **more):
        arn = arn or self.arn
        if shard is None:
            shard = self.described(arn)["Shards"][0]["ShardId"]
        asked = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": kind}
        return self.streams.get_shard_iterator(**asked, **more)["ShardIterator"]

    def of_shard(self, shard, arn=None):
        """Return all records of a shard, and whether it is closed."""
        found, iterator = [], self.iterator(shard, arn=arn)
        while iterator:
            answer = self.streams.get_records(ShardIterator=iterator, Limit=100)
            found += answer["Records"]
            iterator = answer.get("NextShardIterator")
            if not answer["Records"]:
                break
        return found, iterator is None

    def raw(self, arn=None):
        shards = [shard["ShardId"] for shard in self.described(arn)["Shards"]]
        return [record for shard in shards for record in self.of_shard(shard, arn)[0]]

    def records(self, arn=None):
        """Return name, old and new note of each record."""
        images = [(one["eventName"], one["dynamodb"]) for one in self.raw(arn)]
        return [
            (name, *(change.get(image, {}).get("Note", {}).get("S") for image in ("OldImage", "NewImage")))
            for name, change in images
        ]

    def put(self, identity, note):
        self.table.put_item(TableName=self.name, Item={"Id": {"S": identity}, "Note": {"S": note}})

    def switch(self, specification):
        self.table.update_table(TableName=self.name, StreamSpecification=specification)


@pytest.fixture
def streamed(server):
    return Streamed(server.url)


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
    """They are in the table and in no stream; what was recorded before can still be read, and then the shard ends."""
    streamed.put("a", "1")
    streamed.switch({"StreamEnabled": False})
    streamed.put("b", "2")
    streamed.table.update_item(TableName=streamed.name, Key=KEY, **SET)
    streamed.table.delete_item(TableName=streamed.name, Key=KEY)
    assert streamed.table.scan(TableName=streamed.name)["Items"] == [{"Id": {"S": "b"}, "Note": {"S": "2"}}]
    assert streamed.records() == [("INSERT", None, "1")]
    described = streamed.described()
    assert described["StreamStatus"] == "DISABLED"
    assert streamed.of_shard(described["Shards"][0]["ShardId"])[1]


def test_a_stream_that_is_enabled_again_is_another_one(streamed):
    """Its ARN differs, its sequence numbers go on; both are listed, and the old one keeps its records."""
    first = streamed.arn
    streamed.put("a", "1")
    streamed.switch({"StreamEnabled": False})
    streamed.switch(STREAM)
    streamed.put("a", "2")
    assert first != streamed.arn
    assert (streamed.records(first), streamed.records()) == ([("INSERT", None, "1")], [("MODIFY", "1", "2")])
    old, new = (int(streamed.raw(arn)[0]["dynamodb"]["SequenceNumber"]) for arn in (first, streamed.arn))
    assert old < new
    listed = streamed.streams.list_streams(TableName=streamed.name)["Streams"]
    assert [one["StreamArn"] for one in listed] == [first, streamed.arn]


def test_a_stream_is_not_enabled_or_disabled_twice(streamed):
    """Both are a ValidationException."""
    with pytest.raises(ClientError, match=r"ValidationException.*already has an enabled stream"):
        streamed.switch(STREAM)
    streamed.switch({"StreamEnabled": False})
    with pytest.raises(ClientError, match=r"ValidationException.*no stream to disable"):
        streamed.switch({"StreamEnabled": False})


def test_the_stream_of_a_deleted_table_ends_and_can_be_read(streamed):
    """A table of the same name has a stream of its own."""
    streamed.put("a", "1")
    first = streamed.arn
    streamed.table.delete_table(TableName=streamed.name)
    streamed.create()
    assert streamed.described(first)["StreamStatus"] == "DISABLED"
    assert (streamed.records(first), streamed.records()) == ([("INSERT", None, "1")], [])


def test_a_transaction_is_recorded_as_a_whole_or_not_at_all(streamed):
    """Each item of one that succeeds has a record; a condition that fails takes all of them back."""
    put = lambda identity, **more: {  # noqa: E731 - used three times below
        "Put": {"TableName": streamed.name, "Item": {"Id": {"S": identity}, "Note": {"S": "t"}}, **more}
    }
    update = {"Update": {"TableName": streamed.name, "Key": {"Id": {"S": "b"}}, **SET}}
    streamed.table.transact_write_items(TransactItems=[put("a"), update])
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        streamed.table.transact_write_items(
            TransactItems=[put("c"), put("a", ConditionExpression="attribute_not_exists(Id)")]
        )
    assert streamed.records() == [("INSERT", None, "t"), ("INSERT", None, "1")]


def test_a_statement_is_recorded(streamed):
    """A write by PartiQL is in the stream as others are."""
    streamed.table.execute_statement(Statement=f"INSERT INTO \"{streamed.name}\" VALUE {{'Id': 'a', 'Note': 'p'}}")
    assert streamed.records() == [("INSERT", None, "p")]


def test_records_beyond_a_number_are_trimmed_and_a_reader_of_them_is_refused(server, monkeypatch):
    """Memory is bounded by a number of records; an iterator that is too old gets the error of DynamoDB."""
    monkeypatch.setattr(table_streams, "MOST_RECORDS", 3)
    streamed = Streamed(server.url)
    streamed.put("a", "0")
    old = streamed.iterator()
    (first,) = streamed.raw()
    for number in range(1, 6):
        streamed.put("a", f"{number}")
    assert streamed.records() == [("MODIFY", "2", "3"), ("MODIFY", "3", "4"), ("MODIFY", "4", "5")]
    with pytest.raises(ClientError, match="TrimmedDataAccessException"):
        streamed.streams.get_records(ShardIterator=old)
    with pytest.raises(ClientError, match="TrimmedDataAccessException"):
        streamed.iterator(kind="AT_SEQUENCE_NUMBER", SequenceNumber=first["dynamodb"]["SequenceNumber"])


def test_records_are_kept_for_a_day(streamed, monkeypatch):
    """After 24 hours they are gone, and with them a stream that was disabled before."""
    present = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
    monkeypatch.setattr(table_streams, "clock", lambda: present)
    streamed.put("a", "1")
    present += dt.timedelta(hours=23)
    streamed.put("a", "2")
    assert streamed.records() == [("INSERT", None, "1"), ("MODIFY", "1", "2")]
    present += dt.timedelta(hours=2)
    assert streamed.records() == [("MODIFY", "1", "2")]
    streamed.switch({"StreamEnabled": False})
    present += dt.timedelta(hours=25)
    assert streamed.streams.list_streams(TableName=streamed.name)["Streams"] == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        streamed.described()


def test_iterators_start_where_dynamodb_lets_them_start(streamed):
    """At the oldest, at a record or after it, or after the newest; a shard that does not exist is not found."""
    for number in range(4):
        streamed.put("a", f"{number}")
    second = streamed.raw()[1]["dynamodb"]["SequenceNumber"]
    latest = streamed.iterator(kind="LATEST")

    def notes(iterator):
        found = streamed.streams.get_records(ShardIterator=iterator)["Records"]
        return [one["dynamodb"]["NewImage"]["Note"]["S"] for one in found]

    assert notes(streamed.iterator(kind="TRIM_HORIZON")) == ["0", "1", "2", "3"]
    assert notes(streamed.iterator(kind="AT_SEQUENCE_NUMBER", SequenceNumber=second)) == ["1", "2", "3"]
    assert notes(streamed.iterator(kind="AFTER_SEQUENCE_NUMBER", SequenceNumber=second)) == ["2", "3"]
    assert notes(latest) == []
    streamed.put("a", "4")
    assert notes(latest) == ["4"]
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*shardId-none"):
        streamed.iterator("shardId-none-0000000000000000")


def test_iterators_expire_after_a_quarter_of_an_hour(streamed, monkeypatch):
    """One that is 15 minutes old is answered, an older one and one of another form are refused."""
    present = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
    monkeypatch.setattr(table_streams, "clock", lambda: present)
    iterator = streamed.iterator()
    present += dt.timedelta(minutes=15)
    assert streamed.streams.get_records(ShardIterator=iterator)["Records"] == []
    present += dt.timedelta(seconds=1)
    for refused, code in ((iterator, "ExpiredIteratorException"), ("other", "ValidationException")):
        with pytest.raises(ClientError, match=code):
            streamed.streams.get_records(ShardIterator=refused)


def test_full_shards_are_followed_by_others_that_name_them(server, monkeypatch):
    """All records are in one shard each, in order for each key; parents are closed, and at most four are open."""
    monkeypatch.setattr(table_streams, "SHARD_RECORDS", 20)
    streamed = Streamed(server.url)
    for number in range(300):
        streamed.put(f"k{number % 16}", f"{number:03}")
    shards = streamed.described()["Shards"]
    parents = {shard["ShardId"]: shard.get("ParentShardId") for shard in shards}
    assert len(shards) > 12
    assert [shard for shard, parent in parents.items() if parent is None] == [shards[0]["ShardId"]]
    assert {parent for parent in parents.values() if parent} < set(parents)
    seen = {}
    for shard in shards:
        records, is_closed = streamed.of_shard(shard["ShardId"])
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        bounds = shard["SequenceNumberRange"]
        assert is_closed == ("EndingSequenceNumber" in bounds) == (shard["ShardId"] in parents.values())
        assert numbers == sorted(numbers)
        assert all(int(bounds["StartingSequenceNumber"]) < number for number in numbers)
        assert all(number < int(bounds.get("EndingSequenceNumber", number + 1)) for number in numbers)
        for record in records:
            image = record["dynamodb"]["NewImage"]
            seen.setdefault(image["Id"]["S"], []).append(image["Note"]["S"])
    assert sum(shard["ShardId"] not in parents.values() for shard in shards) == 4
    assert seen == {f"k{key}": [f"{number:03}" for number in range(key, 300, 16)] for key in range(16)}


def test_writers_at_once_leave_the_stream_as_the_table(streamed):
    """The newest record of a key is the item as it is, and of writers that want it new one succeeds."""
    refused = []

    def write(writer):
        client = Streamed(streamed.table.meta.endpoint_url, streamed.name)
        for number in range(30):
            client.put("shared", f"{writer}-{number}")
            try:
                client.table.put_item(
                    TableName=client.name,
                    Item={"Id": {"S": f"new-{number}"}},
                    ConditionExpression="attribute_not_exists(Id)",
                )
            except ClientError:
                refused.append(number)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared = [one["dynamodb"] for one in streamed.raw() if one["dynamodb"]["Keys"]["Id"]["S"] == "shared"]
    item = streamed.table.get_item(TableName=streamed.name, Key={"Id": {"S": "shared"}})["Item"]
    assert (len(refused), len(shared), shared[-1]["NewImage"]) == (90, 120, item)
    assert all(older["NewImage"] == newer["OldImage"] for older, newer in itertools.pairwise(shared))


def test_a_stream_outlives_the_process(streamed, tmp_path):
    """Saved and loaded again, it has its records, and its numbers go on."""
    streamed.put("a", "1")
    first = streamed.raw()
    state = State(tmp_path, lambda *_: [])
    state({"HTTP_X_AMZ_TARGET": "DynamoDB.PutItem"}, lambda *_: None)
    state.save()
    streamed.put("a", "lost")
    state.load()
    streamed.put("a", "2")
    old, new = streamed.raw()
    assert [old] == first
    assert new["dynamodb"]["OldImage"] == old["dynamodb"]["NewImage"]
    assert int(old["dynamodb"]["SequenceNumber"]) < int(new["dynamodb"]["SequenceNumber"])
