"""Where sample data go, and what a loader says about them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where sample data go: the stand-in, which runs in this process. boto3 clients need no arguments to reach it."""

    items: int
    """DEMO_ITEMS: how many items the largest table should hold."""
    now: dt.datetime
    """No item is from a later time."""
    bucket: str
    """The bucket that the programs use; it exists."""
    folder: Path
    """For files that commands read; it goes when the demo ends."""
    account: str
    """The stand-in's account, and below its region, for `local.sample.load.load_in_process`."""
    region: str
    report: Callable[[str], None]
    """Shows how far the loading is: `500 of 12,000 contacts`."""


@dataclass(frozen=True)
class Loaded:
    """What has been loaded."""

    detail: str
    """What the stage says when it is done: `12,000 in the DynamoDB table contacts`."""
    commands: tuple[tuple[str, ...], ...] = ()
    """Arguments of `python -m exporter` to run, in order, before the datasets are exported."""
