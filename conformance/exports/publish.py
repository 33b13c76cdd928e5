"""Puts the items into the stand-in's DynamoDB and runs the exporter over each dataset."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.exports import changing, items
from conformance.stand_in import StandIn
from local.sample.contacts import contacts
from local.sample.load import create_table, load

DATABASE = "exports"
CORPUS_DATABASE = "reports"
"""Holds the contacts once more, for the statements of the corpora."""
CONTACTS = {
    "DATASET": "contacts",
    "ATHENA_DATABASE": DATABASE,
    "ATHENA_TABLE": "contacts",
    "S3_PREFIX": "exports/contacts",
}
_FOLDER = Path(__file__).parent / "datasets"


class ExportFailed(Exception):
    """The exporter ended with an error; the message is its own."""


@dataclass(frozen=True)
class Export:
    """One dataset that was exported."""

    name: str
    environment: dict[str, str]
    """What makes the product serve it."""
    database: str = DATABASE


def publish(stand_in: StandIn, contact_count: int) -> tuple[Export, ...]:
    """Export every dataset; the contacts first."""
    create_table(stand_in.dynamodb)
    load(stand_in.dynamodb, _contacts(contact_count))
    made = [Export("contacts", stand_in.environment | CONTACTS)]
    run(made[0], "export", "--all")
    _copy_of_the_contacts(stand_in)
    today = dt.datetime.now(dt.UTC).date()
    for name, content, has_numbers in (
        ("types", items.typed(today), False),
        ("survey", items.surveyed(), False),
        ("wide", items.wide(), True),
    ):
        _create(stand_in, name, has_numbers=has_numbers)
        _put(stand_in, name, content)
        made.append(_of_file(stand_in, name))
        run(made[-1], "export", "--all")
    for name in ("formats", "masked"):
        made.append(_of_file(stand_in, name))
        run(made[-1], "export", "--all")
    _create(stand_in, "appended", has_numbers=False, number_at=True)
    made.append(_of_file(stand_in, "appended"))
    for number in range(2):
        _put(stand_in, "appended", items.appended(number))
        run(made[-1], "export", "--all")
    _create(stand_in, "changed", has_numbers=False)
    changed = _of_file(stand_in, "changed")
    made.append(changed)
    changing.change(stand_in, changed.environment, lambda: run(changed, "export", "--all"))
    return tuple(made)


def _contacts(count: int) -> Iterator[items.Item]:
    """Yield sample contacts, some with a note of hard text."""
    for number, item in enumerate(contacts(count, dt.datetime(2026, 2, 10, 18, tzinfo=dt.UTC), days=30)):
        note = {"note": {"S": items.TEXTS[number % len(items.TEXTS)]}} if number % 3 == 0 else {}
        yield item | note


def run(export: Export, *arguments: str, accept: tuple[int, ...] = (0,)) -> str:
    """Run one verb of the exporter and return what it prints; raise ExportFailed where its status is another."""
    done = subprocess.run(
        [sys.executable, "-m", "exporter", *arguments],
        env=os.environ | export.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in accept:
        raise ExportFailed(
            f"exporter {' '.join(arguments)} of {export.name} ended with {done.returncode}:\n{done.stderr}"
        )
    return done.stdout


def _copy_of_the_contacts(stand_in: StandIn) -> None:
    """Register the same objects with a projection of two months.

    Without a condition an engine lists the folder of every projected day: 744 for two years, for each of hundreds of
    statements.
    """
    table = stand_in.glue.get_table(DatabaseName=DATABASE, Name="contacts")["Table"]
    kept = ("Name", "TableType", "PartitionKeys", "StorageDescriptor", "Parameters")
    copied: Any = {name: table[name] for name in kept}  # type: ignore[literal-required]
    copied["Parameters"] = table["Parameters"] | {"projection.month.range": "1,2"}
    stand_in.glue.create_database(DatabaseInput={"Name": CORPUS_DATABASE})
    stand_in.glue.create_table(DatabaseName=CORPUS_DATABASE, TableInput=copied)


def _of_file(stand_in: StandIn, name: str) -> Export:
    return Export(name, stand_in.environment | {"DATASET": str(_FOLDER / f"{name}.yaml")})


def _create(stand_in: StandIn, name: str, *, has_numbers: bool, number_at: bool = False) -> None:
    kinds = {"id": "S", "kind": "N" if has_numbers else "S", "at": "N" if has_numbers or number_at else "S"}
    stand_in.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in kinds.items()],  # type: ignore[typeddict-item]
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [
                    {"AttributeName": "kind", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def _put(stand_in: StandIn, name: str, content: Iterable[items.Item]) -> None:
    for item in content:
        stand_in.dynamodb.put_item(TableName=name, Item=item)
