"""`exporter export`."""

import dataclasses
import datetime as dt
import sys

import click

from exporter.cli import options
from exporter.cli.session import log_line, progress_shown, stop_on_signal
from exporter.errors import UsageError
from exporter.run.job import ExportJob
from exporter.run.reporting.report import report_json, summary
from exporter.run.request import request_from_options
from exporter.sources.opening import SourceName


@click.command()
@options.DATASET
@options.START
@options.END
@options.MODE
@options.LOOKBACK_HOURS
@options.ALL
@click.option("--resume", is_flag=True, help="Export the days that the newest unfinished run still owes.")
@click.option("--lookback-days", type=click.IntRange(0, 366), help="Read closed days again, and report changes.")
@options.ACCEPT_EMPTY
@options.SOURCE
@options.SEGMENTS
@options.RANGES
@options.MAX_READ_UNITS
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, metavar="MINUTES", help="Wait for another run.")
@click.option("--dry-run", is_flag=True, help="Report what would be read and replaced; change nothing.")
@options.JSON
def export(
    *,
    dataset: str | None,
    start: str | None,
    end: str | None,
    mode: str | None,
    lookback_hours: int | None,
    everything: bool,
    resume: bool,
    lookback_days: int | None,
    accept_empty: bool,
    source: SourceName | None,
    segments: int | None,
    ranges: int,
    max_read_units: float | None,
    wait: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read the source and publish whole days; without options, the configured range."""
    if mode and (start or end or everything or resume):
        raise UsageError("--mode names a range of its own; leave out --start, --end, --all and --resume")
    if lookback_days and (start or end or everything or resume):
        raise UsageError("--lookback-days adds to a scheduled range; leave out --start, --end, --all and --resume")
    settings = options.settings_of(
        DATASET=dataset, DATE_RANGE_MODE=mode, LOOKBACK_HOURS=lookback_hours, LOOKBACK_DAYS=lookback_days
    )
    now = dt.datetime.now(dt.UTC)
    request = request_from_options(
        settings,
        now,
        start=start,
        end=end,
        everything=everything,
        accept_empty=accept_empty,
        resume=resume,
    )
    request = dataclasses.replace(
        request, source=source, segments=segments, ranges=ranges, max_read_units=max_read_units, wait_minutes=wait
    )
    if dry_run:
        from exporter.run.dry_run import preview, preview_json, preview_text

        planned = preview(settings, request, now)
        click.echo(preview_json(planned) if as_json else preview_text(planned))
        return
    with progress_shown() as progress, stop_on_signal() as stop:
        entry = ExportJob(settings, request, progress=progress, stop=stop).run()
    click.echo(report_json(entry) if as_json else summary(entry, settings.location))
    if entry.error:
        log_line(f"export {entry.status}: {entry.error}", failed=True)
        sys.exit(1)
