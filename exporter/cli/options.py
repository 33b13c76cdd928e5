"""Options shared by several verbs flow in, settings flow out."""

import datetime as dt
import os

import click

from exporter.clients import fetch_text
from exporter.planning.window import Window
from exporter.run.request import request_from_options
from exporter.runtime.logs import configure_logging
from exporter.settings import Settings, settings_from_environment

DATASET = click.option("--dataset", metavar="D", help="Dataset: a shipped name, a path or an s3:// path.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON line.")
START = click.option("--start", metavar="YYYY-MM-DD", help="First day, in the dataset's time zone.")
END = click.option("--end", metavar="YYYY-MM-DD", help="Last day, included.")
MODE = click.option(
    "--mode", type=click.Choice(["PREVIOUS_DAY", "PREVIOUS_WEEK", "LAST_N_HOURS"]), help="A schedule's range."
)
LOOKBACK_HOURS = click.option("--lookback-hours", type=click.IntRange(1, 8784), help="Hours that LAST_N_HOURS covers.")
ALL = click.option("--all", "everything", is_flag=True, help="Every day that the source holds.")
ACCEPT_EMPTY = click.option(
    "--accept-empty", is_flag=True, help="Remove days that came back empty even if that looks wrong."
)
RANGES = click.option(
    "--ranges",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Key ranges, or segments of a scan, read at a time.",
)
SOURCE = click.option(
    "--source",
    type=click.Choice(["index", "scan"]),
    help="Read the index, or scan the table; without it, what the dataset declares.",
)
ANY_SOURCE = click.option(
    "--source",
    type=click.Choice(["index", "scan", "table-export", "changes"]),
    help="Read the index, scan the table, read an export of it to S3, or of closed days those that have changed; "
    "without it, the cheapest.",
)
SEGMENTS = click.option(
    "--segments",
    type=click.IntRange(1, 1_000_000),
    help="Segments of a scan, of which --ranges are read at a time; without it, about one for each GB of the table.",
)
MAX_READ_UNITS = click.option(
    "--max-read-units", type=click.FloatRange(min=1), help="Ceiling on read units per second."
)


def settings_of(**options: object) -> Settings:
    """Return the settings, and set up logging; an option that is given wins over the variable of its name."""
    given = {name: str(value) for name, value in options.items() if value is not None}
    settings = settings_from_environment({**os.environ, **given}, fetch_text)
    configure_logging(settings.log_level)
    return settings


def window_of(settings: Settings, start: str | None, end: str | None) -> Window | None:
    """Return the window of --start and --end, or None where neither is given; raise UsageError."""
    if not (start or end):
        return None
    return request_from_options(settings, dt.datetime.now(dt.UTC), start=start, end=end).window
