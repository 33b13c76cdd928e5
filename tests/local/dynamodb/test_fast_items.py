"""The short way of writing items says the same as moto's own."""

import pytest
from moto.core import serialize

from local.dynamodb import fast_items

ITEM = {
    "Id": {"S": "1"},
    "Text": {"S": 'Grüße\n"quoted"'},
    "Empty": {"S": ""},
    "Number": {"N": "12345678901234567890123456789012345678"},
    "Flag": {"BOOL": False},
    "Nothing": {"NULL": True},
    "Blob": {"B": b"\x00\xff"},
    "Map": {"M": {"S": {"S": "a"}, "inner": {"M": {"list": {"L": [{"N": "1"}, {"B": b"x"}, {"L": []}]}}}}},
    "Strings": {"SS": ["a", "b"]},
    "Numbers": {"NS": ["1", "2.5"]},
    "Blobs": {"BS": [b"\x01", b"\x02"]},
}


@pytest.mark.parametrize("operation", ["query", "scan", "get_item"])
def test_items_are_the_same_as_moto_writes_them(aws, operation, monkeypatch):
    """Every DynamoDB type comes back from query, scan and get as put, by the short way and by moto's."""
    dynamodb = aws.dynamodb
    dynamodb.create_table(
        TableName=f"quick-{operation}",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
    )
    dynamodb.put_item(TableName=f"quick-{operation}", Item=ITEM)
    arguments = {
        "query": {"KeyConditionExpression": "Id = :i", "ExpressionAttributeValues": {":i": {"S": "1"}}},
        "scan": {},
        "get_item": {"Key": {"Id": {"S": "1"}}},
    }[operation]

    def read() -> dict:
        answer = getattr(dynamodb, operation)(TableName=f"quick-{operation}", **arguments)
        return answer["Item"] if operation == "get_item" else answer["Items"][0]

    quick = read()
    monkeypatch.setattr(serialize.JSONSerializer, "_serialize_type_structure", fast_items._general)
    assert quick == read() == ITEM
