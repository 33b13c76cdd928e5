"""`exporter quarantine list | show | retry`."""

import itertools
import sys
from collections.abc import Iterator

import click
import orjson

from exporter.cli import options
from exporter.cli.session import stop_on_signal
from exporter.clients import Clients
from exporter.errors import UsageError
from exporter.quarantine.reader import Line, lines_of, quarantined_runs
from exporter.quarantine.retry import Retry
from exporter.quarantine.summary import line_text, list_text, quarantined_run, short_reason
from exporter.settings import Settings
from exporter.sources.description import describe_source
from exporter.storage.object_store import Store


@click.group()
def quarantine() -> None:
    """List, show and retry quarantined items."""


@quarantine.command(name="list")
@options.DATASET
@options.JSON
def list_command(*, dataset: str | None, as_json: bool) -> None:
    """Count each run's quarantined items by reason, newest run first."""
    settings = options.settings_of(DATASET=dataset)
    store = _store(settings)
    parts = quarantined_runs(store, settings.prefix)
    key = describe_source(Clients(settings.region).dynamodb, settings.dataset).table_key if parts else ()
    runs = [quarantined_run(run, lines_of(store, keys), key) for run, keys in parts.items()]
    click.echo(orjson.dumps([run.plain() for run in runs]).decode() if as_json else list_text(runs))


@quarantine.command()
@click.argument("run")
@options.DATASET
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Lines shown.")
@click.option("--reason", help="Only lines with this in their reason.")
@click.option("--json", "as_json", is_flag=True, help="Print whole items, one JSON line each.")
def show(*, run: str, dataset: str | None, limit: int, reason: str | None, as_json: bool) -> None:
    """Show the quarantined items of one run."""
    settings = options.settings_of(DATASET=dataset)
    store = _store(settings)
    parts = quarantined_runs(store, settings.prefix).get(run)
    if parts is None:
        raise UsageError(
            f"run {run} has no quarantined items. `exporter quarantine list` shows the runs that have some."
        )
    for line in itertools.islice(_matching(store, parts, reason), limit):
        click.echo(_json(line) if as_json else line_text(line))


@quarantine.command()
@click.argument("run", required=False)
@options.DATASET
@click.option("--clear", is_flag=True, help="Remove the quarantine of runs that have no withheld items left.")
@options.MAX_READ_UNITS
@options.JSON
def retry(*, run: str | None, dataset: str | None, clear: bool, max_read_units: float | None, as_json: bool) -> None:
    """Read the current items, export their days again, and report which are resolved."""
    settings = options.settings_of(DATASET=dataset)
    with stop_on_signal() as stop:
        found = Retry(settings, stop=stop, max_read_units=max_read_units).run(run, clear=clear)
    click.echo(orjson.dumps(found.plain()).decode() if as_json else found.text())
    if found.error:
        click.echo(f"retry failed: {found.error}", err=True)
        sys.exit(1)


def _store(settings: Settings) -> Store:
    store = Store(Clients(settings.region).s3, settings.bucket)
    store.check()
    return store


def _matching(store: Store, parts: list[str], reason: str | None) -> Iterator[Line]:
    return (line for line in lines_of(store, parts) if reason is None or reason in line.reason)


def _json(line: Line) -> str:
    content = {
        "reason": line.reason,
        "fault": short_reason(line.reason),
        "attribute": line.attribute,
        "day": line.day,
        "item": orjson.Fragment(line.item),
    }
    return orjson.dumps(content).decode()
