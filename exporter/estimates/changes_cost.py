"""Closed days and the record of the windows flow in, what it costs to bring these days up to date flows out."""

import datetime as dt

from exporter.estimates import prices
from exporter.estimates.cost import LOSES, RECOVERY, Assumptions, Cost, dollars_text
from exporter.planning.export_windows import LONGEST
from exporter.run.incremental.window_state import WindowState

_HOUR = dt.timedelta(hours=1)


def changes_cost(
    closed: int, state: WindowState | None, now: dt.datetime, assumed: Assumptions, *, is_recoverable: bool | None
) -> Cost:
    """Return what brings closed days up to date by incremental exports; `closed` is how many they are.

    How much has changed is not known before it is exported, nor how many days have to be read again for it. So there
    is no price to compare; what is known, and what the last window lets expect, is in the remark.
    """
    since = state.read_to if state else None
    windows = max(1, -((since - now) // LONGEST)) if since else 1
    rate = assumed.dollars_per_exported_gb
    least = prices.LEAST_EXPORTED_BYTES / prices.GB * rate
    begin = f"since {since:%Y-%m-%d %H:%M} UTC" if since else "since they were read, as far as recovery goes back"
    remark = (
        f"what has changed in the {closed:,} closed days {begin}: ${rate:g} a GB of changes, ${least:g} at least each "
        f"of {windows:,} windows{_expected(state, now, windows, rate)}; `backfill --source changes`; "
        f"{RECOVERY[is_recoverable]}"
    )
    return Cost("changes", 0.0, None, None, remark, loses=LOSES["changes"], is_ready=is_recoverable is True)


def _expected(state: WindowState | None, now: dt.datetime, windows: int, rate: float) -> str:
    """Return what the last window lets expect, with the arithmetic; nothing before the first one."""
    last = state.last if state else None
    if state is None or last is None:
        return ""
    hours, rate_of_bytes = (now - state.read_to) / _HOUR, last.bytes / prices.GB / last.hours
    seen = f"the last one: {last.items:,} items, {last.bytes / prices.GB:,.3f} GB in {last.hours:,.1f} hours"
    if rate_of_bytes * hours * prices.GB <= windows * prices.LEAST_EXPORTED_BYTES:
        return f" ({seen}, so no more is expected)"
    dollars = dollars_text(rate_of_bytes * hours * rate)
    return f" ({seen}; {hours:,.1f} hours x {rate_of_bytes:,.4f} GB x ${rate:g} = {dollars})"
