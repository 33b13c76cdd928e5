"""A request flows in, a preview of the run flows out, also as text or JSON; nothing is read or changed.

It calls the functions that the run calls: `preflight` refuses, `planned_windows` chooses the days, the planner chooses
the key ranges, `RemovalPolicy` decides which days are protected by their age.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from dataset_model import Dataset
from dataset_model.targets.partitions import day_from_key
from exporter.clients import Clients
from exporter.errors import NothingOwed
from exporter.planning.key_ranges import EVERY_KEY, KeyRange
from exporter.planning.planner import Planner
from exporter.planning.removal_policy import RemovalPolicy
from exporter.planning.sort_key import SortKey
from exporter.planning.window import Window, day_of, is_closed
from exporter.run.account import days_text
from exporter.run.earlier_runs import earlier_runs
from exporter.run.lease import lease_holder
from exporter.run.preflight import preflight
from exporter.run.request import ExportRequest, lookback_days, planned_windows
from exporter.settings import Settings
from exporter.sources.opening import SourceName, changed_days, way_of
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.records import Records

_Days = tuple[dt.date, ...]

_SHOWN = 10
"""Ranges and keys that the text lists."""


@dataclass(frozen=True)
class Preview:
    """A run that has not taken place. Days are in order."""

    dataset: Dataset
    way: SourceName
    location: str
    days: _Days | None
    """None: every day that the source holds. Empty: nothing is read."""
    owed: _Days
    """Those of `days` that were not asked for and that earlier runs owe."""
    looked_back: _Days
    """Those of `days` that are closed and read again to find what has changed."""
    open: _Days
    """Days that have not ended and settled yet, and so are read again by the next scheduled run."""
    ranges: tuple[KeyRange, ...]
    """Of the sort key, read for each partition value; the same one several times where it is read several times. Every
    key for a scan."""
    between: tuple[dt.datetime, dt.datetime] | None
    """Only items from these instants count; None: items of all days."""
    replaces: tuple[str, ...]
    """Keys of published objects that are replaced, or removed where their day holds nothing any more."""
    keeps: tuple[str, ...]
    """Keys of expired days. They stay, and the run fails, if the source holds fewer items than are published; otherwise
    they are replaced."""
    overlaps: tuple[str, ...]
    """Keys that stay while their day gets a further object, in APPEND."""
    warnings: tuple[str, ...]

    @property
    def index(self) -> str:
        """`table/index`, or the table that is scanned."""
        return self.dataset.source.place

    @property
    def mode(self) -> str:
        """OVERWRITE or APPEND."""
        return self.dataset.target.overwrite_mode


def preview(settings: Settings, request: ExportRequest, now: dt.datetime) -> Preview:
    """Return what a run that began at `now` would do; raise the same errors as the run where it could not begin."""
    clients, dataset = Clients(settings.region), settings.dataset
    store = Store(clients.s3, settings.bucket)
    store.check()
    records = Records(store, settings.prefix)
    manifest = records.manifest()
    catalog = Catalog(clients.glue, dataset, settings.location)
    found = preflight(clients, dataset, catalog, records.schema(), now)
    warnings = [*found.warnings, *_running_export(store, settings, request, now)]
    windows: tuple[Window, ...] | None = None
    try:
        earlier, changed = earlier_runs(records, request, manifest, now), changed_days(store, dataset, manifest)
        windows = planned_windows(request, dataset, manifest, now, earlier, changed)
    except NothingOwed as nothing:
        warnings.append(str(nothing))
    days = {day for window in windows or () for day in window.days()}
    is_everything = windows == ()
    again = days & lookback_days(request, dataset, manifest, now)
    asked = set(request.window.days()) if request.window else set()
    key = SortKey(dataset.source.date_format, dataset.zone, found.description.sort_key_type, now.year + 1)
    planner, way = Planner(dataset, key), way_of(dataset, request.source)
    reaches = [planner.reach(window) for window in ((None,) if is_everything else windows or ())]
    published = {
        item.key: day
        for item in store.objects(f"{settings.prefix}/year=")
        if (day := day_from_key(settings.prefix, item.key)) is not None and (is_everything or day in days)
    }
    policy = RemovalPolicy.of(dataset, manifest, now, accept_empty=request.accept_empty)
    return Preview(
        dataset=dataset,
        way=way,
        location=settings.location,
        days=None if is_everything else tuple(sorted(days)),
        owed=tuple(sorted(days - asked - again)),
        looked_back=tuple(sorted(again - asked)),
        open=tuple(sorted(_open(None if is_everything else days, dataset, now))),
        ranges=tuple(keys for reach in reaches for keys in (planner.ranges(reach) if way == "index" else (EVERY_KEY,))),
        between=request.between,
        **_fates(published, dataset, policy),
        warnings=tuple(warnings),
    )


def _fates(published: Mapping[str, dt.date], dataset: Dataset, policy: RemovalPolicy) -> dict[str, tuple[str, ...]]:
    keys = tuple(published)
    if dataset.target.overwrite_mode == "APPEND":
        return {"replaces": (), "keeps": (), "overlaps": keys}
    expired = tuple(key for key in keys if not policy.accept_empty and policy.is_expired(published[key]))
    return {"replaces": tuple(key for key in keys if key not in set(expired)), "keeps": expired, "overlaps": ()}


def _open(days: set[dt.date] | None, dataset: Dataset, now: dt.datetime) -> Iterator[dt.date]:
    today = day_of(now, dataset.zone)
    for day in {today, today - dt.timedelta(days=1)} if days is None else days:
        if not is_closed(day, now, dataset.zone, dataset.source.settle_minutes):
            yield day


def _running_export(store: Store, settings: Settings, request: ExportRequest, now: dt.datetime) -> Iterator[str]:
    if holder := lease_holder(store, settings.prefix, now):
        then = f"wait up to {request.wait_minutes:g} minutes for it" if request.wait_minutes else "be refused"
        yield (
            f"run {holder.owner} on {holder.host} is exporting and holds the lease until {holder.expires_at:%H:%M:%S} "
            f"UTC: a run now would {then}, and what it publishes until then is not known here"
        )


def preview_json(found: Preview) -> str:
    """Return a dry run as one JSON line; `days` is null for every day that the source holds."""
    return orjson.dumps(
        {
            "dry_run": True,
            "dataset": found.dataset.name,
            "index": found.index,
            "partition_values": list(found.dataset.source.partition_values),
            "mode": found.mode,
            "days": None if found.days is None else _dated(found.days),
            "owed": _dated(found.owed),
            "looked_back": _dated(found.looked_back),
            "open": _dated(found.open),
            "key_ranges": [{"from": keys.low, "to": keys.high} for keys in found.ranges],
            "between": found.between and [moment.isoformat() for moment in found.between],
            "replaces": list(found.replaces),
            "keeps_if_fewer": list(found.keeps),
            "adds_beside": list(found.overlaps),
            "warnings": list(found.warnings),
        }
    ).decode()


def preview_text(found: Preview) -> str:
    """Return a dry run for people."""
    source = found.dataset.source
    name, values = found.dataset.name, source.partition_values
    if found.days == ():
        lines = [f"{name}: would read nothing"]
    else:
        days = "every day" if found.days is None else days_text(found.days)
        of_values = f" of {_count(len(values), 'partition value')}" if values else ""
        lines = [
            f"{name}: would read {days}{of_values} from {found.index}",
            *([f"  values: {', '.join(values)}"] if values else ()),
            *(f"  {line}" for line in (*_reading(found), *_publishing(found))),
        ]
    lines += [f"  warning: {warning}" for warning in found.warnings]
    return "\n".join([*lines, "  nothing was read or changed (--dry-run)"])


def _reading(found: Preview) -> Iterator[str]:
    source = found.dataset.source
    if found.owed:
        yield f"owed by earlier runs, and included: {days_text(found.owed)}"
    if found.looked_back:
        yield f"closed, and read again to find what has changed: {days_text(found.looked_back)}"
    if found.open:
        yield f"not ended and settled yet; the next scheduled run reads them again: {days_text(found.open)}"
    if found.between:
        first, last = (f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" for moment in found.between)
        yield f"only items from {first} to before {last} UTC count"
    whole = found.ranges.count(EVERY_KEY)
    if found.way == "scan":
        yield f"scans the whole table{'' if whole <= 1 else f' {whole} times, once for each stretch of days'}"
    elif whole:
        why = "" if found.days is None else f": {source.date_format} does not sort by time"
        times = "" if whole == 1 else f" {whole} times, once for each stretch of days"
        yield f"reads the whole key of each value{times}{why}"
    elif found.days is not None:
        for keys in found.ranges[:_SHOWN]:
            yield f"reads {source.sort_key} from {keys.low or 'the first'} to {_escaped(keys.high)}"
        yield from _more(found.ranges)


def _publishing(found: Preview) -> Iterator[str]:
    if found.mode == "APPEND":
        yield f"APPEND adds an object to each of these days that has items, below {found.location}, and replaces none"
        if found.overlaps:
            yield f"{_count(len(found.overlaps), 'object')} of these days stay, and count in addition:"
            yield from _keys(found.overlaps)
        return
    yield f"would replace {_count(len(found.replaces), 'published object')} below {found.location}"
    yield from _keys(found.replaces)
    if found.keeps:
        limit = found.dataset.retention.expires_after_days
        if found.dataset.retention.keep_deleted:
            yield "replaced, and rows of deleted items stay, because of keep_deleted:"
            yield from _keys(found.keeps)
            return
        yield (
            f"older than expires_after_days ({limit}), and replaced only if the source holds no fewer items; otherwise "
            "they stay and the run fails (--accept-empty replaces them):"
        )
        yield from _keys(found.keeps)


def _keys(keys: Sequence[str]) -> Iterator[str]:
    yield from (f"  {key}" for key in keys[:_SHOWN])
    yield from _more(keys)


def _more(listed: Sequence[object]) -> Iterator[str]:
    if len(listed) > _SHOWN:
        yield f"  and {len(listed) - _SHOWN} more"


def _escaped(bound: str | None) -> str:
    # A bound may end in the highest code point, which no terminal shows.
    return "the last" if bound is None else bound.encode("ascii", "backslashreplace").decode()


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _dated(days: Iterable[dt.date]) -> list[str]:
    return [day.isoformat() for day in days]
