"""The time of day, for everything that takes a `clock`; tests give another one."""

import datetime as dt


def utc_now() -> dt.datetime:
    """Return the present instant in UTC."""
    return dt.datetime.now(dt.UTC)
