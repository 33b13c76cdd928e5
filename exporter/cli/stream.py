"""`exporter stream`."""

import dataclasses
import datetime as dt

import click
import orjson

from exporter.changes.following.follower import Follower
from exporter.cli import options
from exporter.cli.session import stop_on_signal
from exporter.run.reporting.metrics import emit_stream_metrics


@click.command()
@options.DATASET
@click.option("--once", is_flag=True, help="End when every shard has been read to its present end.")
@click.option(
    "--window-seconds",
    type=click.FloatRange(min=0.2, max=3600),
    default=60.0,
    show_default=True,
    help="Time between two looks at the stream; a longer one makes fewer, larger files.",
)
@options.JSON
def stream(*, dataset: str | None, once: bool, window_seconds: float, as_json: bool) -> None:
    """Follow the table's stream and write its changes, as the Lambda handler does; until a signal, or once."""
    settings = options.settings_of(DATASET=dataset)
    name = settings.dataset.name
    with stop_on_signal() as stop:
        follower = Follower(settings, stop, lambda handled: emit_stream_metrics(name, handled, dt.datetime.now(dt.UTC)))
        done = follower.run(once=once, seconds=window_seconds)
    if as_json:
        click.echo(orjson.dumps(dataclasses.asdict(done)).decode())
    else:
        click.echo(f"{name}: {done.records:,} records in {done.batches} batches, {done.quarantined} quarantined")
