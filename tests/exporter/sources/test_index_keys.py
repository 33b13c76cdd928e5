"""Which indexes can be read, by their key attributes and the declared values."""

import re
from typing import Any

import pytest
from stubbed import VARIABLES

from dataset_model import IndexSource, dataset_from_environment
from exporter.errors import SourceError
from exporter.planning.key_ranges import EVERY_KEY, KeyRange
from exporter.sources.description import SourceDescription, describe_source
from exporter.sources.index import Index
from exporter.sources.partition_values import declared_value
from exporter.sources.rate_limiter import RateLimiter
from exporter.values.attribute_values import AttributeValue

TYPES = {"Id": "S", "Kind": "S", "At": "S", "Seq": "N", "Region": "S", "Number": "N"}


class _Events:
    def register(self, *_: object) -> None:
        """Take no hook."""

    register_first = register


class Client:
    """A client of a table with an index of the given key attributes: what AWS allows and the stand-in does not."""

    def __init__(self, partition: str, sort: str) -> None:
        keys = [(name, "HASH") for name in partition.split()] + [(name, "RANGE") for name in sort.split()]
        self._schema = [{"AttributeName": name, "KeyType": kind} for name, kind in keys]
        self.meta = self
        self.events = _Events()
        self.queries: list[dict[str, Any]] = []

    def describe_table(self, **_: object) -> dict[str, Any]:
        types = [{"AttributeName": name, "AttributeType": kind} for name, kind in TYPES.items()]
        projection = {"ProjectionType": "ALL"}
        index = {"IndexName": "iii", "KeySchema": self._schema, "Projection": projection}
        key = [{"AttributeName": "Id", "KeyType": "HASH"}]
        return {"Table": {"KeySchema": key, "AttributeDefinitions": types, "GlobalSecondaryIndexes": [index]}}

    def query(self, **request: Any) -> dict[str, Any]:
        self.queries.append(request)
        return {"ResponseMetadata": {"HTTPHeaders": {}}, "Count": 0, "Items": []}


def described(client: Client, **variables: str) -> SourceDescription:
    return describe_source(client, dataset_from_environment(VARIABLES | variables))  # type: ignore[arg-type]


def test_the_first_sort_attribute_is_the_time():
    """An index with At and Seq as sort key attributes is read by ranges of At."""
    assert described(Client("Kind", "At Seq")).sort_key_type == "S"


def test_every_partition_attribute_has_its_condition():
    """An index with two partition attributes is read with one condition for each, values in the order of attributes."""
    client = Client("Kind Number", "At")
    variables = {"GSI_PK_ATTRIBUTE": '["Kind", "Number"]', "GSI_PK_VALUE": '[["A", 7], ["B", "7"]]'}
    dataset = dataset_from_environment(VARIABLES | variables)
    assert dataset.source.partition_values == ('["A","7"]', '["B","7"]')
    description = describe_source(client, dataset)  # type: ignore[arg-type]
    index = Index(client, dataset, description, RateLimiter(1))  # type: ignore[arg-type]
    index.first_items('["B","7"]', KeyRange("2026", None), 5)
    (query,) = client.queries
    assert query["KeyConditionExpression"] == "#p0 = :p0 AND #p1 = :p1 AND #s >= :l"
    assert query["ExpressionAttributeNames"] == {"#p0": "Kind", "#p1": "Number", "#s": "At"}
    assert query["ExpressionAttributeValues"] == {":p0": {"S": "B"}, ":p1": {"N": "7"}, ":l": {"S": "2026"}}


def test_one_partition_attribute_is_asked_for_as_before():
    """The usual index has one condition for its value."""
    client = Client("Kind", "At")
    dataset = dataset_from_environment(VARIABLES)
    index = Index(client, dataset, describe_source(client, dataset), RateLimiter(1))  # type: ignore[arg-type]
    index.first_items("A", EVERY_KEY, 5)
    assert client.queries[0]["KeyConditionExpression"] == "#p = :p"
    assert client.queries[0]["ExpressionAttributeValues"] == {":p": {"S": "A"}}


