"""`exporter sync`."""

import click

from exporter.cli import options
from exporter.cli.sync_report import sync_catalog


@click.command()
@options.DATASET
def sync(*, dataset: str | None) -> None:
    """Rebuild the Glue table from the published schema."""
    click.echo(sync_catalog(options.settings_of(DATASET=dataset)))
