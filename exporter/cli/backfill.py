"""`exporter backfill`."""

import datetime as dt
import sys
import threading
from typing import Literal, NoReturn

import click
import orjson

from dataset_model.records.runs import RunEntry
from exporter.cli import options
from exporter.cli.session import log_line, progress_shown, stop_on_signal
from exporter.errors import UsageError
from exporter.estimates.choice import chosen_way
from exporter.estimates.cost import Assumptions
from exporter.planning.window import Window
from exporter.run.backfill import Backfill, BackfillReport, BackfillRequest
from exporter.run.incremental.job import ChangesJob
from exporter.run.job import ExportJob
from exporter.run.request import ExportRequest
from exporter.settings import Settings
from exporter.sources.opening import SourceName, way_of


@click.command()
@options.DATASET
@options.START
@options.END
@click.option("--chunk-days", type=click.IntRange(1, 366), help="Days of a run; without it, calendar months.")
@click.option("--force", is_flag=True, help="Export days again that are closed already.")
@options.ANY_SOURCE
@click.option("--export-arn", metavar="ARN", help="Completed or running table export to read; without it, a new one.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that convert a table export's files, or segments of a scan at a time, before they are merged.",
)
@options.SEGMENTS
@options.RANGES
@options.MAX_READ_UNITS
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="MINUTES",
    help="How long each run waits for another run of the dataset.",
)
@options.JSON
def backfill(
    *,
    dataset: str | None,
    start: str | None,
    end: str | None,
    chunk_days: int | None,
    force: bool,
    source: SourceName | Literal["changes"] | None,
    export_arn: str | None,
    workers: int | None,
    segments: int | None,
    ranges: int,
    max_read_units: float | None,
    wait: float,
    as_json: bool,
) -> None:
    """Export a long range of days month by month, oldest first; the same command resumes after a stop.

    A scan or a table export reads the whole table, and without --start and --end every day of it. Changes are exported
    first, all of them; then the days of the range that have changed are read, and those that were never exported.
    """
    settings = options.settings_of(DATASET=dataset)
    changes = source == "changes"
    if changes and force:
        raise UsageError("--force reads closed days whether they have changed or not; leave it or --source changes out")
    source = None if source == "changes" else source
    window = options.window_of(settings, start, end)
    appends = settings.dataset.target.overwrite_mode == "APPEND"  # a second pass would add every row again
    if window is None and (workers or appends or changes or way_of(settings.dataset, source) == "index"):
        raise UsageError("--start and --end are needed; --end is included")
    if export_arn and source != "table-export":
        raise UsageError("--export-arn belongs to --source table-export")
    if workers and way_of(settings.dataset, source) not in {"table-export", "scan"}:
        raise UsageError("--workers belongs to --source table-export and --source scan")
    if chunk_days and way_of(settings.dataset, source) != "index":
        raise UsageError("a scan or a table export reads the whole table once for all days; leave out --chunk-days")
    if window is None:
        everything = ExportRequest(
            None,
            source=source,
            segments=segments,
            export_arn=export_arn,
            ranges=ranges,
            max_read_units=max_read_units,
            wait_minutes=wait,
        )
        with progress_shown() as progress, stop_on_signal() as stop:
            entry = ExportJob(settings, everything, progress=progress, stop=stop).run()
        _log_run(entry, 1, 1)
        _end(BackfillReport(planned=1, skipped_days=0, entries=[entry]), as_json=as_json)
    request = BackfillRequest(
        window, chunk_days, force, source, segments, export_arn, workers, ranges, max_read_units, wait
    )
    assumed = Assumptions(ranges=ranges, max_read_units=max_read_units)

    def choose(windows: tuple[Window, ...]) -> SourceName | None:
        found = chosen_way(settings, windows, assumed, dt.datetime.now(dt.UTC))
        log_line(f"reading by {found.reason}")
        return found.source

    with progress_shown() as progress, stop_on_signal() as stop:
        if changes:
            _read_changes(settings, stop, max_read_units)
        done = Backfill(settings, request, progress=progress, stop=stop, choose=choose).run(_log_run)
    _end(done, as_json=as_json)


def _read_changes(settings: Settings, stop: threading.Event, max_read_units: float | None) -> None:
    """Open the days that have changed; end the program where that fails."""
    found = ChangesJob(settings, max_read_units=max_read_units, stop=stop).run()
    log_line(found.text())
    if found.error:
        log_line(f"backfill stopped: {found.error}", failed=True)
        sys.exit(1)


def _end(done: BackfillReport, *, as_json: bool) -> NoReturn:
    """Print the report and end the program with the status that it deserves."""
    click.echo(orjson.dumps(done.plain()).decode() if as_json else done.text())
    if done.error:
        log_line(f"backfill stopped: {done.error}", failed=True)
    sys.exit(1 if done.error or done.remaining else 0)


def _log_run(entry: RunEntry, number: int, runs: int) -> None:
    window = f"{entry.window.start} to {entry.window.end}" if entry.window else "no days"
    rows = f"{entry.rows:,} rows in {len(entry.partitions)} days, {entry.seconds:.1f} s"
    log_line(f"{number} of {runs}: {window} {entry.status}, {rows}")
