"""Options or a Lambda event flow in, an `ExportRequest` and its windows flow out."""

import contextlib
import datetime as dt
import itertools
import re
import reprlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from dataset_model import Dataset
from dataset_model.records.manifest import Manifest
from exporter.errors import UsageError
from exporter.planning.owed_days import (
    RESUMABLE_DAYS,
    EarlierRuns,
    days_lacking_values,
    days_owed_by_runs,
    resumed_days,
)
from exporter.planning.window import OWED_DAYS, Window, day_of, owed_days, spans, window_of_mode
from exporter.settings import Settings
from exporter.sources.opening import SourceName


@dataclass(frozen=True)
class ExportRequest:
    """The request for one run."""

    window: Window | None
    """None: everything that the source holds."""
    between: tuple[dt.datetime, dt.datetime] | None = None
    """APPEND alone, which is not widened to whole days: the half-open span of instants that count."""
    scheduled: bool = False
    """A scheduled run also reads the days that earlier runs still owe."""
    accept_empty: bool = False
    """Remove days that came back empty even where that looks like a mistake."""
    ranges: int = 8
    """Most ranges of keys that are read at a time."""
    max_read_units: float | None = None
    """Ceiling on read units per second; None for none."""
    resume: bool = False
    """Read what the newest unfinished run owes, and nothing else."""
    wait_minutes: float = 0.0
    """How long to wait for another run of the dataset to end."""
    source: SourceName | None = None
    """What is read: the index, the table by a scan, or an export of it to S3; None: what the dataset declares."""
    export_arn: str | None = None
    """The export that is read; None: a new one is started."""
    converted: bool = False
    """Whether the export's files are read as `convert` has written them."""
    segments: int | None = None
    """Segments of a scan; None: as many as the table's size asks for."""
    lookback_days: int = 0
    """Closed days that are read again, counted back from yesterday, to find what has changed in them."""

    @property
    def ledger_reach(self) -> dt.timedelta:
        """How far back the ledger is read for days that are owed: two missed weekly runs, and some delay."""
        return dt.timedelta(days=RESUMABLE_DAYS)


def request_from_options(
    settings: Settings,
    now: dt.datetime,
    *,
    start: str | None = None,
    end: str | None = None,
    everything: bool = False,
    accept_empty: bool = False,
    resume: bool = False,
) -> ExportRequest:
    """Return the request of an option set; without any, the configured range. Raises UsageError."""
    if everything and (start or end):
        raise UsageError("--all already means every day; leave out --start and --end")
    if resume:
        return _resume(settings, accept_empty=accept_empty, alone=not (everything or start or end))
    if everything:
        return ExportRequest(None, accept_empty=accept_empty)
    if named := window_from_options(start, end, settings.dataset.zone):
        return ExportRequest(named, accept_empty=accept_empty)
    window = window_of_mode(settings.mode, now, settings.dataset.zone, settings.lookback_hours)
    is_append = settings.dataset.target.overwrite_mode == "APPEND"
    between = None
    if is_append and settings.mode == "LAST_N_HOURS":
        between = (now - dt.timedelta(hours=settings.lookback_hours), now)
    return ExportRequest(
        window,
        between=between,
        scheduled=True,
        accept_empty=accept_empty,
        lookback_days=0 if is_append else settings.lookback_days,
    )


def window_from_options(start: str | None, end: str | None, zone: ZoneInfo) -> Window | None:
    """Return the window of `--start` and `--end`, None where neither is given; raise UsageError."""
    if not (start or end):
        return None
    if not (start and end):
        raise UsageError("--start and --end come together; --end is included")
    first, last = _day("--start", start), _day("--end", end)
    if last < first:
        raise UsageError(f"--end {last} is before --start {first}")
    return Window(first, last, zone)


def _resume(settings: Settings, *, accept_empty: bool, alone: bool) -> ExportRequest:
    if not alone:
        raise UsageError("--resume reads the days that an earlier run owes; leave out --start, --end and --all")
    if settings.dataset.target.overwrite_mode == "APPEND":
        raise UsageError(
            "--resume is for OVERWRITE: in APPEND a day that the earlier run has added already would count twice. "
            "Name the days that are missing by --start and --end"
        )
    return ExportRequest(None, accept_empty=accept_empty, resume=True)


