"""What whoever starts a query wants of its running: how old an answer may be, and a say while it lasts. Pure."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Watch:
    """How one run of a statement is watched."""

    reuse_minutes: int = 0
    """How old a result may be to be given again; 0 means none."""
    on_start: Callable[[str], None] = lambda _: None
    """Hears Athena's execution id before the wait begins."""
    should_stop: Callable[[], bool] = lambda: False
    """Is asked at every look at the running query; True stops it in Athena."""


UNWATCHED = Watch()
