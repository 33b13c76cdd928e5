"""Calls, their transcripts and scorecards, as their system writes them."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from changing import ask, event

HEARD = "heard"
NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
"""When the table is read."""


DERIVED = ("call_duration_seconds", "call_duration_rule", "answer_type", "transcript_s3_key")
PAYLOAD = {
    "agentId": {"S": "a-7"}, "agentName": {"S": "Ada"}, "allocation": {"S": "auto"}, "direction": {"S": "Inbound"},
    "fileName": {"S": "c-1.wav"}, "firstOrFollowUp": {"S": "First"}, "medium": {"S": "Phone"}, "program": {"S": "P"},
    "queueId": {"N": "0012"}, "queueName": {"S": "Sales"}, "sessionId": {"S": "s-1"}, "siteId": {"S": "4"},
    "siteName": {"S": "North"}, "tenantId": {"S": "t"}, "s3Bucket": {"S": "recordings"},
}  # fmt: skip


def transcript(*ends: str, speakers: int = 2) -> dict[str, Any]:
    """Return a Transcribe result as it is documented: times are texts, punctuation has none."""
    items = [{"type": "pronunciation", "start_time": "0.0", "end_time": end, "alternatives": []} for end in ends]
    segments = [{"speaker_label": f"spk_{number}", "items": []} for number in range(speakers)]
    labels = {"speakers": speakers, "segments": segments}
    return {"results": {"items": [*items, {"type": "punctuation", "alternatives": []}], "speaker_labels": labels}}


def heard(call_id: str, content: dict[str, Any]) -> None:
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    s3.put_object(Bucket=HEARD, Key=f"transcripts/{call_id}.json", Body=json.dumps(content).encode())


def call(call_id: str, at: str = "2026-02-16T10:00:00Z", **payload: dict[str, Any]) -> dict[str, Any]:
    """Return a call as the table has it; `Kind` is there for the index of the tests."""
    return {
        "callId": {"S": call_id},
        "callTimestampUtc": {"S": at},
        "payload": {"M": PAYLOAD | payload},
        "Kind": {"S": "A"},
    }


def changed(number: int, new: dict[str, Any] | None, old: dict[str, Any] | None) -> dict[str, Any]:
    """Return a record of the stream of calls."""
    return event(number, NOW, new, old, key="callId")


class System:
    """A shipped dataset on a table of its own, by the interface of the scenes of other tests."""

    def __init__(self, made: Any, folder: Path, name: str, key: str, at: str) -> None:
        self.made, self.folder, self.name, self.key, self.at = made, folder, name, key, at
        self.table, self.database, self.prefix = f"{name}-{made.table}", made.database, made.prefix
        self.dynamodb = made.dynamodb
        self.dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in (key, "Kind", at)],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-kind",
                    "KeySchema": [
                        {"AttributeName": "Kind", "KeyType": "HASH"},
                        {"AttributeName": at, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        self.use("scan")

    def use(self, kind: str, table: str = "rows") -> None:
        """Read the table by a scan, as shipped, or by an index, below a prefix of its own."""
        content = yaml.safe_load(Path(f"datasets/{self.name}.yaml").read_text())
        shipped = content["source"]
        source = {"table": self.table, "date_format": shipped["date_format"], "time_zone": "UTC"}
        by_index = {"index": "by-kind", "partition_key": "Kind", "partition_values": ["A"], "sort_key": self.at}
        by_scan = {"kind": "scan", "date_attribute": shipped["date_attribute"]}
        content["source"] = source | (by_index if kind == "index" else by_scan)
        content["target"] = {"prefix": f"{self.made.prefix}-{kind}", "database": self.database, "table": table}
        file = self.folder / f"{self.name}-{kind}.yaml"
        file.write_text(yaml.safe_dump(content))
        self.made.prefix = self.prefix = f"{self.made.prefix}-{kind}"
        self.made.variables = {
            "S3_BUCKET": "reports", "AWS_REGION": "us-east-1", "DATASET": str(file), "TRANSCRIBE_BUCKET": HEARD,
        }  # fmt: skip

    def put(self, *items: dict[str, Any]) -> None:
        for each in items:
            self.dynamodb.put_item(TableName=self.table, Item=each)

    def settings(self) -> Any:
        return self.made.settings()

    def export(self, **options: Any) -> Any:
        return self.made.export(everything=True, now=NOW, **options)

    def published(self) -> list[dict[str, Any]]:
        """Return the rows of the days' files."""
        keys = [key for key in self.made.keys("year=") if key.endswith(".parquet")]
        rows = [row for key in keys for row in self.made.table_of(key).to_pylist()]
        return sorted(({name: row[name] for name in row if not name.startswith("_")} for row in rows), key=str)

    def live(self, columns: str) -> list[tuple[str | None, ...]]:
        return sorted(ask(self, f"SELECT {columns} FROM rows_live WHERE year = 2026"))


CALLS = {
    "human": transcript("3.0", "75.5"),
    "voicemail": transcript("12.0", speakers=1),
    "short": transcript("9.9"),
    "audio": {"results": {"audio_duration": 40, "items": []}},
    "silent": {"results": {"items": []}},
    "broken": {"status": "FAILED"},
    "none": None,
}
