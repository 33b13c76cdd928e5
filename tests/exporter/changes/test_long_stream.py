"""Many records of a stream with everything that goes wrong: none is lost, and none counts twice.

`STREAM_RECORDS=600000` is the long form. Compactions run while the present state is asked for. There the handler is a
process of its own, as on Lambda, and its memory may grow by 20 MiB.
"""

import json
import multiprocessing
import os
import random
import resource
import socket
import statistics
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from changing import ask, item

from exporter.changes.compaction import Compaction
from exporter.clients import Clients
from exporter.storage.object_store import Store
from exporter.stream_handler import handler
from local.streams.mapping import EventSourceMapping
from local.streams.table_stream import TableStream

RECORDS = int(os.environ.get("STREAM_RECORDS", "4000"))
LONG = 100_000
"""Records from which on the stand-in and the handler are processes of their own."""

BATCH = 10_000 if RECORDS >= LONG else 400
KEYS = min(20_000, RECORDS // 10)
FLAT_BYTES = 20 << 20
POISON = ({"poison": 1}, {"dynamodb": {"SequenceNumber": "x"}}, {"eventName": "INSERT", "dynamodb": {}}, None)


@pytest.fixture
def aws(request, monkeypatch):
    """The stand-in; in the long form in a process of its own, so that its memory is not that of the handler."""
    if RECORDS < LONG:
        server = request.getfixturevalue("server")
        url, started = server.url, None
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        started = subprocess.Popen([sys.executable, "-m", "local", "serve", "--port", str(port)])
        url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 12}))
    if "reports" not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket="reports")
    yield url
    if started is not None:
        started.terminate()
        started.wait(60)


@pytest.fixture
def lambda_of_its_own(table):
    """The handler in a process of its own, and the memory that it holds after each batch; in the short form, here."""
    held = []
    if RECORDS < LONG:
        yield lambda event: handler(event, None), held
        return
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there,))
    process.start()
    there.close()

    def invoke(event):
        here.send(event)
        answer, memory = here.recv()
        held.append(memory)
        return answer

    yield invoke, held
    here.close()
    process.join(60)


def serve(connection):
    """Answer events as Lambda's runtime does: one after the other, until none comes."""
    while True:
        try:
            event = connection.recv()
        except EOFError:
            return
        answer = handler(event, None)
        del event
        connection.send((answer, resident()))


class Weather:
    """The handler behind a network that fails, a Lambda that is killed and records that cannot be read."""

    def __init__(self, seed, invoke):
        self.chance, self.invoke, self.sent, self.poison = random.Random(seed), invoke, 0, 0

    def __call__(self, event):
        """Handle a batch, or fail before or after its puts."""
        luck = self.chance.random()
        if luck < 0.05:
            raise TimeoutError("killed before it began")
        records = event["Records"]
        self.sent += len(records)
        if luck > 0.8:
            self.poison += 1
            records = [*records, self.chance.choice(POISON)]
        answer = self.invoke({"Records": records})
        if luck < 0.2:
            raise TimeoutError("killed after its puts, before its answer")
        return answer


def resident():
    """Return the bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def write(stream, chance, step):
    """Put, change, move or delete one item."""
    key = f"k{chance.randrange(KEYS)}"
    if chance.random() < 0.15:
        return stream.delete(key, by_ttl=chance.random() < 0.3) is not None
    day, kind = chance.randrange(16, 19), chance.choice("AAAABZ")  # Z is no value of the dataset
    new = item(key, f"2026-02-{day}T10:00:00Z", kind, Number={"N": str(step)}, Note={"S": "a note of some length" * 5})
    return stream.put(new) is not None


def check(table, stream):
    """Require that the present state is the stream's table, each item once."""
    shown = sorted(ask(table, "SELECT id, day, CAST(number AS integer) FROM rows_live"))
    assert shown == sorted(
        (key, str(int(found["At"]["S"][8:10])), found["Number"]["N"])
        for key, found in stream.items.items()
        if found["Kind"]["S"] in "AB"
    )


def compaction(table, clients):
    """Return a compaction that removes at once what an earlier one has merged."""
    return Compaction(Store(clients.s3, "reports"), table.prefix, None, grace=timedelta(0))


def test_nothing_is_lost_or_doubled_in_a_long_run(table, lambda_of_its_own):
    """Retries, bisects, kills, replays, splits and poison: right at every probe, one object a day in the end."""
    chance, clients = random.Random(3), Clients("us-east-1")
    invoke, held = lambda_of_its_own
    stream = TableStream(table.table, "Id", seed=3, most=4 * BATCH)
    weather = Weather(3, invoke)
    mapping = EventSourceMapping(stream, weather, batch_size=BATCH, retries=1000)
    written = 0
    while written < RECORDS:
        for _ in range(BATCH):
            written += write(stream, chance, written)
        if chance.random() < 0.1:
            stream.split(next(name for name, shard in stream.shards.items() if shard.is_open))
        mapping.drain()
        if chance.random() < 0.3:
            mapping.replay(chance.randrange(BATCH))
            mapping.drain()
        if chance.random() < 0.3:
            running = threading.Thread(target=compaction(table, clients).run)
            running.start()
            check(table, stream)
            running.join()
    assert mapping.discarded == []
    assert weather.sent >= written
    check(table, stream)
    for _ in range(2):  # the first merges, the second removes what is merged
        compaction(table, clients).run()
    files = [key for key in table.keys("_changes/year=") if key.endswith(".parquet")]
    assert len(files) == len({key.rpartition("/")[0] for key in files}) == 3
    check(table, stream)
    assert len([line for line in table.quarantine() if "poison" in json.dumps(line)]) <= weather.poison
    if held:
        quarter = len(held) // 4
        early, late = statistics.median(held[quarter : 2 * quarter]), statistics.median(held[-quarter:])
        figures = " ".join(str(one >> 20) for one in held)
        sys.stderr.write(f"MiB after each batch: {figures}\n")
        assert late - early <= FLAT_BYTES, figures
