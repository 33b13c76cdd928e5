"""`exporter runs`."""

import click

from exporter.cli import options
from exporter.clients import Clients
from exporter.run.reporting.report import run_line
from exporter.storage.object_store import Store
from exporter.storage.records import Records


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
