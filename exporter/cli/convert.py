"""`exporter convert` and `exporter scan-segments`: work on a whole table, in parts that many tasks do."""

import threading
from typing import TYPE_CHECKING

import click
import orjson

from exporter.cli import options
from exporter.cli.session import stop_on_signal
from exporter.clients import Clients
from exporter.errors import Interrupted, UsageError
from exporter.settings import Settings

if TYPE_CHECKING:
    from exporter.run.table_export.conversion import Conversion


@click.command()
@options.DATASET
@click.option("--export-arn", metavar="ARN", help="Completed table export.")
@click.option("--scan", metavar="NAME", help="Scan under way, as scan-segments names it.")
@click.option(
    "--file", "keys", multiple=True, metavar="KEY", help="Data file, as manifest-files.json names it, or segment."
)
@click.option("--files", metavar="JSON", help="The same for several: a JSON list of keys.")
@options.MAX_READ_UNITS
@options.JSON
def convert(
    *,
    dataset: str | None,
    export_arn: str | None,
    scan: str | None,
    keys: tuple[str, ...],
    files: str | None,
    max_read_units: float | None,
    as_json: bool,
) -> None:
    """Convert files of a table export, segments of a scan, or all that are left, for `backfill --workers` to merge."""
    if (export_arn is None) == (scan is None):
        raise UsageError("give --export-arn or --scan: what the parts belong to")
    if max_read_units is not None and scan is None:
        raise UsageError("--max-read-units belongs to --scan; an export takes no read units")
    settings = options.settings_of(DATASET=dataset)
    wanted = [*keys, *_listed(files)]
    with stop_on_signal() as stop:
        converter = _converter(settings, export_arn, scan, max_read_units, stop)
        chosen = converter.named(wanted) if wanted else converter.missing()
        items = 0
        for number, file in enumerate(chosen):
            if stop.is_set():
                raise Interrupted(f"stopped; {len(chosen) - number} parts are left. Run the same command again")
            items += converter.convert(file).items
    found = {"files": len(chosen), "items": items}
    parts = "files" if scan is None else "segments"
    click.echo(orjson.dumps(found).decode() if as_json else f"{items:,} items of {len(chosen):,} {parts} converted")


@click.command("scan-segments")
@options.DATASET
@options.START
@options.END
@click.option("--force", is_flag=True, help="Also for days that are closed already.")
@options.SEGMENTS
@options.JSON
def scan_segments(
    *, dataset: str | None, start: str | None, end: str | None, force: bool, segments: int | None, as_json: bool
) -> None:
    """Begin a scan of the table, or go on with one, and list its segments in `_exports/_segments.jsonl`; read nothing.

    `convert --scan` converts them, and `backfill --source scan --workers 1` with the same days merges them.
    """
    from exporter.run.backfill import Backfill, BackfillRequest

    settings = options.settings_of(DATASET=dataset)
    window = options.window_of(settings, start, end)
    if window is None:
        raise UsageError("--start and --end are needed; --end is included")
    request = BackfillRequest(window, force=force, source="scan", segments=segments)
    record = Backfill(settings, request).begin_scan()
    if as_json:
        click.echo(orjson.dumps({"scan": record.scan, "segments": record.segments}).decode())
    else:
        click.echo(
            f"scan {record.scan}, begun at {record.started_at:%Y-%m-%d %H:%M} UTC, has {record.segments:,} segments"
        )


def _converter(
    settings: Settings, export_arn: str | None, scan: str | None, max_read_units: float | None, stop: threading.Event
) -> "Conversion":
    clients = Clients(settings.region)
    if scan is not None:
        from exporter.run.table_export.scan_conversion import conversion_under_way
        from exporter.sources.rate_limiter import RateLimiter

        return conversion_under_way(settings, clients, scan, RateLimiter(1, max_read_units), stop)
    from exporter.run.table_export.export_conversion import Converter
    from exporter.run.table_export.exporting import export_to_read

    return Converter(settings, export_to_read(clients, settings, export_arn, stop))


def _listed(files: str | None) -> list[str]:
    if files is None:
        return []
    try:
        found = orjson.loads(files)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not all(isinstance(key, str) for key in found):
        raise UsageError(f"--files: expected a JSON list of keys; found {files[:60]!r}")
    return found
