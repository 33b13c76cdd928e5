"""`exporter plan`."""

import datetime as dt

import click
import orjson

from exporter.cli import options
from exporter.errors import UsageError
from exporter.estimates import prices
from exporter.estimates.cost import ITEMS_PER_SECOND, Assumptions, Cost, Estimate, dollars_text
from exporter.estimates.estimator import estimate
from exporter.estimates.query_cost import QueryCost
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


def estimate_text(found: Estimate) -> str:
    """Return an estimate in lines."""
    days = "every day" if found.days is None else f"{len(found.days)} days ({found.days[0]} to {found.days[-1]})"
    query = found.costs[0]
    values = f" of {', '.join(found.partition_values)}" if found.partition_values else ""
    lines = [
        f"{found.dataset}: {days}{values} from {found.index}",
        f"  items       about {found.items:,}, for which {found.items_read:,} are read",
        f"  read units  about {query.read_units or 0.0:,.1f}",
        f"  price       about {dollars_text(query.dollars)}",
        f"  time        {_minutes(query.minutes)}",
        "",
        f"  {'way':<13} {'read units':>14} {'dollars':>12} {'task':>10} {'minutes':>8}",
        *(_line(cost) for cost in found.costs),
        *_cheapest(found),
        *_query(found.query),
        "",
        *(f"  from: {basis}" for basis in found.basis),
        *(f"  warning: {warning}" for warning in found.warnings),
    ]
    assumed = found.assumptions
    listed = (
        f"${assumed.dollars_per_million_read_units:g} per million read units, "
        f"${assumed.dollars_per_exported_gb:g} per exported GB"
    )
    sampled = f"{found.sampled_pages} pages for {found.sampled_units:,.1f} read units"
    lines += [
        f"  assumed: {listed} (on-demand, us-east-1, November 2024; options change both)",
        f"  task: {ITEMS_PER_SECOND:,} items a second on Fargate x ${prices.DOLLARS_PER_TASK_HOUR:g} an hour",
        f"  this estimate read {sampled}, and changed nothing",
    ]
    return "\n".join(lines)


def _cheapest(found: Estimate) -> list[str]:
    if found.cheapest is None:
        return []
    arithmetic = [
        f"  {cost.way}: {cost.arithmetic} = {dollars_text(cost.dollars)}" for cost in found.costs if cost.arithmetic
    ]
    loses = [f"  {cost.way} does not show {cost.loses}" for cost in found.costs if cost.loses]
    among = "" if all(cost.total is not None for cost in found.costs) else " of the ways with a price"
    return ["", *arithmetic, *loses, f"  cheapest{among}: {found.cheapest.way}; every way gives the same rows"]


def _query(cost: QueryCost | None) -> list[str]:
    if cost is None:
        return []
    return [f"  Athena, one query over every column: {cost.arithmetic} = {dollars_text(cost.dollars)}"]


def _line(cost: Cost) -> str:
    units = "-" if cost.read_units is None else f"{cost.read_units:,.1f}"
    minutes = "-" if cost.minutes is None else f"{cost.minutes:,.1f}"
    dollars = f"{dollars_text(cost.dollars):>12} {dollars_text(cost.task_dollars):>10}"
    return f"  {cost.way:<13} {units:>14} {dollars} {minutes:>8}  {cost.remark}"


def _minutes(minutes: float | None) -> str:
    return "unknown" if minutes is None else "under a minute" if minutes < 1 else f"about {minutes:,.0f} minutes"
