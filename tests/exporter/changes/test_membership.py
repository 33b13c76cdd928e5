"""What an index holds of an item, and what it carries."""

import pytest

from dataset_model import Dataset, IndexSource
from exporter.changes.membership import Membership, part_of


def dataset(partition_key="Kind", values=("A",), sort_key="At") -> Dataset:
    source = IndexSource(
        table="ttt", index="iii", partition_key=partition_key, partition_values=values, sort_key=sort_key
    )
    return Dataset(name="rows", source=source)


@pytest.mark.parametrize(
    ("attributes", "held"),
    [
        ({"Kind": {"S": "A"}, "At": {"S": "t"}}, True),
        ({"Kind": {"S": "B"}, "At": {"S": "t"}}, False),
        ({"Kind": {"S": "A"}}, False),
        ({"At": {"S": "t"}}, False),
        ({"Kind": {"NULL": True}, "At": {"S": "t"}}, False),
        ({"Kind": {"S": "A"}, "At": {"N": "1"}}, False),
        ({"Kind": {"L": [{"S": "A"}]}, "At": {"S": "t"}}, False),
    ],
)
def test_an_index_holds_items_with_both_keys_of_its_types(attributes, held):
    """As DynamoDB: an item without a key, or with one of another type, is not in the index."""
    found = Membership(dataset(), ("S",), "S", None).carried(attributes)
    assert (found == attributes) is held


def test_numbers_are_compared_by_value():
    """A value written as 1 holds an item with the number 1.0."""
    membership = Membership(dataset(values=("1",)), ("N",), "N", None)
    assert membership.carried({"Kind": {"N": "1.0"}, "At": {"N": "5"}}) is not None


def test_all_parts_of_a_composite_key_count():
    """An index with two partition key attributes holds an item where both are those of one value."""
    membership = Membership(dataset(["Tenant", "Region"], [["t", "eu"], ["u", "us"]]), ("S", "S"), "S", None)
    assert membership.carried({"Tenant": {"S": "t"}, "Region": {"S": "eu"}, "At": {"S": "x"}}) is not None
    assert membership.carried({"Tenant": {"S": "t"}, "Region": {"S": "us"}, "At": {"S": "x"}}) is None


@pytest.mark.parametrize("odd", ["Other", 'quo"te', "back\\slash", "Ümläut"])
def test_an_index_carries_its_projection(odd):
    """Attributes that are not projected are left out, whatever the names."""
    membership = Membership(dataset(sort_key=odd), ("S",), "S", frozenset({"Id", "Kind", odd}))
    item = {"Id": {"S": "1"}, "Kind": {"S": "A"}, odd: {"S": "t"}, "More": {"S": "x"}}
    assert membership.carried(item) == {name: value for name, value in item.items() if name != "More"}
    assert part_of(item, {odd}) == {odd: {"S": "t"}}
