"""`exporter quicksight`: what QuickSight imports."""

import json
import os
import sys
from dataclasses import asdict
from decimal import Decimal
from typing import IO

import click
import orjson

from exporter.audit.quicksight.check import Checked, quicksight_check
from exporter.audit.quicksight.ingestions import last_ingestion
from exporter.cli import options
from exporter.clients import Clients
from exporter.errors import UsageError
from exporter.runtime.logs import configure_logging
from exporter.settings import Settings
from exporter.storage.object_store import Store
from exporter.storage.records import Records


@click.group()
def quicksight() -> None:
    """Write what QuickSight imports, and look at it."""


@quicksight.command()
@click.option(
    "--event", "events", type=click.File(encoding="utf-8"), multiple=True, required=True, metavar="FILE",
    help="A day's event as JSON; - is standard input. May be given several times.",
)  # fmt: skip
def export(*, events: tuple[IO[str], ...]) -> None:
    """Write the five files of a day's sales; print what was written as one JSON line for each event."""
    from exporter.sales.daily_export import export_event, sales_settings

    settings = sales_settings()
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    for event in events:
        try:
            # Not as float: a number keeps all its digits.
            value = json.load(event, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"--event {event.name}: expected JSON; {error}. Nothing of it was written") from None
        click.echo(json.dumps(export_event(settings, value)))


@quicksight.command()
@options.DATASET
@click.option("--data-set", metavar="ID", help="QuickSight's data set: also show what its last ingestion has dropped.")
@click.option("--account", metavar="ID", help="Account of the data set; without it, that of the credentials.")
@options.JSON
def check(*, dataset: str | None, data_set: str | None, account: str | None, as_json: bool) -> None:
    """Count the rows that an ingestion would drop, or has dropped; exit with 1 if there are any."""
    settings = options.settings_of(DATASET=dataset)
    is_target = any(target.manifest for target in settings.dataset.file_targets)
    if not is_target and not data_set:
        raise UsageError(
            f"dataset {settings.dataset.name} has no target with manifest: quicksight, so QuickSight imports nothing "
            "of it. Add one under targets: in its file. What a data set has dropped is shown with --data-set ID."
        )
    clients = Clients(settings.region)
    found = _checked(settings, clients) if is_target else []
    last = last_ingestion(clients, data_set, account) if data_set else None
    if as_json:
        plain = [_plain(one) for one in found] + ([{"ingestion": asdict(last)}] if last else [])
        click.echo(orjson.dumps(plain).decode())
    else:
        none = f"data set {data_set} has had no ingestion yet" if data_set else ""
        click.echo("\n".join(filter(None, (check_text(found), str(last) if last else none))))
    sys.exit(1 if any(one.dropped for one in found) or (last and last.dropped) else 0)


def _checked(settings: Settings, clients: Clients) -> list[Checked]:
    store = Store(clients.s3, settings.bucket)
    records = Records(store, settings.prefix)
    schema, manifest = records.schema(), records.manifest()
    if schema is None or manifest is None:
        raise UsageError(f"nothing is published at {settings.location}; run an export first")
    return quicksight_check(settings.dataset, schema, manifest, store)


def check_text(found: list[Checked]) -> str:
    """Return the check of each target in lines."""
    lines: list[str] = []
    for one in found:
        lines.append(f"{one.target.format}: {one.rows:,} rows, of which an ingestion would drop {one.dropped:,}")
        lines += [
            f"  {rows:,} rows: {reason} (first: {one.examples[reason]})" for reason, rows in one.reasons.most_common()
        ]
    return "\n".join(lines)


def _plain(one: Checked) -> dict[str, object]:
    found = asdict(one)
    return found | {"target": one.target.format, "reasons": dict(one.reasons)}