def request_from_event(settings: Settings, now: dt.datetime, event: Mapping[str, Any]) -> ExportRequest:
    """Return the request of a Lambda event: `{}`, `{"startDate", "endDate"}`, `{"all": true}` or `{"resume": true}`.

    Raises UsageError.

    Unknown fields that a scheduler adds are ignored; a misspelled known field is refused.
    """
    known = {"startDate", "endDate", "all", "acceptEmpty", "resume"}
    for field in event:
        if field not in known and field.lower().replace("_", "") in {name.lower() for name in known}:
            raise UsageError(f"unknown field {field!r} in the event; known are {', '.join(sorted(known))}")
    everything, accept_empty, resume = (_flag(event, name) for name in ("all", "acceptEmpty", "resume"))
    start, end = (_text(event, name) for name in ("startDate", "endDate"))
    if (start is None) != (end is None):
        raise UsageError('"startDate" and "endDate" come together in the event; "endDate" is included')
    if everything and start is not None:
        raise UsageError('"all" already means every day; leave out "startDate" and "endDate"')
    return request_from_options(
        settings,
        now,
        start=start,
        end=end,
        everything=everything,
        accept_empty=accept_empty,
        resume=resume,
    )


def _flag(event: Mapping[str, Any], name: str) -> bool:
    value = event.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise UsageError(f'"{name}" in the event: expected true or false; found {reprlib.repr(value)}')


def _text(event: Mapping[str, Any], name: str) -> str | None:
    value = event.get(name)
    if value is None or isinstance(value, str | int | float):
        return None if value is None else str(value)
    raise UsageError(f'"{name}" in the event: expected a day as "YYYY-MM-DD"; found {reprlib.repr(value)}')


def planned_windows(
    request: ExportRequest,
    dataset: Dataset,
    manifest: Manifest | None,
    now: dt.datetime,
    earlier: EarlierRuns,
    changed: Collection[dt.date] = (),
) -> tuple[Window, ...]:
    """Return the windows that a run reads; none means everything.

    `changed` are days of which the source says itself that they have changed. A scheduled run adds them, the days that
    are owed, those of the last week that lack a partition value, and those that it is to look back at, but not in
    APPEND: reading a day again would count it twice. Raises NothingOwed for a resume.
    """
    if request.resume:
        owed = resumed_days(earlier.entries, manifest)
        return () if owed is None else spans(owed, dataset.zone)
    if request.window is None:
        return ()
    days = set(request.window.days())
    if request.scheduled and dataset.target.overwrite_mode == "OVERWRITE":
        days |= set(owed_days(manifest, now, dataset.zone, earlier.scheduled_from))
        today = day_of(now, dataset.zone)
        again = days_owed_by_runs(earlier.entries, manifest, today)
        lacking = itertools.chain(*days_lacking_values(manifest, dataset.source.partition_values).values())
        again |= {day for day in lacking if (today - day).days <= OWED_DAYS}
        days |= again - _expired_records(dataset, manifest, today)
        days |= lookback_days(request, dataset, manifest, now) | set(changed)
    return spans(days, dataset.zone)


def _expired_records(dataset: Dataset, manifest: Manifest | None, today: dt.date) -> set[dt.date]:
    """Return the closed days from which TTL may have removed items: a second reading would find fewer."""
    expires = dataset.retention.expires_after_days
    records = manifest.days.items() if manifest and expires else ()
    return {day for day, record in records if record.state == "closed" and (today - day).days >= (expires or 0)}


def lookback_days(
    request: ExportRequest, dataset: Dataset, manifest: Manifest | None, now: dt.datetime
) -> set[dt.date]:
    """Return the closed days that a run reads again to find what has changed in them.

    A day from which TTL may have removed items is left out: those items were not deleted by anyone.
    """
    today = day_of(now, dataset.zone)
    expires = dataset.retention.expires_after_days
    back = min(request.lookback_days, expires - 1) if expires else request.lookback_days
    records = manifest.days.items() if manifest else ()
    return {day for day, record in records if record.state == "closed" and 1 <= (today - day).days <= back}


def _day(name: str, text: str) -> dt.date:
    # fromisoformat alone would also take 20260216 and 2026-W07-1.
    with contextlib.suppress(ValueError):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return dt.date.fromisoformat(text)
    raise UsageError(f"{name}: expected a day as YYYY-MM-DD; found {reprlib.repr(text)}")
