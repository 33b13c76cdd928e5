"""`exporter plan`."""

import datetime as dt

import click
import orjson

from exporter.cli import options
from exporter.cli.plan_text import estimate_text
from exporter.errors import UsageError
from exporter.estimates import prices
from exporter.estimates.cost import Assumptions
from exporter.estimates.estimator import estimate
from exporter.run.request import request_from_options


@click.command()
@options.DATASET
@options.START
@options.END
@options.MODE
@options.LOOKBACK_HOURS
@options.ALL
@options.RANGES
@options.MAX_READ_UNITS
@click.option(
    "--dollars-per-million",
    type=click.FloatRange(min=0),
    default=prices.DOLLARS_PER_MILLION_READ_UNITS,
    show_default=True,
    help="Price of a million read units.",
)
@click.option(
    "--dollars-per-gb",
    type=click.FloatRange(min=0),
    default=prices.DOLLARS_PER_EXPORTED_GB,
    show_default=True,
    help="Price of a GB of native export to S3.",
)
@options.JSON
def plan(
    *,
    dataset: str | None,
    start: str | None,
    end: str | None,
    mode: str | None,
    lookback_hours: int | None,
    everything: bool,
    ranges: int,
    max_read_units: float | None,
    dollars_per_million: float,
    dollars_per_gb: float,
    as_json: bool,
) -> None:
    """Estimate items, read units, dollars and minutes of an export; reads a few small pages at most."""
    if mode and (start or end or everything):
        raise UsageError("--mode names a range of its own; leave out --start, --end and --all")
    settings = options.settings_of(DATASET=dataset, DATE_RANGE_MODE=mode, LOOKBACK_HOURS=lookback_hours)
    now = dt.datetime.now(dt.UTC)
    request = request_from_options(settings, now, start=start, end=end, everything=everything)
    assumed = Assumptions(dollars_per_million, dollars_per_gb, ranges, max_read_units)
    found = estimate(settings, request, assumed, now)
    click.echo(orjson.dumps(found.plain()).decode() if as_json else estimate_text(found))
