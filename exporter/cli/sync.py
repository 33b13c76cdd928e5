"""`exporter sync`."""

import click

from exporter.changes.catalog import LiveCatalog
from exporter.changes.change_files import listed_changes
from exporter.changes.state import stream_state
from exporter.cli import options
from exporter.clients import Clients
from exporter.decoding.key_hash import row_key
from exporter.errors import UsageError
from exporter.settings import Settings
from exporter.sources.description import describe_source
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.records import Records


@click.command()
@options.DATASET
def sync(*, dataset: str | None) -> None:
    """Rebuild the Glue table from the published schema."""
    click.echo(sync_catalog(options.settings_of(DATASET=dataset)))


def sync_catalog(settings: Settings) -> str:
    """Rebuild the table and return what was done; raise UsageError where nothing has been published yet."""
    clients = Clients(settings.region)
    store = Store(clients.s3, settings.bucket)
    store.check()
    records = Records(store, settings.prefix)
    schema, manifest = records.schema(), records.manifest()
    if schema is None or manifest is None:
        raise UsageError(f"nothing is published at {settings.location}; run an export first")
    if not schema.columns:
        raise UsageError(
            f"no item has been exported to {settings.location} yet, and the dataset declares no column, so the table "
            "would have none; run an export that finds items first"
        )
    has_changes = stream_state(store, settings.prefix) is not None
    changed_days = [day for day, _ in listed_changes(store, settings.prefix)] if has_changes else []
    years = [day.year for day in (*manifest.days, *changed_days)] or [manifest.updated_at.year]
    kind = LiveCatalog if has_changes else Catalog
    catalog = kind(clients.glue, settings.dataset, settings.location)
    changed = catalog.publish(schema, (min(years), max(years)))
    if settings.dataset.target.question_suffix:
        catalog.publish_answers(
            schema, row_key(settings.dataset, describe_source(clients.dynamodb, settings.dataset).table_key)
        )
    done = "rebuilt" if changed else "was up to date"
    return f"{catalog.name}: {done}, {len(schema.columns)} columns, years {min(years)} to {max(years)}"
