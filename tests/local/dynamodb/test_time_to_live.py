"""Items that have expired leave the stand-in's tables as they leave DynamoDB's."""

import time
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError
from stand_in import CREDENTIALS

from local.dynamodb import time_to_live
from local.dynamodb.time_to_live import remove_expired
from local.server import serve
from local.state import State

NOW = 1_771_578_000


class Expiring:
    """A table with a sort key, a stream and time to live."""

    def __init__(self, url):
        self.client, self.name = boto3.client("dynamodb", endpoint_url=url, **CREDENTIALS), uuid.uuid4().hex
        self.streams = boto3.client("dynamodbstreams", endpoint_url=url, **CREDENTIALS)
        self.client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("Id", "Part")],
            KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}, {"AttributeName": "Part", "KeyType": "RANGE"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )

    def switch(self, *, enabled, attribute="Expires"):
        return self.client.update_time_to_live(
            TableName=self.name, TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute}
        )

    def state(self):
        return self.client.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]

    def put(self, identity, expires):
        item = {"Id": {"S": identity}, "Part": {"S": "0"}} | ({"Expires": expires} if expires else {})
        self.client.put_item(TableName=self.name, Item=item)

    def names(self):
        return sorted(item["Id"]["S"] for item in self.client.scan(TableName=self.name)["Items"])

    def records(self):
        arn = self.client.describe_table(TableName=self.name)["Table"]["LatestStreamArn"]
        (shard,) = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        asked = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = self.streams.get_shard_iterator(**asked)["ShardIterator"]
        return self.streams.get_records(ShardIterator=iterator)["Records"]


@pytest.fixture
def table(server, monkeypatch):
    monkeypatch.setattr(time_to_live, "clock", lambda: NOW)
    return Expiring(server.url)


@pytest.mark.parametrize(
    ("expires", "is_removed"),
    [
        ({"N": f"{NOW - 1}"}, True),
        ({"N": f"{NOW - 4 * 365 * 86_400}"}, True),
        ({"N": f"{NOW}"}, False),
        ({"N": f"{NOW + 3600}"}, False),
        ({"N": f"{NOW - 6 * 365 * 86_400}"}, False),
        ({"S": f"{NOW - 1}"}, False),
        ({"NS": [f"{NOW - 1}"]}, False),
        (None, False),
    ],
)
def test_what_has_expired_is_removed(table, expires, is_removed):
    """A number of seconds that have passed, within the last five years; text, sets and later times stay."""
    table.switch(enabled=True)
    table.put("a", expires)
    remove_expired()
    assert table.names() == ([] if is_removed else ["a"])


def test_a_removal_names_the_service_in_the_stream(table):
    """It is a REMOVE with the old image and the identity of the service; a person's deletion has none."""
    table.switch(enabled=True)
    table.put("a", {"N": f"{NOW - 1}"})
    table.put("b", None)
    remove_expired()
    table.client.delete_item(TableName=table.name, Key={"Id": {"S": "b"}, "Part": {"S": "0"}})
    expired, deleted = table.records()[2:]
    assert (expired["eventName"], deleted["eventName"]) == ("REMOVE", "REMOVE")
    assert expired["dynamodb"]["OldImage"]["Expires"] == {"N": f"{NOW - 1}"}
    assert expired["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    assert "userIdentity" not in deleted


def test_time_to_live_is_off_until_it_is_enabled_and_after_it_was_disabled(table):
    """What it is set to can be read; nothing is removed without it."""
    table.put("a", {"N": f"{NOW - 1}"})
    assert table.state() == {"TimeToLiveStatus": "DISABLED"}
    table.switch(enabled=True)
    assert table.state() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "Expires"}
    table.switch(enabled=False)
    assert table.state() == {"TimeToLiveStatus": "DISABLED"}
    assert (remove_expired(), table.names()) == (0, ["a"])


def test_a_setting_that_changes_nothing_is_refused(table):
    """As is another attribute while one is active, and a table that does not exist."""
    with pytest.raises(ClientError, match=r"ValidationException.*TimeToLive is already disabled"):
        table.switch(enabled=False)
    table.switch(enabled=True)
    with pytest.raises(ClientError, match=r"ValidationException.*TimeToLive is already enabled"):
        table.switch(enabled=True)
    with pytest.raises(ClientError, match=r"different AttributeName: current AttributeName is Expires"):
        table.switch(enabled=True, attribute="Other")
    table.name = "none-of-that-name"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        table.switch(enabled=True)


def test_a_running_stand_in_looks_by_itself(monkeypatch):
    """Without a request, what has expired leaves the table and is in the stream."""
    monkeypatch.setattr(time_to_live, "LOOK_SECONDS", 0.01)
    with serve() as running:
        table = Expiring(running.url)
        table.switch(enabled=True)
        table.put("a", {"N": f"{int(time.time()) - 10}"})
        until = time.monotonic() + 30
        while table.names() and time.monotonic() < until:
            time.sleep(0.01)
        assert [record["eventName"] for record in table.records()] == ["INSERT", "REMOVE"]


def test_removals_are_saved_with_the_tables(table, tmp_path):
    """A look that removed something is a change to be saved, and one that found nothing is none."""
    table.switch(enabled=True)
    state = State(tmp_path, lambda *_: [])
    state.apply(remove_expired)
    state.save()
    assert list(tmp_path.iterdir()) == []
    table.put("a", {"N": f"{NOW - 1}"})
    state.apply(remove_expired)
    state.save()
    assert [file.name for file in tmp_path.iterdir()] == ["state.pickle"]
