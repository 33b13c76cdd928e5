"""A place flows in; the table `calls` in it and the transcripts of its calls flow out."""

import datetime as dt
import json
import random
from collections.abc import Iterable, Iterator
from typing import Any

import boto3
from botocore.config import Config

from local.sample.irregularities import Item
from local.sample.load import load_in_process
from local.sample.place import Loaded, Place

TABLE = "calls"
TRANSCRIPTS = "call-transcripts"
"""Bucket of the Amazon Transcribe results."""

MOST = 3_000
"""Calls; each has a transcript of its own, an object in the bucket."""

DAYS = 60
"""The last thirty and the thirty before them, which changes are compared with."""

_AGENTS = ("Amara Okafor", "Ben Schneider", "Chiara Conti", "Daniel Murphy", "Elif Şahin", "Farid Haddad")
_QUEUES = {"1001": "New customers", "1002": "Orders", "1003": "Returns", "1004": "Payments"}
_SITES = {"10": "Lisbon", "20": "Leeds"}
_WITHOUT = 0.03
"""Share of the calls without a transcript."""


def load(place: Place) -> Loaded:
    """Load the sample calls and their transcripts."""
    client, s3 = boto3.client("dynamodb"), boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    create_table(client, TABLE, "callId")
    s3.create_bucket(Bucket=TRANSCRIPTS)
    count = min(place.items, MOST)
    heard = 0

    def items() -> Iterator[Item]:
        nonlocal heard
        for item, transcript in calls(count, place.now):
            if transcript is not None:
                key = f"transcripts/{item['callId']['S']}.json"
                s3.put_object(Bucket=TRANSCRIPTS, Key=key, Body=json.dumps(transcript).encode())
                heard += 1
            yield item

    def report(done: int) -> None:
        place.report(f"{done:,} of {count:,} calls")

    load_in_process(items(), place.account, place.region, report, table=TABLE)
    return Loaded(f"{count:,} in the DynamoDB table {TABLE}, {heard:,} transcripts")


def load_table(place: Place, table: str, key: str, items: Iterable[Item], count: int) -> Loaded:
    """Create a table without indexes and fill it with `count` items; the report calls them as the table."""
    create_table(boto3.client("dynamodb"), table, key)

    def report(done: int) -> None:
        place.report(f"{done:,} of {count:,} {table}")

    load_in_process(items, place.account, place.region, report, table=table)
    return Loaded(f"{count:,} in the DynamoDB table {table}")


def create_table(client: Any, table: str, key: str) -> None:
    """Create a table without indexes and wait for it."""
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
    )
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def calls(count: int, now: dt.datetime, seed: int = 7) -> Iterator[tuple[Item, dict[str, Any] | None]]:
    """Yield calls up to `now` with their transcripts; None where there is none."""
    chance = random.Random(seed)
    for number in range(count):
        at = moment(chance, now)
        outbound = chance.random() < 0.4
        queue, site = chance.choice(list(_QUEUES)), chance.choice(list(_SITES))
        agent = chance.randrange(len(_AGENTS))
        payload = {
            "agentId": f"a-{agent:03}",
            "agentName": _AGENTS[agent],
            "allocation": chance.choice(("Automatic", "Manual")),
            "direction": "Outbound" if outbound else "Inbound",
            "fileName": f"call-{number:06}.wav",
            "firstOrFollowUp": chance.choices(("First", "FollowUp"), (70, 30))[0],
            "medium": "Phone",
            "program": chance.choice(("Retail", "Wholesale")),
            "queueName": _QUEUES[queue],
            "sessionId": f"s-{chance.randrange(10**9):09}",
            "siteId": site,
            "siteName": _SITES[site],
            "tenantId": "tenant-1",
            "s3Bucket": "call-recordings",
        }
        values: dict[str, Any] = {name: {"S": text} for name, text in payload.items()}
        item: Item = {
            "callId": {"S": f"call-{number:06}"},
            "callTimestampUtc": {"S": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
            "payload": {"M": values | {"queueId": {"N": queue}}},
        }
        yield item, None if chance.random() < _WITHOUT else _transcript(chance, outbound=outbound)


def moment(chance: random.Random, now: dt.datetime) -> dt.datetime:
    """Return a time of a working hour in the last days; today, one of the time that has passed."""
    day = now - dt.timedelta(days=chance.randrange(DAYS))
    at = day.replace(hour=chance.randrange(8, 19), minute=chance.randrange(60), second=chance.randrange(60))
    if at > now:
        midnight = dt.datetime.combine(now, dt.time(), now.tzinfo)
        at = midnight + (now - midnight) * chance.random()
    return at


def _transcript(chance: random.Random, *, outbound: bool) -> dict[str, Any]:
    speakers = chance.choices((2, 1, 0), (55, 35, 10) if outbound else (92, 5, 3))[0]
    seconds = round(
        chance.uniform(2, 9) if speakers == 0 else chance.lognormvariate(4.6 if speakers == 2 else 3.2, 0.7), 2
    )
    items: list[dict[str, Any]] = [
        {
            "type": "pronunciation",
            "start_time": f"{seconds * place / 4:.2f}",
            "end_time": f"{seconds * (place + 1) / 4:.2f}",
            "alternatives": [{"confidence": "0.99", "content": word}],
        }
        for place, word in enumerate(("good", "morning", "thank", "you"))
    ]
    items.append({"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "."}]})
    segments = [{"speaker_label": f"spk_{number}", "items": []} for number in range(speakers)]
    results = {
        "transcripts": [{"transcript": "Good morning, thank you."}],
        "items": items,
        "speaker_labels": {"speakers": speakers, "segments": segments},
    }
    return {"jobName": "sample", "accountId": "123456789012", "status": "COMPLETED", "results": results}
