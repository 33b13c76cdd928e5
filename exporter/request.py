"""What a caller asks for, in options or in a Lambda event, to one `ExportRequest`. Pure."""

import contextlib
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasets import Dataset
from datasets.manifest import Manifest
from exporter.errors import UsageError
from exporter.settings import Settings
from exporter.window import Window, owed_days, spans, window_of_mode


@dataclass(frozen=True)
class ExportRequest:
    """What a run is asked for."""

    window: Window | None
    """None: everything that the index holds."""
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


def request_from_options(
    settings: Settings,
    now: dt.datetime,
    *,
    start: str | None = None,
    end: str | None = None,
    everything: bool = False,
    accept_empty: bool = False,
) -> ExportRequest:
    """Return the request of an option set; without any, the configured range. Raises UsageError."""
    if everything and (start or end):
        raise UsageError("--all already means every day; leave out --start and --end")
    if everything:
        return ExportRequest(None, accept_empty=accept_empty)
    if start or end:
        if not (start and end):
            raise UsageError("--start and --end come together; --end is included")
        first, last = _day("--start", start), _day("--end", end)
        if last < first:
            raise UsageError(f"--end {last} is before --start {first}")
        return ExportRequest(Window(first, last, settings.dataset.zone), accept_empty=accept_empty)
    window = window_of_mode(settings.mode, now, settings.dataset.zone, settings.lookback_hours)
    appends = settings.dataset.target.overwrite_mode == "APPEND" and settings.mode == "LAST_N_HOURS"
    between = (now - dt.timedelta(hours=settings.lookback_hours), now) if appends else None
    return ExportRequest(window, between=between, scheduled=True, accept_empty=accept_empty)


def request_from_event(settings: Settings, now: dt.datetime, event: Mapping[str, Any]) -> ExportRequest:
    """Return the request of a Lambda event: `{}`, `{"startDate", "endDate"}` or `{"all": true}`. Raises UsageError.

    Fields that a scheduler adds of its own accord are ignored; a misspelled one of ours is not.
    """
    known = {"startDate", "endDate", "all", "acceptEmpty"}
    for field in event:
        if field not in known and field.lower().replace("_", "") in {name.lower() for name in known}:
            raise UsageError(f"unknown field {field!r} in the event; known are {', '.join(sorted(known))}")
    everything = event.get("all", False)
    if not isinstance(everything, bool):
        raise UsageError(f'"all" in the event: expected true or false; found {everything!r}')
    start, end = event.get("startDate"), event.get("endDate")
    if (start is None) != (end is None):
        raise UsageError('"startDate" and "endDate" come together in the event; "endDate" is included')
    if everything and start is not None:
        raise UsageError('"all" already means every day; leave out "startDate" and "endDate"')
    return request_from_options(
        settings,
        now,
        start=None if start is None else str(start),
        end=None if end is None else str(end),
        everything=everything,
        accept_empty=event.get("acceptEmpty") is True,
    )


def planned_windows(
    request: ExportRequest, dataset: Dataset, manifest: Manifest | None, now: dt.datetime
) -> tuple[Window, ...]:
    """Return the windows that a run reads; none means everything.

    A scheduled run adds the days that are owed, but not in APPEND: reading a day again would count it twice.
    """
    if request.window is None:
        return ()
    days = set(request.window.days())
    if request.scheduled and manifest is not None and dataset.target.overwrite_mode == "OVERWRITE":
        days |= set(owed_days(manifest, now, dataset.zone))
    return spans(days, dataset.zone)


def _day(name: str, text: str) -> dt.date:
    # fromisoformat alone would also take 20260216 and 2026-W07-1.
    with contextlib.suppress(ValueError):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return dt.date.fromisoformat(text)
    raise UsageError(f"{name}: expected a day as YYYY-MM-DD; found {text!r}")