@pytest.mark.parametrize(
    ("keys", "variables", "reason"),
    [
        (("Kind", ""), {}, "index iii has no sort key, so nothing in it places an item on a day"),
        (("Kind", "Seq At"), {}, "At is not the first sort key attribute of index iii, which has Seq, At"),
        (
            ("Kind Region", "At"), {},
            'index iii has 2 partition key attributes; declared is Kind. Set GSI_PK_ATTRIBUTE=\'["Kind", "Region"]\'',
        ),
        (("Region", "At"), {}, "index iii has the keys Region and At; declared are Kind and At. Correct GSI_PK_ATTR"),
        (
            ("Kind", "At"), {"GSI_PK_ATTRIBUTE": '["Kind", "Region"]', "GSI_PK_VALUE": '[["A", "b"]]'},
            "index iii has the keys Kind and At; declared are Kind and Region and At. Correct GSI_PK_ATTRIBUTE",
        ),
        (
            ("Number", "At"), {"GSI_PK_ATTRIBUTE": "Number", "GSI_PK_VALUE": "1,1.0"},
            "partition values 1 and 1.0 are the same key of index iii, because Number compares as a number",
        ),
        (
            ("Number", "At"), {"GSI_PK_ATTRIBUTE": "Number", "GSI_PK_VALUE": "10,1E1"},
            "partition values 10 and 1E1 are the same key of index iii",
        ),
        (
            ("Number", "At"), {"GSI_PK_ATTRIBUTE": "Number", "GSI_PK_VALUE": "01,2,1"},
            "partition values 01 and 1 are the same key of index iii",
        ),
        (
            ("Number", "At"), {"GSI_PK_ATTRIBUTE": "Number", "GSI_PK_VALUE": "VOICE"},
            "partition key Number of index iii is a number; found 'VOICE'. Correct GSI_PK_VALUE.",
        ),
        (
            ("Kind Number", "At"),
            {"GSI_PK_ATTRIBUTE": '["Kind", "Number"]', "GSI_PK_VALUE": '[["A", "1"], ["A", "1.0"]]'},
            'partition values ["A","1"] and ["A","1.0"] are the same key of index iii',
        ),
    ],
)  # fmt: skip
def test_an_index_that_cannot_be_read_is_refused_by_what_it_is(keys, variables, reason):
    """The message names the index, what it has, and a setting only if a setting is wrong."""
    with pytest.raises(SourceError, match=re.escape(reason)):
        described(Client(*keys), **variables)


@pytest.mark.parametrize("values", ["1,2", "1,10", "a,A", "1,-1"])
def test_different_keys_stay_different(values):
    """Numbers of other values, and texts that differ in case, are keys of their own."""
    attribute = "Kind" if "a" in values else "Number"
    assert described(Client(attribute, "At"), GSI_PK_ATTRIBUTE=attribute, GSI_PK_VALUE=values).table_key == ("Id",)


def test_texts_that_look_like_one_number_are_two_keys():
    """A text key compares as text: 1 and 1.0 are read one after the other."""
    assert described(Client("Kind", "At"), GSI_PK_VALUE="1,1.0").partition_key_types == ("S",)


@pytest.mark.parametrize(
    ("item", "found"),
    [({"N": "1"}, "1.0"), ({"S": "1"}, None), ({"S": "1.0"}, "1.0"), ({"N": "3"}, None), ({"NULL": True}, None)],
)
def test_an_item_has_a_declared_value_as_its_key_compares(item, found):
    """An item with the number 1 has the value that is declared as 1.0; the text 1 does not."""
    source = IndexSource(table="ttt", index="iii", partition_key="Kind", partition_values=("1.0", "2"), sort_key="At")
    assert declared_value({"Kind": AttributeValue(**item)}, source) == found
