"""Options for one execution: maximum result age, start callback, cancel check."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class RunOptions:
    """Options for one execution of a statement."""

    reuse_minutes: int = 0
    """Maximum age of a result that Athena may reuse; 0 means no reuse."""
    on_start: Callable[[str], None] = lambda _: None
    """Gets Athena's execution id before the wait begins."""
    should_stop: Callable[[], bool] = lambda: False
    """Called at every poll of the running query; True stops it in Athena."""


DEFAULT_RUN_OPTIONS = RunOptions()
