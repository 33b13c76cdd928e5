"""What people's queries cost: sums per day, person and dataset."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Spending:
    """What one person's queries over one dataset cost on a day (UTC)."""

    day: dt.date
    person: str
    dataset: str
    queries: int
    bytes: int
    dollars: Decimal

    @property
    def of(self) -> tuple[dt.date, str, str]:
        """What it is the sum of."""
        return self.day, self.person, self.dataset


def summed(found: Iterable[Spending]) -> dict[tuple[dt.date, str, str], Spending]:
    """Return one sum per day, person and dataset."""
    sums: dict[tuple[dt.date, str, str], Spending] = {}
    for one in found:
        before = sums.get(one.of)
        sums[one.of] = one if before is None else Spending(
            *one.of, before.queries + one.queries, before.bytes + one.bytes, before.dollars + one.dollars
        )  # fmt: skip
    return sums
