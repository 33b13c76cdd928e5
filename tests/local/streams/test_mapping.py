"""The event source mapping of the stand-in does what Lambda's does."""

import pytest

from local.streams.mapping import EventSourceMapping
from local.streams.table_stream import TableStream


def filled(count: int, text: str = "") -> TableStream:
    stream = TableStream("contacts", "Id")
    for number in range(count):
        stream.put({"Id": {"S": str(number)}, "Text": {"S": text}})
    return stream


def keys(event: dict) -> list[str]:
    return [record["dynamodb"]["Keys"]["Id"]["S"] for record in event["Records"]]


class Function:
    """Remembers its batches; fails as a rule says."""

    def __init__(self, rule=lambda _: None) -> None:
        self.batches: list[list[str]] = []
        self.rule = rule

    def __call__(self, event: dict):
        self.batches.append(keys(event))
        return self.rule(event)


def number_of(event: dict, key: str) -> str:
    return event["Records"][keys(event).index(key)]["dynamodb"]["SequenceNumber"]


def test_batches_have_at_most_their_size_and_six_megabytes():
    """A batch ends at its size or at 6 MB of records, whatever comes first."""
    small, large = Function(), Function()
    EventSourceMapping(filled(7), small, batch_size=3).drain()
    EventSourceMapping(filled(7, "x" * 1_900_000), large).drain()
    assert [len(batch) for batch in small.batches] == [3, 3, 1]
    assert [len(batch) for batch in large.batches] == [3, 3, 1]


def test_a_failed_batch_comes_again_in_halves_and_in_order():
    """With bisect, a batch that raises is cut in two, and the first half is done before the second."""

    def rule(event: dict) -> None:
        if len(event["Records"]) > 2:
            raise TimeoutError

    function = Function(rule)
    EventSourceMapping(filled(5), function).drain()
    assert function.batches == [list("01234"), list("01"), list("234"), ["2"], list("34")]


def test_named_failures_are_a_checkpoint():
    """Everything from the lowest number named comes again, the records that were not named included."""
    answers = iter([["3", "2"], []])

    def rule(event: dict):
        return {"batchItemFailures": [{"itemIdentifier": number_of(event, key)} for key in next(answers)]}

    function = Function(rule)
    EventSourceMapping(filled(5), function).drain()
    assert function.batches == [list("01234"), list("234")]


@pytest.mark.parametrize("identifier", ["", "12345"])
def test_an_empty_or_unknown_number_fails_the_whole_batch(identifier):
    """Lambda treats a bad itemIdentifier as a failure of everything."""
    answers = iter([[{"itemIdentifier": identifier}], []])
    function = Function(lambda _: {"batchItemFailures": next(answers)})
    EventSourceMapping(filled(2), function, bisect=False).drain()
    assert function.batches == [["0", "1"], ["0", "1"]]


def test_a_batch_without_retries_left_goes_to_the_destination():
    """The destination gets the batch's bounds, not its records; the shard goes on."""

    def rule(event: dict) -> None:
        if "1" in keys(event):
            raise ValueError

    function = Function(rule)
    mapping = EventSourceMapping(filled(3), function, retries=3)
    mapping.drain()
    assert [found["batchSize"] for found in mapping.discarded] == [1]
    assert function.batches[-1] == ["2"]


def test_children_wait_for_their_parent():
    """Records of a split shard's children are read when the parent has been read to its end."""
    stream = filled(4)
    stream.split(next(iter(stream.shards)))
    for number in range(4):
        stream.put({"Id": {"S": str(number)}, "Text": {"S": "later"}})
    function = Function()
    mapping = EventSourceMapping(stream, function, batch_size=3)
    mapping.poll()
    assert function.batches == [list("012")]
    mapping.drain()
    assert function.batches[1] == ["3"]
    assert sorted(key for batch in function.batches[2:] for key in batch) == list("0123")
