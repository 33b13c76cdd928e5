"""`exporter stream` over a table of the stand-in: writes by the API, shards that split, removals by time to live."""

import datetime as dt
import random
import time

import boto3
import pytest
from changing import ask

from local.dynamodb import table_streams
from local.dynamodb.time_to_live import remove_expired

SPECIFICATION = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


class Served:
    """A table with a stream and time to live, which a test writes to by the API."""

    def __init__(self, scene):
        self.scene, self.chance = scene, random.Random(11)
        self.name = {"TableName": scene.table}
        scene.dynamodb.update_table(**self.name, StreamSpecification=SPECIFICATION)
        scene.dynamodb.update_time_to_live(
            **self.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "Expires"}
        )

    def write(self, number):
        """Put, update, move, delete or let expire one of 40 items."""
        key, kind = f"k{self.chance.randrange(40)}", self.chance.random()
        value = {":n": {"N": str(number)}}
        if kind < 0.15:
            self.scene.delete(key)
        elif kind < 0.3:
            self.put(key, number, Expires={"N": f"{int(time.time()) - 60}"})
        elif kind < 0.6:
            self.put(key, number)
        else:
            self.scene.dynamodb.update_item(
                **self.name, Key={"Id": {"S": key}}, ExpressionAttributeNames={"#n": "Number"},
                UpdateExpression="SET #n = :n", ExpressionAttributeValues=value,
            )  # fmt: skip

    def put(self, key, number, **more):
        day = self.chance.randrange(16, 19)
        self.scene.put(key, f"2026-02-{day}T10:00:00Z", Number={"N": str(number)}, **more)

    def held(self):
        """Return day, id and number of the items of the table that the index has."""
        items = self.scene.dynamodb.scan(**self.name)["Items"]
        return sorted((one["At"]["S"][8:10], one["Id"]["S"], one["Number"]["N"]) for one in items if "At" in one)

    def expire(self):
        """Remove what has expired; return the number of items."""
        before = len(self.held())
        remove_expired()
        return before - len(self.held())

    def shards(self):
        """Return shard -> parent."""
        arn = self.scene.dynamodb.describe_table(**self.name)["Table"]["LatestStreamArn"]
        described = boto3.client("dynamodbstreams").describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        return {shard["ShardId"]: shard.get("ParentShardId") for shard in described}


@pytest.fixture
def served(table, monkeypatch):
    monkeypatch.setattr(table_streams, "SHARD_RECORDS", 25)
    return Served(table)


def test_the_live_view_equals_the_table_across_splits_and_expired_items(served, run):
    """Three processes follow the stream one after another; after each the view has what the table has, once."""
    expired = 0
    for round_ in range(3):
        for number in range(120):
            served.write(1000 * round_ + number)
        expired += served.expire()
        done = run(served.scene, "stream", "--once")
        assert done.returncode == 0, done.stderr
        shown = ask(served.scene, "SELECT day, id, CAST(CAST(number AS integer) AS varchar) FROM rows_live")
        assert sorted(shown) == served.held()
    parents = served.shards()
    grandparents = {parents[parent] for parent in parents.values() if parent}
    assert len(grandparents - {None}) > 1
    assert expired > 5
    assert ask(served.scene, "SELECT count(*) FROM rows_changes WHERE _op = 'T'") == [(str(expired),)]


def test_days_that_are_exported_after_a_look_at_an_empty_stream_show_their_changes(served, run):
    """Following begins with the first look and not with the first record: a day need not be exported a second time."""
    served.scene.dynamodb.update_table(**served.name, StreamSpecification={"StreamEnabled": False})
    served.scene.put("gone", "2026-02-17T10:00:00Z")
    served.scene.dynamodb.update_table(**served.name, StreamSpecification=SPECIFICATION)
    assert run(served.scene, "stream", "--once").returncode == 0
    served.scene.export(start="2026-02-17", end="2026-02-17")
    served.scene.delete("gone")
    assert run(served.scene, "stream", "--once").returncode == 0
    assert ask(served.scene, "SELECT id FROM rows_live") == []


def test_what_a_disabled_stream_still_holds_is_read_before_the_next_one(served, run):
    """Enabled again it is another stream; the rest of the former counts, and the log says what neither has."""
    specification = lambda **more: served.scene.dynamodb.update_table(**served.name, StreamSpecification=more)  # noqa: E731
    served.put("a", 1)
    assert run(served.scene, "stream", "--once").returncode == 0
    served.put("b", 2)
    specification(StreamEnabled=False)
    served.put("unseen", 3)
    specification(**SPECIFICATION)
    served.put("c", 4)
    said = [run(served.scene, "stream", "--once").stderr for _ in range(2)]
    assert sorted(ask(served.scene, "SELECT id FROM rows_live")) == [("a",), ("b",), ("c",)]
    assert ["export the days that were changed in between" in text for text in said] == [True, False]


def test_a_stream_without_both_images_is_refused_before_anything_is_written(served, run):
    """A refused stream must not take over from windows; the commands of the refusal make one that is followed."""
    change = lambda **more: served.scene.dynamodb.update_table(**served.name, StreamSpecification=more)  # noqa: E731
    change(StreamEnabled=False)
    change(StreamEnabled=True, StreamViewType="KEYS_ONLY")
    served.put("a", 1)
    done = run(served.scene, "stream", "--once")
    assert (done.returncode, served.scene.keys("_changes/")) == (1, [])
    table = served.scene.table
    assert f"table {table} carries KEYS_ONLY; NEW_AND_OLD_IMAGES is needed" in done.stderr
    update = f"aws dynamodb update-table --table-name {table} --stream-specification"
    assert (
        f"`{update} StreamEnabled=false`, then enable it by "
        f"`{update} StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`"
    ) in done.stderr
    change(StreamEnabled=False)
    change(**SPECIFICATION)
    assert run(served.scene, "stream", "--once").returncode == 0


def test_a_former_stream_that_is_gone_is_reported(served, run, monkeypatch):
    """After a day it cannot be read any more; the present one is followed all the same."""
    served.put("a", 1)
    run(served.scene, "stream", "--once")
    served.scene.dynamodb.update_table(**served.name, StreamSpecification={"StreamEnabled": False})
    present = table_streams.clock()
    monkeypatch.setattr(table_streams, "clock", lambda: present + dt.timedelta(hours=25))
    served.scene.dynamodb.update_table(**served.name, StreamSpecification=SPECIFICATION)
    served.put("b", 2)
    done = run(served.scene, "stream", "--once")
    assert "the stream was disabled and enabled again" in done.stderr
    assert '"former_was_read": false' in done.stderr
    assert sorted(ask(served.scene, "SELECT id FROM rows_live")) == [("a",), ("b",)]
