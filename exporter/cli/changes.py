"""`exporter changes`."""

import dataclasses
import datetime as dt
import sys

import click
import orjson

from exporter.cli import options
from exporter.cli.session import log_line, progress_shown, stop_on_signal
from exporter.run.incremental.job import ChangesJob
from exporter.run.incremental.report import ChangesReport
from exporter.run.job import ExportJob
from exporter.run.reporting.report import report, summary
from exporter.run.request import request_from_options


@click.command()
@options.DATASET
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=180.0,
    show_default=True,
    metavar="MINUTES",
    help="How long to wait for an export to end, and for another run.",
)
@click.option(
    "--keep-closed",
    is_flag=True,
    help="Open no day again: the view <table>_live shows what has changed, and the table stays as it was read.",
)
@click.option("--export", "exports", is_flag=True, help="Then run the scheduled export, which reads these days again.")
@options.MAX_READ_UNITS
@options.JSON
def changes(
    *,
    dataset: str | None,
    wait: float,
    keep_closed: bool,
    exports: bool,
    max_read_units: float | None,
    as_json: bool,
) -> None:
    """Write what has changed in the table since its days were read, by incremental exports, and log each change.

    The view <table>_live shows it at once. The changed days are open again: the next scheduled export reads them,
    whatever their age. Needs point-in-time recovery.
    """
    settings = options.settings_of(DATASET=dataset)
    with progress_shown() as progress, stop_on_signal() as stop:
        found = ChangesJob(
            settings, wait_minutes=wait, keeps_closed=keep_closed, max_read_units=max_read_units, stop=stop
        ).run()
        entry = None
        if exports and not stop.is_set():  # also after a failure: yesterday is exported anyway
            request = request_from_options(settings, dt.datetime.now(dt.UTC))
            request = dataclasses.replace(request, max_read_units=max_read_units)
            entry = ExportJob(settings, request, progress=progress, stop=stop).run()
    if as_json:
        exported = {"export": report(entry)} if entry else {}
        click.echo(orjson.dumps(found.plain() | exported).decode())
    else:
        click.echo("\n".join([found.text(), *([summary(entry, settings.location)] if entry else [])]))
    _end(found, entry.error if entry else None)


def _end(found: ChangesReport, export_error: str | None) -> None:
    for verb, error in (("changes", found.error), ("export", export_error)):
        if error:
            log_line(f"{verb} failed: {error}", failed=True)
    sys.exit(1 if found.error or export_error else 0)
