"""An index flows in, what its first and last items are flows out: readable days, unreadable days or nothing.

A run asks this before it accepts that a published day has become empty. A wrong partition value finds no items. A wrong
date format finds no items in its ranges, or items without a readable day. Both look like deleted items.
"""

from dataset_model import Source
from exporter.decoding.page import texts_at_ends
from exporter.planning.key_ranges import EVERY_KEY
from exporter.planning.removal_policy import Answer
from exporter.planning.sort_key import SortKey
from exporter.sources.index import Index

_PROBED_ITEMS = 50
"""Items read at each end of a partition value; a few unreadable ones among them prove nothing."""


def index_answer(index: Index, source: Source, sort_key: SortKey) -> Answer:
    """Return what the first and last items of the partition values are; a day that is readable ends the search."""
    answer: Answer = "nothing"
    for value in source.partition_values:
        for probe in (index.first_items, index.last_items):
            body = probe(value, EVERY_KEY, _PROBED_ITEMS)
            texts, _ = texts_at_ends(body, source.sort_key, sort_key.attribute_type, _PROBED_ITEMS)
            if sort_key.days(texts).is_valid().true_count:
                return "readable days"
            if len(texts):
                answer = "unreadable days"
    return answer
