"""The operations tables, made from their template in the stand-in and filled with a few items."""

import contextlib
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer

from infra.settings.templates import FOLDER, document_from_text
from tests.infra.rendering import Rendering

TABLES = {"Metrics": "iops-dashboard-metrics", "Insights": "iops-dashboard-insights"}
_AT_CREATION = ("TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")

Put = Callable[[str, dict[str, Any]], None]


@pytest.fixture
def put(aws, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Put one item into one of the two tables, which are empty at first."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    client = boto3.client("dynamodb")
    made = Rendering(document_from_text((FOLDER / "operations.yaml").read_text(encoding="utf-8")), {}).resources
    for name, table in TABLES.items():
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.delete_table(TableName=table)
        client.create_table(**{key: made[name]["Properties"][key] for key in _AT_CREATION})
    serializer = TypeSerializer()

    def put_item(table: str, item: dict[str, Any]) -> None:
        client.put_item(
            TableName=TABLES[table], Item={name: serializer.serialize(value) for name, value in item.items()}
        )

    return put_item
