"""How much faster a page becomes Arrow than items of boto3 (`python benchmarks/decode.py`).

Its parser and `TypeDeserializer` read the same bytes, in turn, in one process; figures are CPU time per item, the best
of the rounds. What comes before (HTTP) and after (Parquet) is the same for both and left out.
"""

import datetime as dt
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.parsers
import botocore.session
from boto3.dynamodb.types import TypeDeserializer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dataset_model import Dataset, IndexSource
from exporter.decoding.decoder import DecodedPage, PageDecoder
from exporter.decoding.schema import extended_schema, initial_schema, kinds_in_page
from exporter.planning.sort_key import SortKey

ITEMS_PER_PAGE = 1700
PAGES = 4
ROUNDS = 5
WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]


def item(number: int, randomness: random.Random) -> dict[str, Any]:
    """Return a contact of 22 attributes, 373 bytes as DynamoDB counts them, 700 of JSON."""
    begun = dt.datetime(2026, 2, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=7.3 * number)
    ended = begun + dt.timedelta(seconds=300)
    texts = {name: randomness.choice(WORDS) for name in ("Agent", "Queue", "Sentiment", "Topic", "Region", "Method")}
    texts |= {"ContactId": f"{randomness.getrandbits(128):032x}", "Channel": "VOICE", "Language": "de-DE"}
    texts |= {"InitiationTimestamp": f"{begun:%Y-%m-%dT%H:%M:%S}.{number % 1000:03}Z"}
    texts |= {"DisconnectTimestamp": f"{ended:%Y-%m-%dT%H:%M:%SZ}"}
    counts = {name: randomness.randrange(300) for name in ("QueueDuration", "HoldDuration", "AfterWork", "Version")}
    counts |= {"TalkDuration": round(randomness.random() * 900, 3), "Score": round(randomness.random(), 6)}
    return {
        **{name: {"S": text} for name, text in texts.items()},
        **{name: {"N": str(count)} for name, count in counts.items()},
        **{name: {"BOOL": number % 3 == 0} for name in ("Recorded", "Escalated", "CalledBack")},
        "Attributes": {"M": {"plan": {"S": "basic"}, "vip": {"BOOL": False}, "calls": {"N": str(number % 99)}}},
        "Tags": {"L": [{"S": texts["Topic"]}, {"S": texts["Queue"]}]},
    }


def pages() -> list[bytes]:
    """Return Query responses of consecutive items."""
    randomness = random.Random(1)
    items = [item(number, randomness) for number in range(PAGES * ITEMS_PER_PAGE)]
    return [
        json.dumps({"Count": ITEMS_PER_PAGE, "Items": items[start : start + ITEMS_PER_PAGE]}).encode()
        for start in range(0, len(items), ITEMS_PER_PAGE)
    ]


def arrow(
    bodies: list[bytes], key: str = "ContactId", sort_key: str = "InitiationTimestamp"
) -> Callable[[bytes], DecodedPage]:
    """Return this product's way from a body to rows; the names are those of the items' key and of their time."""
    source = IndexSource(
        table="contacts", index="by-channel", partition_key="Channel", partition_values=("VOICE",),
        sort_key=sort_key,
    )  # fmt: skip
    dataset = Dataset(name="contacts", source=source)
    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    schema = extended_schema(initial_schema(dataset, None, now), dataset, kinds_in_page(bodies[0]), now)
    decoder = PageDecoder(schema, dataset, SortKey("ISO", dataset.zone, "S", 2027), (key,))
    return decoder.decode


def boto() -> Callable[[bytes], object]:
    """Return boto3's way from a body to items, without its HTTP."""
    model = botocore.session.get_session().get_service_model("dynamodb").operation_model("Query")
    parser = botocore.parsers.create_parser("json")
    deserialize = TypeDeserializer().deserialize

    def read(body: bytes) -> object:
        response = parser.parse({"body": body, "headers": {}, "status_code": 200}, model.output_shape)
        return [{name: deserialize(value) for name, value in found.items()} for found in response["Items"]]

    return read


def microseconds(read: Callable[[bytes], object], bodies: list[bytes]) -> float:
    """Return CPU microseconds per item."""
    started = time.process_time()
    for body in bodies:
        read(body)
    return (time.process_time() - started) / (len(bodies) * ITEMS_PER_PAGE) * 1e6


def main() -> None:
    """Print a line per way and the ratio."""
    bodies = pages()
    ways = {"boto3 parser + TypeDeserializer": boto(), "bytes to Arrow": arrow(bodies)}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, read in ways.items():
            best[name] = min(best[name], microseconds(read, bodies))
    for name, time_per_item in best.items():
        print(f"{name:32} {time_per_item:8.2f} us per item")
    slow, fast = best.values()
    print(f"{'ratio':32} {slow / fast:8.1f}")


if __name__ == "__main__":
    main()
