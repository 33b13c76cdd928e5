"""A table with point-in-time recovery over groups of histories: its index, its items, and exports of its windows."""

import base64
import datetime as dt
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

from index_stub import IndexStub

from exporter.storage.object_store import Store

from .histories import BEGIN, TICK, Group

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/ttt"
SINCE = BEGIN - dt.timedelta(days=1)


class WindowStub(IndexStub):
    """Answers what `changes` and an export ask; an export has completed when it is started."""

    def __init__(self, groups: list[Group], store: Store, clock: Callable[[], dt.datetime]) -> None:
        self.groups, self._store, self._clock = groups, store, clock
        self.on_query: Callable[[], None] = lambda: None
        self.exports: dict[str, dict[str, Any]] = {}
        super().__init__([], 1 << 20)

    def answer(self, operation: str, request: dict[str, Any]) -> bytes:
        """Return the body of an answer."""
        match operation:
            case "DescribeTable":
                answer = json.loads(super().answer(operation, request))
                answer["Table"]["TableArn"] = ARN
            case "Query":
                self.on_query()
                return super().answer(operation, request)
            case "DescribeContinuousBackups":
                recovery = {
                    "PointInTimeRecoveryStatus": "ENABLED", "EarliestRestorableDateTime": SINCE.timestamp(),
                    "LatestRestorableDateTime": self._clock().timestamp(),
                }  # fmt: skip
                answer = {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}
            case "ExportTableToPointInTime":
                answer = {"ExportDescription": self._export(request)}
            case "DescribeExport":
                answer = {"ExportDescription": self.exports[request["ExportArn"]]}
            case "ListExports":
                answer = {"ExportSummaries": []}
            case "BatchGetItem":
                answer = self._items(request["RequestItems"]["ttt"]["Keys"])
            case _:
                raise AssertionError(operation)
        return json.dumps(answer).encode()

    def _items(self, keys: list[dict[str, Any]]) -> dict[str, Any]:
        ticks = (self._clock() - BEGIN) / TICK
        wanted = {key["Id"]["S"] for key in keys}
        found: dict[str, Any] = {}
        for group in self.groups:
            for change in group.changes:
                if change.key in wanted and change.at <= ticks:
                    found[change.key] = group.image(change.key, change.new)
        items = [image for image in found.values() if image is not None]
        return {"Responses": {"ttt": items}, "ConsumedCapacity": [{"TableName": "ttt", "CapacityUnits": len(keys) / 2}]}

    def _export(self, request: dict[str, Any]) -> dict[str, Any]:
        window = request["IncrementalExportSpecification"]
        start, end = (dt.datetime.fromtimestamp(window[name], dt.UTC) for name in ("ExportFromTime", "ExportToTime"))
        arn = f"{ARN}/export/{len(self.exports):08}-0000000000000"
        folder = f"{request['S3Prefix']}/AWSDynamoDB/{arn.rpartition('/')[2]}"
        lines = self._lines(start, end)
        files = []
        for number, part in enumerate((lines[::2], lines[1::2])):
            body = gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in part))
            key = f"{folder.rpartition('/')[0]}/data/{len(self.exports)}-{number}.json.gz"
            self._store.write(key, body)
            files.append({"itemCount": len(part), "md5Checksum": _md5(body), "etag": "", "dataFileS3Key": key})
        self._manifest(f"{folder}/manifest-files", b"".join(json.dumps(file).encode() + b"\n" for file in files))
        summary = {
            "exportArn": arn, "tableArn": ARN, "itemCount": len(lines), "outputFormat": "DYNAMODB_JSON",
            "manifestFilesS3Key": f"{folder}/manifest-files.json", "exportType": "INCREMENTAL_EXPORT",
            "exportFromTime": start.isoformat(), "exportToTime": end.isoformat(), "outputView": "NEW_AND_OLD_IMAGES",
        }  # fmt: skip
        self._manifest(f"{folder}/manifest-summary", json.dumps(summary).encode())
        self.exports[arn] = {
            "ExportArn": arn, "ExportStatus": "COMPLETED", "TableArn": ARN, "S3Bucket": self._store.bucket,
            "ExportManifest": f"{folder}/manifest-summary.json", "ExportType": "INCREMENTAL_EXPORT",
        }  # fmt: skip
        return self.exports[arn]

    def _lines(self, start: dt.datetime, end: dt.datetime) -> list[dict[str, Any]]:
        """Return the items that were written in [start, end), but for those that came and went in it."""
        lines: dict[str, dict[str, Any]] = {}
        for group in self.groups:
            for change in group.changes:
                moment = BEGIN + change.at * TICK
                if start <= moment < end:
                    old = (
                        lines[change.key].get("OldImage")
                        if change.key in lines
                        else group.image(change.key, change.old)
                    )
                    micros = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
                    images = {"OldImage": old, "NewImage": group.image(change.key, change.new)}
                    lines[change.key] = {
                        "Metadata": {"WriteTimestampMicros": {"N": str(micros)}}, "Keys": {"Id": {"S": change.key}},
                        **{name: image for name, image in images.items() if image is not None},
                    }  # fmt: skip
        return [line for line in lines.values() if "OldImage" in line or "NewImage" in line]

    def _manifest(self, name: str, body: bytes) -> None:
        self._store.write(f"{name}.json", body)
        self._store.write(f"{name}.md5", _md5(body).encode())


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()  # noqa: S324 - as DynamoDB writes it
