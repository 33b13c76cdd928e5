"""Pages and items cost what DynamoDB charges for the bytes that were read."""

import pytest

from local.dynamodb.read_units import value_bytes

ITEMS, TEXT = 5, "x" * 1990
"""An item is `Id` and a digit, `Kind` and a letter, `Text` and its letters: 3 + 5 + 1,994 = 2,002 bytes."""


@pytest.fixture(scope="module")
def table(aws):
    """Five items of 2,002 bytes, with an index that carries them whole and one that carries their keys alone."""
    indexes = [
        {
            "IndexName": name,
            "KeySchema": [{"AttributeName": "Kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": kind},
        }
        for name, kind in (("whole", "ALL"), ("keys", "KEYS_ONLY"))
    ]
    aws.dynamodb.create_table(
        TableName="weighed",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("Id", "Kind")],
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=indexes,
    )
    for number in range(ITEMS):
        aws.dynamodb.put_item(
            TableName="weighed", Item={"Id": {"S": f"{number}"}, "Kind": {"S": "a"}, "Text": {"S": TEXT}}
        )
    return aws.dynamodb


OF_KIND = {
    "KeyConditionExpression": "Kind = :k",
    "ExpressionAttributeValues": {":k": {"S": "a"}},
}
NONE_IS_LEFT = {"FilterExpression": "Id = :i", "ExpressionAttributeValues": {":i": {"S": "none"}}}


@pytest.mark.parametrize(
    ("operation", "request_", "units"),
    [
        # 10,010 bytes are three times 4 KB begun: 1.5 units, or 3 of a consistent read.
        ("scan", {}, 1.5),
        ("scan", {"ConsistentRead": True}, 3.0),
        ("scan", NONE_IS_LEFT, 1.5),
        ("scan", {"ProjectionExpression": "Id"}, 1.5),
        ("scan", {"Select": "COUNT"}, 1.5),
        ("scan", {"Limit": 2}, 0.5),
        ("scan", {"Limit": 3}, 1.0),
        ("scan", {"IndexName": "keys"}, 0.5),
        ("query", {"IndexName": "whole"} | OF_KIND, 1.5),
        ("query", {"IndexName": "keys"} | OF_KIND, 0.5),
        ("query", {"IndexName": "whole", "ProjectionExpression": "Id"} | OF_KIND, 1.5),
        ("query", {"IndexName": "whole", "Limit": 3} | OF_KIND, 1.0),
    ],
)
def test_a_page_costs_half_a_unit_for_each_4_kb_that_it_read(table, operation, request_, units):
    """What a filter or a projection takes out is paid for; what an index does not carry, or a limit leaves, is not."""
    answer = getattr(table, operation)(TableName="weighed", ReturnConsumedCapacity="TOTAL", **request_)
    assert answer["ConsumedCapacity"] == {"TableName": "weighed", "CapacityUnits": units}


def test_segments_cost_what_their_items_weigh(table):
    """A segment without items costs half a unit, as every page does at least; the others what they hold."""
    answers = [
        table.scan(TableName="weighed", Segment=number, TotalSegments=40, ReturnConsumedCapacity="TOTAL")
        for number in range(40)
    ]
    assert sum(answer["Count"] for answer in answers) == ITEMS
    for answer in answers:
        assert answer["ConsumedCapacity"]["CapacityUnits"] == max(0.5, -(-answer["Count"] * 2002 // 4096) / 2)


def test_units_are_told_by_table_and_index_where_that_is_asked_for(table):
    """A read of an index takes nothing from the table."""
    answer = table.scan(TableName="weighed", IndexName="whole", ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"] == {
        "TableName": "weighed", "CapacityUnits": 1.5, "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"whole": {"CapacityUnits": 1.5}},
    }  # fmt: skip
    assert "ConsumedCapacity" not in table.scan(TableName="weighed")


def key(identity):
    return {"Id": {"S": identity}}


@pytest.fixture(scope="module")
def sized(aws):
    """Items of 10, 4,096 and 4,097 bytes, by names that say so."""
    aws.dynamodb.create_table(
        TableName="sized",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
    )
    for size in (10, 4096, 4097):
        text = "x" * (size - len("Id") - len(f"{size}") - len("T"))
        aws.dynamodb.put_item(TableName="sized", Item={**key(f"{size}"), "T": {"S": text}})
    return aws.dynamodb


@pytest.mark.parametrize(
    ("identity", "request_", "units"),
    [
        ("10", {}, 0.5),
        ("4096", {}, 0.5),
        ("4097", {}, 1.0),
        ("4097", {"ConsistentRead": True}, 2.0),
        ("4097", {"ProjectionExpression": "Id"}, 1.0),
        ("none", {}, 0.5),
        ("none", {"ConsistentRead": True}, 1.0),
    ],
)
def test_an_item_costs_half_a_unit_for_each_4_kb_begun(sized, identity, request_, units):
    """A consistent read costs twice as much, a projection saves nothing, an item that does not exist the least."""
    answer = sized.get_item(TableName="sized", Key=key(identity), ReturnConsumedCapacity="TOTAL", **request_)
    assert answer["ConsumedCapacity"] == {"TableName": "sized", "CapacityUnits": units}


@pytest.mark.parametrize(("request_", "units"), [({}, 2.5), ({"ConsistentRead": True}, 5.0)])
def test_items_of_a_batch_are_rounded_one_by_one(sized, table, request_, units):
    """10, 4,096 and 4,097 bytes and one that does not exist: 0.5 + 0.5 + 1 + 0.5; each table has its own sum."""
    asked = {
        "sized": {"Keys": [key(name) for name in ("10", "4096", "4097", "none")], **request_},
        "weighed": {"Keys": [key("0"), key("1")]},
    }
    answer = sized.batch_get_item(RequestItems=asked, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [
        {"TableName": "sized", "CapacityUnits": units}, {"TableName": "weighed", "CapacityUnits": 1.0},
    ]  # fmt: skip


def test_units_of_items_are_given_where_they_are_asked_for(sized):
    """Unasked there are none, and by index they are those of the table."""
    asked = {"sized": {"Keys": [key("10")]}}
    assert "ConsumedCapacity" not in sized.batch_get_item(RequestItems=asked)
    assert "ConsumedCapacity" not in sized.get_item(TableName="sized", Key=key("10"))
    (capacity,) = sized.batch_get_item(RequestItems=asked, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert capacity == {"TableName": "sized", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "Grüße"}, 7),
        ({"B": b"\x00\xff"}, 2),
        ({"N": "0"}, 1),
        ({"N": "-12.50"}, 3),
        ({"N": "12345678901234567890123456789012345678"}, 20),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "234"]}, 5),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"M": {}}]}, 10),
        ({"M": {"key": {"S": "ab"}}}, 9),
    ],
)
def test_values_weigh_what_dynamodb_counts(value, size):
    """Text its UTF-8, a number a byte and half its digits, a list or a map three bytes and one for each element."""
    assert value_bytes(value) == size
