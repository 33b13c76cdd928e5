"""What the manifest records about a day: distinct values and the hash of its keys."""

import pyarrow as pa
import pytest

from exporter.decoding.key_hash import KeyHash
from exporter.targets.day_file import _Distinct

KEYS = pa.array([bytes([number] * 16) for number in range(1, 101)], pa.binary(16))


def hash_of(*parts: pa.Array) -> str:
    """Return the hash of keys that come in these parts."""
    keys = KeyHash()
    for part in parts:
        keys.add(part)
    return keys.hexadecimal()


def test_a_key_hash_is_the_sum_of_the_hashes():
    """Two keys of ones and twos add up to threes; the sum wraps at 128 bits."""
    assert hash_of(KEYS.slice(0, 2)) == "03" * 16
    assert hash_of(pa.array([b"\xff" * 16, b"\x02" + b"\x00" * 15], pa.binary(16))) == f"{1:032x}"


def test_a_key_hash_is_free_of_order_and_of_pages():
    """The same keys give the same hash in every delivery: at once, cut into slices, last part first."""
    assert hash_of(KEYS.slice(60), KEYS.slice(0, 7), KEYS.slice(7, 53)) == hash_of(KEYS)
    assert hash_of(KEYS.slice(1)) != hash_of(KEYS)


@pytest.mark.parametrize(("distinct", "kept"), [(500, True), (501, False)])
@pytest.mark.parametrize("repeats", [1, 9])
def test_a_dimension_lists_at_most_500_values(distinct, kept, repeats):
    """A column of up to 500 values lists them, null is none of them, and one more gives the column up."""
    values = [None, *[f"{number:04}" for number in range(distinct)]]
    found = _Distinct(["queue", "absent"])
    found.add(pa.table({"queue": values * repeats}))
    assert found.values().get("queue") == (tuple(values[1:]) if kept else None)


def test_values_of_all_row_groups_count_together():
    """Values that are few in each row group may be too many for the day."""
    found = _Distinct(["queue"])
    for start in (0, 300):
        found.add(pa.table({"queue": [str(number) for number in range(start, start + 300)]}))
    assert "queue" not in found.values()
