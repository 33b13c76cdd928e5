"""`exporter compact`."""

import dataclasses
import datetime as dt

import click
import orjson

from exporter.changes.compaction import Compaction
from exporter.changes.state import stream_state
from exporter.changes.writer import Again, ChangeWriter
from exporter.cli import options
from exporter.clients import Clients
from exporter.storage.object_store import Store
from exporter.storage.records import Records


@click.command()
@options.DATASET
@click.option(
    "--grace-minutes",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    help="How long replaced files stay for queries that have listed them.",
)
@options.JSON
def compact(*, dataset: str | None, grace_minutes: int, as_json: bool) -> None:
    """Merge a stream's change files into few, and remove those that later exports have made unnecessary.

    Rows with a derived value that had not come yet are derived again first.
    """
    settings = options.settings_of(DATASET=dataset)
    clients = Clients(settings.region)
    store = Store(clients.s3, settings.bucket)
    store.check()
    if stream_state(store, settings.prefix) is None:
        click.echo("{}" if as_json else f"{settings.dataset.name}: no changes; nothing to do")
        return
    manifest = Records(store, settings.prefix).manifest()
    again = ChangeWriter(settings, clients).derive_again()
    compaction = Compaction(store, settings.prefix, manifest, grace=dt.timedelta(minutes=grace_minutes))
    done = compaction.run()
    if as_json:
        click.echo(orjson.dumps(dataclasses.asdict(done) | {"derived": dataclasses.asdict(again)}).decode())
        return
    click.echo(
        f"{settings.dataset.name}: {done.files} change files of {done.days} days; {done.merged} merged into "
        f"{done.written}, {done.outdated + done.removed} removed"
    )
    if again != Again():
        click.echo(
            f"{settings.dataset.name}: derived again: {again.changed} rows changed, {again.waiting} wait, "
            f"{again.settled} settled"
        )
