"""`exporter runs`."""

import click

from exporter.clients import Clients
from exporter.commands import options
from exporter.records import Records
from exporter.reports import run_line
from exporter.store import Store


@click.command()
@options.DATASET
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@options.JSON
def runs(*, dataset: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs from the ledger, newest first."""
    settings = options.settings_of(DATASET=dataset)
    store = Store(Clients(settings.region).s3, settings.bucket)
    for entry in Records(store, settings.prefix).runs(limit):
        click.echo(entry.model_dump_json() if as_json else run_line(entry))
