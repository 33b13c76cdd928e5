"""Objects of table exports and the ledger flow in; findings flow out, for what did not end, was not read or is left."""

import datetime as dt
import shlex
from collections import defaultdict
from collections.abc import Iterator

from exporter.audit.inspection import Finding, Inspection
from exporter.run.incremental.window_export import EXPORTS_TARGET
from exporter.run.incremental.window_state import WINDOWS_FILE
from exporter.run.table_export.exporting import EXPORTS_FOLDER
from exporter.run.table_export.scan_conversion import GIVEN_UP_AFTER as SCAN_GIVEN_UP_AFTER
from exporter.run.table_export.scan_conversion import SCAN_FILE
from exporter.sources.table_export.converted_file import CONVERTED_FOLDER

GIVEN_UP_AFTER = dt.timedelta(days=1)
"""DynamoDB promises no duration; an export that has written nothing for a day has failed or will not be read."""

LEFT_AFTER = dt.timedelta(days=7)
"""Converted files serve further windows of their export; a week later they are more likely forgotten than needed."""

LAGGING_AFTER = dt.timedelta(days=2)
"""Windows are read every night."""

_BATCHES = "_batches"
"""Where the state machines of infra/sources.yaml write what their tasks did."""

_FOLDER = "AWSDynamoDB"
_WINDOWS = EXPORTS_TARGET.rpartition("/")[2]
_SUMMARY = "manifest-summary.json"


def export_findings(around: Inspection) -> Iterator[Finding]:
    """Yield the exports below the prefix of which no run has published anything, a day after their last object."""
    folder = f"{around.dataset.target.prefix}/{EXPORTS_FOLDER}/{_FOLDER}/"
    names: dict[str, set[str]] = defaultdict(set)
    newest: dict[str, dt.datetime] = {}
    for found in around.objects:
        export, _, name = found.key.removeprefix(folder).partition("/")
        if found.key.startswith(folder) and name and found.modified:
            names[export].add(name)
            newest[export] = max(newest.get(export, found.modified), found.modified)
    read = _read_exports(around)
    for export in sorted(names.keys() - read):
        if newest[export] + GIVEN_UP_AFTER > around.now:
            continue
        ended = _SUMMARY in names[export]
        arn = _shown_arn(around, export)
        advice = (
            f"run `exporter backfill --source table-export --export-arn {arn}` with --start and --end, "
            "or remove the folder"
            if ended
            else f"`aws dynamodb describe-export --export-arn {arn}` says why; remove the folder, and start another"
        )
        yield Finding(
            "table export",
            f"{folder}{export}/",
            f"{'ended and was read by no run' if ended else 'never ended'}; its newest object is of "
            f"{newest[export]:%Y-%m-%d %H:%M} UTC",
            f"{advice}. `aws dynamodb list-exports` has the whole ARN",
        )


