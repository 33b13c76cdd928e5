"""Sample contacts flow in, a filled DynamoDB table flows out: over the API, or in the stand-in's memory."""

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from local.sample.contacts import contacts
from local.sample.irregularities import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

__all__ = ["TABLE", "contacts", "create_table", "load", "load_in_process", "seed"]

TABLE = "contacts"
INDEX = "Channel-InitiationTimestamp-index"
BATCH = 25
"""Most items of one BatchWriteItem (AWS's limit)."""

Report = Callable[[int], None]
"""Receives the number of items written so far."""

_DEFINITION: "CreateTableInputTypeDef" = {
    "TableName": TABLE,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "ContactId", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("ContactId", "Channel", "InitiationTimestamp")
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": INDEX,
            "KeySchema": [
                {"AttributeName": "Channel", "KeyType": "HASH"},
                {"AttributeName": "InitiationTimestamp", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def create_table(client: "DynamoDBClient") -> bool:
    """Create the table `contacts` with its index and wait for it; return False where it was there already."""
    try:
        client.create_table(**_DEFINITION)
    except client.exceptions.ResourceInUseException:
        return False
    client.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return True


def load(client: "DynamoDBClient", items: Iterable[Item], report: Report = lambda _: None) -> int:
    """Write items by BatchWriteItem and return how many; items that are throttled are sent again, more slowly.

    An item with a key that is in the table already replaces the old one.
    """
    written = 0
    for batch in _batches(items):
        unwritten: list[Any] = [{"PutRequest": {"Item": item}} for item in batch]
        pause = 0.05
        while unwritten:
            answer = client.batch_write_item(RequestItems={TABLE: unwritten})
            unwritten = answer.get("UnprocessedItems", {}).get(TABLE, [])
            if unwritten:
                time.sleep(pause)
                pause = min(pause * 2, 5)
        written += len(batch)
        report(written)
    return written


def load_in_process(
    items: Iterable[Item], account: str, region: str, report: Report = lambda _: None, table: str = TABLE
) -> int:
    """Write items into the memory of a stand-in that runs in this process: ten times as fast as over its API.

    The table must be there. moto adds up an item's size again for each of its attributes to keep it below 400 KB, which
    is nine tenths of a write; sample items are below 4 KB, so their attributes are set without that. A stream of the
    table does not see these items.
    """
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodb.models.dynamo_type import DynamoType
    from moto.dynamodb.models.dynamo_type import Item as StoredItem

    held = dynamodb_backends[account][region].get_table(table)
    written = 0
    for written, item in enumerate(items, 1):
        key = DynamoType(item[held.hash_key_attr])
        sort_key = DynamoType(item[held.range_key_attr]) if held.range_key_attr else None
        stored = StoredItem(key, sort_key, {})
        dict.update(stored.attrs, {name: DynamoType(value) for name, value in item.items()})
        if sort_key is None:
            # Annotated for tables with a sort key alone.
            held.items[key] = stored  # type: ignore[assignment]
        else:
            held.items[key][sort_key] = stored
        if written % 250 == 0:
            report(written)
    report(written)
    return written


def seed(endpoint_url: str, items: int) -> None:
    """Create the table at an endpoint and fill it with sample contacts up to now, showing how far it is.

    A shell without credentials or region will do for a stand-in, which looks at neither. An unreachable
    or refusing endpoint is reported in one line.
    """
    started = time.monotonic()
    # A terminal gets a bar, a log the closing line alone.
    columns = (TextColumn("contacts"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        client = _client(endpoint_url)
        create_table(client)
        with Progress(*columns, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("contacts", total=items)
            wanted = contacts(items, dt.datetime.now(dt.UTC))
            written = load(client, wanted, lambda done: progress.update(task, completed=done))
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(f"{error}. Is `python -m local serve` running there?") from None
    seconds = time.monotonic() - started
    sys.stderr.write(f"{written:,} contacts are in the table {TABLE} at {endpoint_url} ({seconds:.1f} s)\n")


def _client(endpoint_url: str) -> "DynamoDBClient":
    session = boto3.Session()
    known = session.get_credentials() is not None
    return session.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name=session.region_name or "us-east-1",
        aws_access_key_id=None if known else "test",
        aws_secret_access_key=None if known else "test",
        config=Config(connect_timeout=3, retries={"mode": "standard", "total_max_attempts": 3}),
    )


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
