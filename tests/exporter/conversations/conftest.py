"""A table of conversations of the test's own, its settings, and what was published of it."""

import datetime as dt
import io
import itertools

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.config import Config

from exporter.conversations.normalize import normalize
from exporter.conversations.settings import conversation_settings
from exporter.conversations.uploaded_csv import publish_upload

NOW = dt.datetime(2026, 2, 17, 4, 30, tzinfo=dt.UTC)
BUCKET = "reports"
_numbers = itertools.count(1)


class Talks:
    """A table of conversations, its settings, and what was published of it."""

    def __init__(self) -> None:
        number = next(_numbers)
        self.table, self.prefix = f"talks-{number}", f"talks-{number}"
        self.variables = {
            "S3_BUCKET_NAME": BUCKET, "DYNAMODB_TABLE_NAME": self.table, "PROJECT_ID": "shop", "ENVIRONMENT": "TEST",
            "CLIENT": "north-retail", "AWS_REGION": "us-east-1", "CURATED_PREFIX": f"{self.prefix}/curated",
            "CLEAN_PREFIX": f"{self.prefix}/reports/etl-process1", "ATHENA_DATABASE": f"cat_{number}_analytics_db",
        }  # fmt: skip
        self.s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
        self.dynamodb = boto3.client("dynamodb")
        self.dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "conversationId", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "conversationId", "KeyType": "HASH"}],
        )

    def put(self, identity: str, started: str, *messages: tuple[str, str], **attributes: dict) -> None:
        listed = [
            {"M": {"messageId": {"S": f"{identity}-{at}"}, "role": {"S": role}, "text": {"S": text}}}
            for at, (role, text) in enumerate(messages)
        ]
        item = {"conversationId": {"S": identity}, "startedAt": {"S": started}, "messages": {"L": listed}}
        self.dynamodb.put_item(TableName=self.table, Item=item | attributes)

    def normalize(self, now: dt.datetime = NOW, **event) -> dict:
        return normalize(conversation_settings(self.variables), event, clock=lambda: now)

    def hand_in(self, name: str, text: str | bytes, **more) -> list[dict]:
        key = f"{self.prefix}/reports/etl-process1/{name}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text, **more)
        return publish_upload(conversation_settings(self.variables), BUCKET, key, lambda: NOW)

    def keys(self, below: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.prefix}/{below}").get("Contents", [])
        return [item["Key"].removeprefix(f"{self.prefix}/") for item in found]

    def body(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}")["Body"].read()

    def rows(self, dataset: str, day: str = "16") -> list[dict]:
        body = self.body(f"curated/{dataset}/year=2026/month=02/day={day}/data.parquet")
        return pq.ParquetFile(io.BytesIO(body)).read().to_pylist()


@pytest.fixture
def talks(aws) -> Talks:
    made = Talks()
    made.put(
        "talk-1", "2026-02-16T10:00:00Z", ("user", "Where is my order?"), ("bot", 'It "left", today.'),
        endedAt={"S": "2026-02-16T10:01:30Z"}, channel={"S": "web"}, client={"S": "another"},
        feedback={"M": {"rating": {"N": "5"}, "text": {"S": "Great!\nThanks"}}},
    )  # fmt: skip
    made.put("talk-2", "2026-02-16T11:00:00Z")
    made.put("talk-3", "2026-02-15T11:00:00Z", ("agent", "Hello"))
    return made
