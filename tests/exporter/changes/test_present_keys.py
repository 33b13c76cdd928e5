"""Which items are on a day, or gone from it, by its file and its change files."""

import datetime as dt
import random

import pyarrow as pa
import pytest

from dataset_model.records.changes import CHANGE_COLUMNS, SEQUENCE_DIGITS, milliseconds
from exporter.changes.change_files import write_changes
from exporter.changes.present_keys import present_keys, removed_keys
from exporter.storage.object_store import Store
from exporter.targets.stamps import digests_of, key_texts

DAY, AS_OF = dt.date(2026, 2, 10), dt.datetime(2026, 2, 16, tzinfo=dt.UTC)


def digest(number):
    """Return 16 bytes."""
    return bytes([number]) * 16


def numbers(digests):
    """Return the first byte of each hash, sorted."""
    return sorted(one[0] for one in digests.to_pylist())


def changes(*found):
    """Return rows of a change file; each is given by key, seconds since `AS_OF`, sequence number and operation."""
    keys, seconds, sequences, operations = zip(*found, strict=True)
    texts = key_texts(pa.array(map(digest, keys), pa.binary(16)))
    at = pa.array([milliseconds(AS_OF) + 1000 * second for second in seconds], pa.int64())
    padded = [f"{sequence:0>{SEQUENCE_DIGITS}}" for sequence in sequences]
    return pa.table(dict(zip(CHANGE_COLUMNS, (texts, at, padded, operations), strict=True)))


def test_the_latest_change_of_a_key_decides_and_counts_since_the_reading(scene):
    """Over several files in any order: a larger number wins, also of 25 digits, and one before the reading is none."""
    table = scene()
    store = Store(table.s3, "reports")
    for rows in (
        changes((1, 5, 50, "U"), (2, 5, 50, "D"), (3, -5, 40, "D"), (4, 5, 50, "T"), (7, 9, 10**24, "D")),
        changes((1, 6, 60, "D"), (2, 4, 40, "U"), (5, 0, 45, "U"), (6, 9, 90, "U"), (7, 9, 9 * 10**23, "U")),
    ):
        write_changes(store, table.prefix, {DAY: rows})
    held = pa.array(map(digest, (1, 2, 3, 4, 8)), pa.binary(16))
    assert numbers(present_keys(store, table.prefix, DAY, held, AS_OF)) == [3, 5, 6, 8]
    assert numbers(removed_keys(store, table.prefix, DAY, AS_OF)) == [1, 2, 7]
    assert numbers(removed_keys(store, table.prefix, DAY, None)) == [1, 2, 3, 7]


@pytest.mark.parametrize("seed", range(3))
def test_hashes_are_read_from_their_texts_in_every_slice(seed):
    """What `key_texts` wrote is read again, of a part of an array as well."""
    chance = random.Random(seed)
    keys = pa.array([chance.randbytes(16) for _ in range(20)], pa.binary(16))
    first, length = chance.randrange(20), chance.randrange(21)
    assert digests_of(key_texts(keys).slice(first, length)).equals(keys.slice(first, length))
