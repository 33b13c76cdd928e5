"""A sample of items flows in; counts of types and values per attribute flow out."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from dataset_model.columns.attribute_paths import AttributePath
from exporter.decoding.nested.paths import values_at
from exporter.errors import UnreadableDate
from exporter.sources.partial_reads.key_scan import key_digest
from exporter.values.attribute_values import AttributeValue, kind_of
from exporter.values.dates import instant_from_epoch, instant_from_iso
from exporter.values.numbers import digits_of_number, is_exact, is_number

MOST_DISTINCT = 1000
"""Most different texts that are counted exactly."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


Item = Mapping[str, AttributeValue]


class _Page(msgspec.Struct):
    Items: list[dict[str, AttributeValue]] = []


_page = msgspec.json.Decoder(_Page)


@dataclass
class AttributeProfile:
    """The values of one attribute."""

    kinds: Counter[str] = field(default_factory=Counter)
    """DynamoDB type -> values, NULL included."""
    whole: int = 0
    """Numbers without a fraction."""
    inexact: int = 0
    """Numbers that a double does not hold."""
    smallest: Decimal | None = None
    largest: Decimal | None = None
    scales: Counter[int] = field(default_factory=Counter)
    """Digits after the point -> numbers."""
    wholes: Counter[int] = field(default_factory=Counter)
    """Digits before the point -> numbers."""
    long: int = 0
    """Numbers beyond 64 bits."""
    dates: int = 0
    """Texts that are `YYYY-MM-DD`."""
    times: int = 0
    """Texts with a date and a time in ISO 8601."""
    seconds: int = 0
    milliseconds: int = 0
    """Numbers between 2000 and next year, as seconds or milliseconds since 1970."""
    texts: set[str] = field(default_factory=set)
    """Different texts; once there are more than `MOST_DISTINCT`, not all of them."""
    seen: list[AttributeValue] = field(default_factory=list)
    """All values, NULL included."""
    numeric_texts: int = 0
    """Texts that a column of numbers takes."""

    @property
    def values(self) -> int:
        """Values other than NULL."""
        return sum(count for kind, count in self.kinds.items() if kind != "NULL")

    @property
    def kind(self) -> str | None:
        """The one type that all values have, or None."""
        kinds = [kind for kind in self.kinds if kind != "NULL"]
        return kinds[0] if len(kinds) == 1 else None

    @property
    def distinct(self) -> int | None:
        """Different texts, or None where there are too many to count."""
        return len(self.texts) if len(self.texts) <= MOST_DISTINCT else None

    @property
    def scale(self) -> int:
        """Most digits after the point."""
        return max(self.scales, default=0)

    @property
    def digits(self) -> int:
        """Most digits before the point."""
        return max(self.wholes, default=0)

    def add(self, value: AttributeValue, latest: dt.date) -> None:
        """Take one value into account."""
        kind = kind_of(value)
        self.kinds[kind] += 1
        self.seen.append(value)
        if value.N is not None:
            self._add_number(value.N, latest)
        elif value.S is not None:
            self._add_text(value.S)

    def _add_number(self, text: str, latest: dt.date) -> None:
        number = Decimal(text)
        self.smallest = number if self.smallest is None else min(self.smallest, number)
        self.largest = number if self.largest is None else max(self.largest, number)
        reach = digits_of_number(number)
        self.scales[reach.decimals] += 1
        self.wholes[reach.whole] += 1
        self.long += reach.is_long
        self.whole += reach.decimals == 0
        self.inexact += not is_exact(text, float(text))
        self.seconds += _is_time(text, 1, latest)
        self.milliseconds += _is_time(text, 1000, latest)

    def _add_text(self, text: str) -> None:
        if len(self.texts) <= MOST_DISTINCT:
            self.texts.add(text)
        self.numeric_texts += is_number(text)
        if _DATE.fullmatch(text):
            self.dates += _is_iso(text)
        elif _DATE.match(text):
            self.times += _is_iso(text)


@dataclass(frozen=True)
class Sampled:
    """A sample of items."""

    items: int
    attributes: Mapping[str, AttributeProfile]
    latest: dt.date
    """The last day that counts as a time."""

    def profile(self, path: AttributePath) -> AttributeProfile | None:
        """Return the profile of the values at a path; None where no item of the sample has one."""
        whole = self.attributes.get(path.root)
        if whole is None or not path.is_nested:
            return whole
        values = [value for value in values_at(whole.seen, path.steps)[0] if value is not None]
        inside = AttributeProfile()
        for value in values:
            inside.add(value, self.latest)
        return inside if values else None


def items_of(bodies: Iterable[bytes], table_key: Sequence[str]) -> list[Item]:
    """Return the items of some Query responses, each once: the first and the last page of few items overlap."""
    items = {key_digest(item, table_key): item for body in bodies for item in _page.decode(body).Items}
    return list(items.values())


def sampled(items: Sequence[Item], latest: dt.date) -> Sampled:
    """Return the profile of items; `latest` is the last day that counts as a time."""
    attributes: dict[str, AttributeProfile] = {}
    for item in items:
        for name, value in item.items():
            attributes.setdefault(name, AttributeProfile()).add(value, latest)
    return Sampled(len(items), attributes, latest)


def _is_time(text: str, per_second: int, latest: dt.date) -> bool:
    try:
        return 2000 <= instant_from_epoch(text, per_second).year <= latest.year
    except UnreadableDate:
        return False


def _is_iso(text: str) -> bool:
    try:
        instant_from_iso(text, dt.UTC)
    except UnreadableDate:
        return False
    return True
