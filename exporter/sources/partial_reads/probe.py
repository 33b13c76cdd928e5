"""An index flows in, what its first and last items are flows out: readable days, unreadable days or nothing.

A run asks this before it accepts that a published day has become empty, and whenever it has read no row. A wrong
partition value finds no items. A wrong date format finds no items in its ranges, or items without a readable day. Both
look like days without items.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from dataset_model import IndexSource, Source
from dataset_model.records.manifest import Manifest
from exporter.decoding.batch import DecodedPage
from exporter.decoding.page import texts_at_ends
from exporter.planning.format_guess import guessed_format
from exporter.planning.key_ranges import EVERY_KEY
from exporter.planning.removal_policy import IndexState
from exporter.planning.sort_key import SortKey
from exporter.sources.description import other_index_advice
from exporter.sources.index import Index

_PROBED_ITEMS = 50
"""Items read at each end of a partition value; a few unreadable ones among them prove nothing."""

_SHOWN = 60


@dataclass(frozen=True)
class Probe:
    """What the ends of an index, or the items of a table, hold."""

    answer: IndexState
    unreadable: tuple[str, ...] = ()
    """Texts and numbers without a readable day, if there is no readable one."""


class RunningProbe:
    """The kinds of items that a reading of everything has found so far."""

    def __init__(self) -> None:
        self._readable, self._withheld = 0, 0
        self._unreadable: dict[str, None] = {}

    def observe(self, page: DecodedPage) -> None:
        """Take account of a page; the caller sees to it that pages come one at a time."""
        self._readable += page.rows.num_rows if page.items_by_day is None else sum(page.items_by_day.values())
        self._withheld += len(page.withheld)
        for item in page.withheld[: _PROBED_ITEMS - len(self._unreadable)]:
            stored = msgspec.json.decode(item.item).get(item.attribute, {})
            found = (stored.get("S"), stored.get("N"))
            self._unreadable |= dict.fromkeys(text for text in found if text is not None)

    @property
    def result(self) -> Probe:
        """The kinds of items found."""
        if self._readable:
            return Probe("readable days")
        return Probe("unreadable days", tuple(self._unreadable)) if self._withheld else Probe("nothing")


def probe_index(index: Index, source: IndexSource, sort_key: SortKey) -> Probe:
    """Return what the first and last items of the partition values are; a day that is readable ends the search."""
    unreadable: dict[str, None] = {}  # each once: the ends of a short key overlap
    for value in source.partition_values:
        for items in (index.first_items, index.last_items):
            body = items(value, EVERY_KEY, _PROBED_ITEMS)
            texts, _ = texts_at_ends(body, source.sort_key, sort_key.attribute_type, _PROBED_ITEMS)
            if sort_key.days(texts).is_valid().true_count:
                return Probe("readable days")
            unreadable |= dict.fromkeys(texts.to_pylist())
            if len(texts) < _PROBED_ITEMS:
                break  # these were all
    return Probe("unreadable days", tuple(unreadable)) if unreadable else Probe("nothing")


def unreadable_reason(
    probe: Probe, source: Source, sort_key: SortKey, other_indexes: tuple[str, ...] = ()
) -> str | None:
    """Return why a source of unreadable days is a wrong setting, and the format that reads it; None for any other."""
    if probe.answer != "unreadable days":
        return None
    if not probe.unreadable:
        return (
            f"no item of {source.named} has a text or a number in {source.sort_key}, so none of them has a day. "
            "Correct DATE_ATTRIBUTE."
        )
    keys = pa.array(probe.unreadable, pa.string())
    guess = guessed_format(keys, sort_key)
    example = probe.unreadable[0]
    shown = example if len(example) <= _SHOWN else f"{example[:_SHOWN]}..."
    advice = "No known format reads them. Set DATE_FORMAT to the strptime pattern of these keys."
    advice += other_index_advice(other_indexes)
    if guess:
        advice = f"{guess.date_format} reads {guess.readable:,} of them. Set DATE_FORMAT={guess.date_format}"
        advice += f", or {guess.other}, which reads as many: look at the data." if guess.other else "."
    seen = f"{len(keys):,} different {'sort keys' if source.index else 'dates'} looked at"
    return (
        f"no item of {source.named} has a readable date: DATE_FORMAT is {source.date_format}, and none of {seen} is in "
        f"it, for example {shown!r}. {advice}"
    )


def empty_values(
    index: Index, source: IndexSource, manifest: Manifest | None, answered: Collection[str] = ()
) -> Iterator[str]:
    """Yield the partition values that hold nothing now and never held a published row.

    `answered` are values that are known to hold items. Costs one read of one item for each of the others.
    """
    published = manifest.seen() if manifest else set()
    for value in source.partition_values:
        if value not in answered and value not in published and not _holds_items(index, source, value):
            yield value


def empty_value_warning(value: str, source: IndexSource) -> str:
    """Return the warning for a partition value that holds nothing."""
    return (
        f"partition value {value} of {' and '.join(source.partition_attributes)} holds no item and has never held one: "
        "check its spelling and case (GSI_PK_VALUE)"
    )


def _holds_items(index: Index, source: IndexSource, value: str) -> bool:
    body = index.first_items(value, EVERY_KEY, 1)
    texts, _ = texts_at_ends(body, source.sort_key, index.description.sort_key_type, 1)
    return len(texts) > 0
