"""The state of one run flows in, its ledger entry flows out: written when the run begins and again when it ends."""

import datetime as dt
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog

from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import RunEntry, RunWindow
from exporter.errors import ExportError, SourceError
from exporter.planning.window import Window
from exporter.run.reader import Tally
from exporter.run.request import ExportRequest
from exporter.sources.rate_limiter import RateLimiter
from exporter.storage.records import Records
from exporter.targets.published import Published
from exporter.targets.quarantine import Quarantine

_log = structlog.get_logger()
_NAMED_DAYS = 5


@dataclass
class Account:
    """The state of a run."""

    run_id: str
    dataset: str
    request: ExportRequest
    started_at: dt.datetime
    clock: Callable[[], dt.datetime]
    quarantine: Quarantine
    limiter: RateLimiter
    windows: tuple[Window, ...] = ()
    """Windows that the run reads; none means everything, or not known yet."""
    covered: set[dt.date] = field(default_factory=set)
    """Days that have been, or are being, read."""
    protected: list[dt.date] = field(default_factory=list)
    """Days that stay as they are, because their source has begun to expire."""
    warnings: list[str] = field(default_factory=list)
    manifest: Manifest | None = None
    """As the run found it."""
    done: Published = field(default_factory=Published)
    tally: Tally = field(default_factory=Tally)
    began: float = field(default_factory=time.monotonic)

    @property
    def days(self) -> list[dt.date]:
        """The days that the run is about, as far as they are known."""
        if self.windows:
            return [day for window in self.windows for day in window.days()]
        return sorted(self.covered)

    @property
    def remaining(self) -> list[dt.date]:
        """Days that are neither published nor found empty nor protected by their age."""
        return sorted(set(self.days) - self.done.days - set(self.protected))

    def entry(self, status: str, error: str | None = None, *, owes: bool = True) -> RunEntry:
        """Return the ledger entry of the run in its present state."""
        days, done, tally = self.days, self.done, self.tally
        running = status == "running"
        return RunEntry.model_validate(
            {
                "run_id": self.run_id,
                "dataset": self.dataset,
                "status": status,
                "window": RunWindow(start=min(days), end=max(days)) if days else None,
                "rows": done.rows,
                "bytes": done.bytes,
                "quarantined": self.quarantine.items,
                "partitions": tuple(done.partitions),
                "removed": tuple(done.removed),
                "warnings": tuple(self.warnings),
                "read_units": round(self.limiter.units, 1),
                "seconds": 0.0 if running else round(time.monotonic() - self.began, 3),
                "started_at": self.started_at,
                "finished_at": None if running else self.clock(),
                "items": tally.items + self.quarantine.withheld,
                "withheld": self.quarantine.withheld,
                "nulled": self.quarantine.nulled,
                "error": error,
                "owed": tuple(self.remaining) if owes and status != "succeeded" else (),
                "targets": tuple(done.targets),
                "changes": tuple(done.changes),
                "manifest_version": done.manifest_version,
                "options": self._options(),
            }
        )

    def _options(self) -> dict[str, str]:
        request = self.request
        scope = "scheduled" if request.scheduled else "all" if request.window is None else "window"
        options = {"scope": "resume" if request.resume else scope}
        if request.source not in {None, "index"}:
            options["source"] = request.source
        if request.export_arn:
            options["export_arn"] = request.export_arn
        if request.accept_empty:
            options["accept_empty"] = "true"
        if request.lookback_days:
            options["lookback_days"] = str(request.lookback_days)
        return options


def require_older(account: Account) -> None:
    """Raise SourceError if days of the run were read later than what it reads: it would replace newer rows by older."""
    records = account.manifest.days if account.manifest else {}
    newer = [day for day in account.days or records if day in records and records[day].read_at > account.started_at]
    if newer:
        raise SourceError(
            f"what is read is as of {account.started_at:%Y-%m-%d %H:%M:%S} UTC, and {days_text(newer)} were read "
            "later: their rows would be replaced by older ones. Leave out --export-arn, so that a new export is "
            "started, or name other days by --start and --end"
        )


def write_entry(records: Records, entry: RunEntry) -> RunEntry:
    """Write a ledger entry and return it; if the bucket refuses, log that."""
    try:
        records.write_run(entry)
    except ExportError as failure:
        _log.error("the ledger could not be written", error=str(failure))
    return entry


def log_end(entry: RunEntry) -> None:
    """Log how a run ended, on one line."""
    fields = entry.model_dump(include={"run_id", "dataset", "rows", "quarantined", "read_units", "error"})
    _log.info(entry.status, **fields)


def days_text(days: Iterable[dt.date]) -> str:
    """Return days as text: each of them if they are few, else their number, first and last."""
    listed = sorted(days)
    if len(listed) <= _NAMED_DAYS:
        return ", ".join(str(day) for day in listed)
    return f"{len(listed)} days from {listed[0]} to {listed[-1]}"
