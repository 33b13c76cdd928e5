"""`python -m exporter`: the command line. Results go to standard output, logs to standard error.

Exit status: 0 done, 1 failed, 2 wrong settings or usage.
"""

import contextlib
import dataclasses
import datetime as dt
import os
import signal
import sys
import threading
from collections.abc import Iterator

import click

from exporter.clients import Clients, fetch_text
from exporter.errors import ExportError, SettingsError, UsageError
from exporter.job import ExportJob
from exporter.logs import configure_logging
from exporter.preview import preview
from exporter.progress import Lines, Progress, TerminalBar
from exporter.reports import report_json, run_line, summary
from exporter.request import request_from_options
from exporter.settings import Settings, settings_from_environment
from exporter.store import Store
from exporter.sync import sync_catalog

DATASET_OPTION = click.option("--dataset", metavar="D", help="Dataset: a shipped name, a path or an s3:// path.")
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON line.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Export a DynamoDB index to partitioned Parquet that Athena can query."""


@cli.command()
@DATASET_OPTION
@click.option("--start", metavar="YYYY-MM-DD", help="First day, in the dataset's time zone.")
@click.option("--end", metavar="YYYY-MM-DD", help="Last day, included.")
@click.option(
    "--mode", type=click.Choice(["PREVIOUS_DAY", "PREVIOUS_WEEK", "LAST_N_HOURS"]), help="A schedule's range."
)
@click.option("--lookback-hours", type=click.IntRange(1, 8784), help="Hours that LAST_N_HOURS covers.")
@click.option("--all", "everything", is_flag=True, help="Every day that the index holds.")
@click.option("--accept-empty", is_flag=True, help="Remove days that came back empty even if that looks wrong.")
@click.option("--ranges", type=click.IntRange(1, 64), default=8, show_default=True, help="Key ranges read at a time.")
@click.option("--max-read-units", type=click.FloatRange(min=1), help="Ceiling on read units per second.")
@click.option("--dry-run", is_flag=True, help="Say what would be read and replaced; change nothing.")
@JSON_OPTION
def export(
    *,
    dataset: str | None,
    start: str | None,
    end: str | None,
    mode: str | None,
    lookback_hours: int | None,
    everything: bool,
    accept_empty: bool,
    ranges: int,
    max_read_units: float | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read the index and publish whole days; without options, the configured range."""
    if mode and (start or end or everything):
        raise UsageError("--mode names a range of its own; leave out --start, --end and --all")
    settings = _settings(DATASET=dataset, DATE_RANGE_MODE=mode, LOOKBACK_HOURS=lookback_hours)
    request = request_from_options(
        settings, dt.datetime.now(dt.UTC), start=start, end=end, everything=everything, accept_empty=accept_empty
    )
    request = dataclasses.replace(request, ranges=ranges, max_read_units=max_read_units)
    if dry_run:
        planned = preview(settings, request)
        click.echo(planned.json() if as_json else planned.text())
        return
    with _progress() as progress, _stop_on_signal() as stop:
        entry = ExportJob(settings, request, progress=progress, stop=stop).run()
    click.echo(report_json(entry) if as_json else summary(entry, settings.location))
    if entry.error:
        click.echo(f"export {entry.status}: {entry.error}", err=True)
        sys.exit(1)


@cli.command()
@DATASET_OPTION
def sync(*, dataset: str | None) -> None:
    """Rebuild the Glue table from the published schema."""
    click.echo(sync_catalog(_settings(DATASET=dataset)))


@cli.command()
@DATASET_OPTION
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@JSON_OPTION
def runs(*, dataset: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs from the ledger, newest first."""
    from exporter.records import Records

    settings = _settings(DATASET=dataset)
    store = Store(Clients(settings.region).s3, settings.bucket)
    for entry in Records(store, settings.prefix).runs(limit):
        click.echo(entry.model_dump_json() if as_json else run_line(entry))


def _settings(**options: object) -> Settings:
    """Return the settings; an option that is given wins over the variable of its name."""
    given = {name: str(value) for name, value in options.items() if value is not None}
    settings = settings_from_environment({**os.environ, **given}, fetch_text)
    configure_logging(settings.log_level)
    return settings


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield Lines()
        return
    with TerminalBar() as bar:
        yield bar


@contextlib.contextmanager
def _stop_on_signal() -> Iterator[threading.Event]:
    """Set an event at the first SIGTERM or SIGINT; the second SIGINT interrupts at once."""
    stop = threading.Event()

    def handle(number: int, _: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """Run the command line; anticipated failures end in one clear message."""
    try:
        cli(prog_name="exporter")
    except (SettingsError, UsageError) as error:
        click.echo(f"exporter: {error}", err=True)
        sys.exit(2)
    except ExportError as error:
        click.echo(f"exporter: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