def window_findings(around: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with the incremental exports: one that never ended, or windows that are not read any more."""
    state = around.windows
    if state is None:
        return
    where = f"{around.dataset.target.prefix}/{WINDOWS_FILE}"
    pending = state.pending
    if pending is not None and pending.asked_at + GIVEN_UP_AFTER < around.now:
        arn = f" {shlex.quote(pending.arn)}" if pending.arn else ", which may not have been started"
        yield Finding(
            "table export",
            where,
            f"the export of {pending.start:%Y-%m-%d %H:%M} to {pending.end:%Y-%m-%d %H:%M} UTC was asked for at "
            f"{pending.asked_at:%Y-%m-%d %H:%M} UTC and is not read yet:{arn}",
            "run `exporter changes`; `aws dynamodb describe-export` says what has become of the export",
        )
    elif pending is None and state.read_to + LAGGING_AFTER < around.now:
        yield Finding(
            "table export",
            where,
            f"changes are read up to {state.read_to:%Y-%m-%d %H:%M} UTC, and not since",
            "run `exporter changes`, and schedule it: what is older than the recovery period (35 days at most) is lost",
        )


def left_export_findings(around: Inspection) -> Iterator[Finding]:
    """Yield the folders of exports that are still below the prefix a week after a run has read them."""
    below = f"{around.dataset.target.prefix}/{EXPORTS_FOLDER}/"
    read = _read_exports(around)
    size: dict[str, int] = defaultdict(int)
    newest: dict[str, dt.datetime] = {}
    for found in around.objects:
        folder = _left_folder(found.key.removeprefix(below), read) if found.key.startswith(below) else None
        if folder and found.modified:
            size[folder] += found.bytes
            newest[folder] = max(newest.get(folder, found.modified), found.modified)
    for folder in sorted(size):
        if newest[folder] + LEFT_AFTER < around.now:
            place = shlex.quote(f"{around.location.rstrip('/')}/{EXPORTS_FOLDER}/{folder}/")
            yield Finding(
                "table export",
                f"{below}{folder}/",
                f"{size[folder]:,} bytes that have been read; the newest object is of "
                f"{newest[folder]:%Y-%m-%d %H:%M} UTC",
                f"if no further window of this export is wanted, `aws s3 rm --recursive {place}`",
            )


def left_list_findings(around: Inspection) -> Iterator[Finding]:
    """Yield what state machines and a scan that was given up have left for a week: no run reads it again."""
    below = f"{around.dataset.target.prefix}/{EXPORTS_FOLDER}/"
    place = around.location.rstrip("/")
    lists = [found for found in around.objects if found.key.startswith(f"{below}{_BATCHES}/") and found.modified]
    newest = max((found.modified for found in lists if found.modified), default=around.now)
    if newest + LEFT_AFTER < around.now:
        yield Finding(
            "table export",
            f"{below}{_BATCHES}/",
            f"{len(lists):,} objects of {sum(found.bytes for found in lists):,} bytes in which Step Functions lists "
            f"what tasks did; the newest is of {newest:%Y-%m-%d %H:%M} UTC, and no run reads them",
            f"`aws s3 rm --recursive {shlex.quote(f'{place}/{EXPORTS_FOLDER}/{_BATCHES}/')}`",
        )
    begun = around.scan_begun_at
    if begun is not None and begun + SCAN_GIVEN_UP_AFTER < around.now:
        yield Finding(
            "table export",
            f"{around.dataset.target.prefix}/{SCAN_FILE}",
            f"the scan that was begun at {begun:%Y-%m-%d %H:%M} UTC was never published, and its rows are too old now",
            "run `exporter backfill --source scan --workers` with --start and --end, which begins another, or remove "
            f"the record by `aws s3 rm {shlex.quote(f'{place}/{SCAN_FILE}')}`",
        )


def _left_folder(name: str, read: set[str]) -> str | None:
    """Return the folder to remove, of an object that was read; None for any other object."""
    folder, _, rest = name.partition("/")
    export = rest.partition("/")[0]
    if folder == _FOLDER and export in read:
        return f"{folder}/{export}"
    return _WINDOWS if folder == _WINDOWS else None


def converted_findings(around: Inspection) -> Iterator[Finding]:
    """Yield the exports of which converted files are still below the prefix, a week after the last was written."""
    folder = f"{around.dataset.target.prefix}/{EXPORTS_FOLDER}/{CONVERTED_FOLDER}/"
    files: dict[str, int] = defaultdict(int)
    size: dict[str, int] = defaultdict(int)
    newest: dict[str, dt.datetime] = {}
    for found in around.objects:
        export, _, name = found.key.removeprefix(folder).partition("/")
        if found.key.startswith(folder) and name and found.modified:
            files[export] += 1
            size[export] += found.bytes
            newest[export] = max(newest.get(export, found.modified), found.modified)
    read = _read_exports(around)
    for export in sorted(files):
        if newest[export] + LEFT_AFTER > around.now:
            continue
        place = f"{around.location.rstrip('/')}/{EXPORTS_FOLDER}/{CONVERTED_FOLDER}/{export}/"
        remove = f"`aws s3 rm --recursive {shlex.quote(place)}`"
        merge = (
            f"a scan is given up after a week: remove them by {remove}; `exporter backfill --source scan` is another"
            if export.startswith("scan-")
            else "merge them by `exporter backfill --source table-export --workers 1 --export-arn "
            f"{_shown_arn(around, export)}` with --start and --end, or remove them by {remove}"
        )
        yield Finding(
            "table export",
            f"{folder}{export}/",
            f"{files[export]:,} converted files of {size[export]:,} bytes, the newest of "
            f"{newest[export]:%Y-%m-%d %H:%M} UTC; "
            f"{'a run has merged them' if export in read else 'none of the newest runs has merged them'}",
            f"if no further window of this export is wanted, {remove}" if export in read else merge,
        )


def _shown_arn(around: Inspection, export: str) -> str:
    """Return the end of an export's ARN, quoted for a shell: the folder's name comes from the bucket, not from AWS."""
    return shlex.quote(f"...:table/{around.dataset.source.table}/export/{export}")


def _read_exports(around: Inspection) -> set[str]:
    """Return the exports from which a run has published, so far back as the ledger is inspected."""
    done = (entry for entry in around.runs if entry.status == "succeeded")
    return {entry.options.get("export_arn", "").rpartition("/")[2] for entry in done}
