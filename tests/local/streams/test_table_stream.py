"""The stream of the stand-in does what DynamoDB Streams does, where the usual stand-ins do something else."""

import datetime as dt

from local.streams.table_stream import TableStream

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)


def stream(**options) -> TableStream:
    return TableStream("contacts", "Id", **({"clock": lambda: NOW} | options))


def item(key: str, text: str = "") -> dict:
    return {"Id": {"S": key}, "Text": {"S": text}}


def records(found: TableStream) -> list[dict]:
    return [record for name in found.shards for record in found.read(name, 0, 1000)[0]]


def test_a_write_that_changes_nothing_gives_no_record():
    """DynamoDB emits a record only where the item has changed; a deletion of nothing gives none either."""
    found = stream()
    assert found.put(item("a", "1")) is not None
    assert found.put(item("a", "1")) is None
    assert found.delete("b") is None
    assert len(records(found)) == 1


def test_each_write_is_one_record_with_both_images():
    """INSERT has the new image, MODIFY both, REMOVE the old one; times are whole seconds."""
    found = stream()
    found.put(item("a", "1"))
    found.put(item("a", "2"))
    found.delete("a")
    assert [record["eventName"] for record in records(found)] == ["INSERT", "MODIFY", "REMOVE"]
    images = [("NewImage" in record["dynamodb"], "OldImage" in record["dynamodb"]) for record in records(found)]
    assert images == [(True, False), (True, True), (False, True)]
    assert records(found)[0]["dynamodb"]["ApproximateCreationDateTime"] == 1771578000


def test_time_to_live_names_the_service():
    """A removal by time to live carries the service's identity; a person's deletion carries none."""
    found = stream()
    found.put(item("a"))
    found.put(item("b"))
    found.delete("a", by_ttl=True)
    found.delete("b")
    removed = [record.get("userIdentity") for record in records(found)[2:]]
    assert removed == [{"type": "Service", "principalId": "dynamodb.amazonaws.com"}, None]


def test_sequence_numbers_grow_with_gaps_and_not_as_text():
    """Numbers grow and have gaps; their lengths differ, so their text does not sort."""
    found = stream()
    for number in range(50):
        found.put(item("a", str(number)))
    texts = [record["dynamodb"]["SequenceNumber"] for record in records(found)]
    numbers = [int(text) for text in texts]
    assert numbers == sorted(numbers)
    assert texts != sorted(texts)
    assert {len(text) for text in texts} == {21, 22}


def test_a_split_shard_is_followed_by_its_children():
    """After a split the keys of a shard go to two children that name it as parent; it takes no record any more."""
    found = stream()
    found.put(item("a"))
    (parent,) = found.shards
    found.split(parent)
    for key in "abcdefgh":
        found.put(item(key, "later"))
    children = [shard for shard in found.shards.values() if shard.parent == parent]
    assert [len(shard.records) > 0 for shard in children] == [True, True]
    assert len(found.shards[parent].records) == 1
    assert found.is_finished(parent, 1)


def test_records_are_trimmed_after_a_day_and_beyond_a_number():
    """Records older than 24 hours are gone; memory is bounded by a number of records."""
    moment = [NOW]
    found = stream(clock=lambda: moment[0], most=10)
    for number in range(30):
        found.put(item("a", str(number)))
    (shard,) = found.shards
    kept, position = found.read(shard, 0, 100)
    assert (len(kept), position) == (10, 30)
    moment[0] += dt.timedelta(hours=25)
    assert found.read(shard, 0, 100) == ([], 30)
