"""What a query will cost at most, told before it runs, from the manifest alone. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from datasets.manifest import Manifest

from dashboard.queries import Statement
from dashboard.shape import Shape

MINIMUM_BYTES = 10 * 1024 * 1024
"""Athena bills at least 10 MB a query."""
DOLLARS_PER_TB = Decimal(5)
BYTES_PER_TB = 1024**4


@dataclass(frozen=True)
class Estimate:
    """An upper bound. `billed_bytes` is at least Athena's minimum; `dollars` is what those cost."""

    bytes: int
    billed_bytes: int
    dollars: Decimal
    days: int
    """Published days that the query may open."""
    all_days: int
    """Days published in all."""
    reads_everything: bool
    """Whether no day is left out although there is more than one."""


def estimate_from(statement: Statement, shape: Shape, manifest: Manifest) -> Estimate:
    """Return the upper bound for a statement over one dataset's table."""
    raise NotImplementedError


def dollars_for(bytes_scanned: int) -> Decimal:
    """Return what Athena bills for so many bytes scanned, its 10 MB minimum included."""
    raise NotImplementedError
