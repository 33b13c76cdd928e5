"""`exporter stream`: shards are read by the program itself, from an API of DynamoDB Streams with shards that split."""

import datetime as dt
import random
import threading

import pytest
from changing import ask, item

from exporter.changes.following.follower import Follower
from exporter.errors import SourceError
from local.streams.endpoint import StreamEndpoint
from local.streams.table_stream import TableStream

SPECIFICATION = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.fixture
def table(scene, monkeypatch):
    """A table with a stream, which the endpoint serves."""
    made = scene()
    made.dynamodb.update_table(TableName=made.table, StreamSpecification=SPECIFICATION)
    made.stream = TableStream(made.table, "Id", seed=3)
    with StreamEndpoint(made.stream) as endpoint:
        made.endpoint = endpoint
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", endpoint.url)
        yield made


def follow(table):
    return Follower(table.settings(), threading.Event()).run(once=True, seconds=1)


def shown(table) -> list[tuple[str, str]]:
    return sorted(ask(table, "SELECT id, CAST(number AS integer) FROM rows_live"))


def held(table) -> list[tuple[str, str]]:
    return sorted((key, found["Number"]["N"]) for key, found in table.stream.items.items())


def put(table, key: str, number: int) -> None:
    table.stream.put(item(key, "2026-02-16T10:00:00Z", Number={"N": str(number)}))


def test_all_shards_are_read_once_across_splits_and_restarts(table):
    """Each process goes on after the last record that an earlier one has stored; children come after their parents."""
    chance = random.Random(5)
    records = 0
    for round_ in range(4):
        for number in range(400):
            key = f"k{chance.randrange(60)}"
            if chance.random() < 0.2:
                table.stream.delete(key)
            else:
                put(table, key, 1000 * round_ + number)
        if round_ in {0, 1}:
            table.stream.split(next(name for name, shard in table.stream.shards.items() if shard.is_open))
        records += follow(table).records
        assert shown(table) == held(table)
    assert records == sum(shard.end for shard in table.stream.shards.values())
    assert follow(table).records == 0


def test_a_process_that_dies_before_it_notes_its_progress_counts_nothing_twice(table):
    """Records are read again where the progress was lost, and count once."""
    put(table, "a", 1)
    follow(table)
    (noted,) = table.keys("_changes/_shards")
    before = table.read(noted)
    put(table, "a", 2)
    follow(table)
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/{noted}", Body=before)
    assert follow(table).records == 1
    assert shown(table) == [("a", "2")]


def test_answers_without_records_in_the_middle_of_a_shard_do_not_end_it(table):
    """DynamoDB may answer without records although more follow."""
    table.endpoint.empty_answers = 3
    put(table, "a", 1)
    assert follow(table).records == 1


def test_an_iterator_that_has_expired_is_made_again(table):
    """A process that looks every 20 minutes has iterators that are too old, and goes on after its last record."""
    moment = [dt.datetime.now(dt.UTC)]
    table.stream.clock = lambda: moment[0]
    follower = Follower(table.settings(), threading.Event())
    put(table, "a", 1)
    follower.run(once=True, seconds=1)
    put(table, "b", 2)
    moment[0] += dt.timedelta(minutes=20)
    assert follower.run(once=True, seconds=1).records == 2
    assert shown(table) == [("a", "1"), ("b", "2")]


def test_records_that_were_trimmed_are_reported_and_the_rest_is_read(table, capfd):
    """After more than a day the missing records are named in the log, with what to do."""
    moment = [dt.datetime.now(dt.UTC)]
    table.stream.clock = lambda: moment[0]
    put(table, "a", 1)
    follow(table)
    put(table, "b", 2)
    moment[0] += dt.timedelta(hours=25)
    put(table, "c", 3)
    follow(table)
    assert shown(table) == [("a", "1"), ("c", "3")]
    out = capfd.readouterr()
    assert "export the days that they changed" in out.out + out.err


def test_a_table_without_a_stream_is_refused(scene):
    """The message has the command that enables it."""
    made = scene()
    with pytest.raises(SourceError, match=r"has no stream\. Enable it: aws dynamodb update-table"):
        follow(made)


def test_binary_values_come_as_bytes_from_a_table_of_the_stand_in(scene):
    """The client gives bytes, and the row has their base64 as an export has."""
    made = scene()
    made.dynamodb.update_table(TableName=made.table, StreamSpecification=SPECIFICATION)
    made.put("1", "2026-02-16T10:00:00Z", Number={"N": "7"}, Raw={"B": b"\x00\x01"})
    assert follow(made).rows == 1
    assert ask(made, "SELECT id, raw FROM rows_live") == [("1", "AAE=")]
