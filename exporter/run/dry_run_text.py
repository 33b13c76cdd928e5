"""A dry run for people, and as one line of JSON. Pure."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import orjson

from exporter.planning.key_ranges import EVERY_KEY
from exporter.run.account import told_days
from exporter.run.dry_run import Preview

_SHOWN = 10


def preview_json(found: Preview) -> str:
    """Return a dry run as one JSON line; `days` is null for every day that the index holds."""
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
            "adds_beside": list(found.beside),
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
        days = "every day" if found.days is None else told_days(found.days)
        lines = [
            f"{name}: would read {days} of {_count(len(values), 'partition value')} from {found.index}",
            f"  values: {', '.join(values)}",
            *(f"  {line}" for line in (*_reading(found), *_publishing(found))),
        ]
    lines += [f"  warning: {warning}" for warning in found.warnings]
    return "\n".join([*lines, "  nothing was read or changed (--dry-run)"])


def _reading(found: Preview) -> Iterator[str]:
    source = found.dataset.source
    if found.owed:
        yield f"owed by earlier runs, and so among them: {told_days(found.owed)}"
    if found.looked_back:
        yield f"closed, and read again to find what has changed: {told_days(found.looked_back)}"
    if found.open:
        yield f"not ended and settled yet, so that the next scheduled run reads them again: {told_days(found.open)}"
    if found.between:
        first, last = (f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" for moment in found.between)
        yield f"only items from {first} to before {last} UTC count"
    whole = found.ranges.count(EVERY_KEY)
    if whole:
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
        if found.beside:
            yield f"{_count(len(found.beside), 'object')} of these days stay beside it, and both count:"
            yield from _keys(found.beside)
        return
    yield f"would replace {_count(len(found.replaces), 'published object')} below {found.location}"
    yield from _keys(found.replaces)
    if found.keeps:
        limit = found.dataset.retention.expires_after_days
        yield (
            f"older than expires_after_days ({limit}), and replaced only where the index holds no fewer items; where "
            "it does, they stay and the run fails (--accept-empty replaces them):"
        )
        yield from _keys(found.keeps)


def _keys(keys: Sequence[str]) -> Iterator[str]:
    yield from (f"  {key}" for key in keys[:_SHOWN])
    yield from _more(keys)


def _more(listed: Sequence[object]) -> Iterator[str]:
    if len(listed) > _SHOWN:
        yield f"  and {len(listed) - _SHOWN} more"


def _escaped(bound: str | None) -> str:
    # A bound may end in the last character that there is, which no terminal shows.
    return "the last" if bound is None else bound.encode("ascii", "backslashreplace").decode()


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _dated(days: Iterable[dt.date]) -> list[str]:
    return [day.isoformat() for day in days]
