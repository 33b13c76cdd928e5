"""The real handler behind a mapping that retries, bisects, kills it after its puts, replays, and splits its shards."""

import random

from changing import ask, item

from exporter.stream_handler import handler
from local.streams.mapping import EventSourceMapping
from local.streams.table_stream import TableStream


def test_nothing_is_lost_or_doubled_whatever_the_mapping_does(table):
    """After thousands of writes with every fault of a mapping the view shows the items of the table, each once."""
    chance = random.Random(7)
    stream = TableStream(table.table, "Id", seed=7)
    sent: set[str] = set()

    def function(event: dict) -> object:
        before = chance.random()
        if before < 0.1:
            raise TimeoutError("killed before it began")
        answer = handler(event, None)
        sent.update(record["dynamodb"]["SequenceNumber"] for record in event["Records"])
        if before < 0.3:
            raise TimeoutError("killed after its puts, before its answer")
        return answer

    mapping = EventSourceMapping(stream, function, batch_size=400, retries=1000)
    written = 0
    for step in range(3000):
        key = f"k{chance.randrange(300)}"
        if chance.random() < 0.2:
            written += stream.delete(key, by_ttl=chance.random() < 0.3) is not None
        else:
            day = chance.randrange(16, 19)
            kind = chance.choice("AABZ")  # Z is no value of the dataset
            new = item(key, f"2026-02-{day}T10:00:00Z", kind=kind, Number={"N": str(step)})
            written += stream.put(new) is not None
        if step in {700, 1500}:
            stream.split(next(name for name, shard in stream.shards.items() if shard.is_open))
        if step % 900 == 899:
            mapping.poll()
            mapping.replay(chance.randrange(200))
    mapping.drain()
    assert (len(sent), mapping.discarded) == (written, [])
    shown = sorted(ask(table, "SELECT id, day, CAST(number AS integer) FROM rows_live"))
    assert shown == sorted(
        (key, str(int(found["At"]["S"][8:10])), found["Number"]["N"])
        for key, found in stream.items.items()
        if found["Kind"]["S"] in "AB"
    )
