"""Instants flow in, the window of the next incremental export flows out: windows follow one another without a gap."""

import datetime as dt

SHORTEST = dt.timedelta(minutes=15)
LONGEST = dt.timedelta(hours=24)
"""DynamoDB exports no shorter and no longer window."""


def whole_minute(moment: dt.datetime) -> dt.datetime:
    """Return an instant without its seconds: windows begin and end on minutes, in every spelling of a time."""
    return moment.replace(second=0, microsecond=0)


def next_window(read_to: dt.datetime, until: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the half-open window that begins at `read_to`, or None while it would be shorter than DynamoDB takes.

    Missed nights make windows of 24 hours. A rest of less than 15 minutes is left to the next window.
    """
    end = min(read_to + LONGEST, whole_minute(until))
    return (read_to, end) if end - read_to >= SHORTEST else None


def first_instant(
    read_at: dt.datetime | None, earliest: dt.datetime, now: dt.datetime, margin: dt.timedelta
) -> dt.datetime:
    """Return where the first window begins: at the oldest reading that is to stay true, or where recovery begins.

    `read_at` is that reading; None where nothing is published: then nothing before `now` matters.
    """
    wanted = whole_minute((read_at or now) - margin)
    return max(wanted, whole_minute(earliest) + dt.timedelta(minutes=1))
