"""Exports of a table to S3 as DynamoDB writes them: two manifests with their MD5, and several gzipped data files.

moto writes one file without manifests, fails without a prefix, answers 500 for an unknown export and for a list of the
exports of all tables, names an export by an ARN within an ARN, and takes an incremental export for a full one.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from threading import Thread
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb import responses
from moto.dynamodb.exceptions import MockValidationException, PointInTimeRecoveryUnavailable, TableNotFoundException
from moto.dynamodb.models.table_export import TableExport

from local.dynamodb import write_history
from local.dynamodb.fast_items import attribute_value
from local.dynamodb.write_history import History, history_of, keep_histories

FILES = 4
"""DynamoDB writes about one for each partition of the table, some of them empty."""

SHORTEST_SECONDS, LONGEST_SECONDS = 15 * 60, 24 * 3600
"""Of the window of an incremental export."""

_ERRORS = "com.amazonaws.dynamodb.v20120810#"


class _ExportConflict(JsonRESTError):
    def __init__(self) -> None:
        super().__init__(_ERRORS + "ExportConflictException", "the client token was used with other parameters")


class _InvalidExportTime(JsonRESTError):
    def __init__(self) -> None:
        super().__init__(_ERRORS + "InvalidExportTimeException", "the window is not within the recovery period")


class _ExportNotFound(JsonRESTError):
    def __init__(self, arn: str) -> None:
        super().__init__(_ERRORS + "ExportNotFoundException", f"Export not found: {arn}")


def write_whole_exports() -> None:
    """Replace moto's way of exporting in this process; calling it again changes nothing."""
    keep_histories()
    TableExport._backup_to_s3_file = _write  # type: ignore[method-assign,assignment]  # noqa: SLF001 - the method that is replaced
    TableExport.response = _response  # type: ignore[method-assign]
    TableExport.__reduce__ = _reduced  # type: ignore[method-assign]
    responses.DynamoHandler.export_table_to_point_in_time = _start  # type: ignore[method-assign]
    responses.DynamoHandler.describe_export = _describe  # type: ignore[method-assign]
    responses.DynamoHandler.list_exports = _list  # type: ignore[method-assign]


def _reduced(self: Any) -> Any:
    """Let an export be saved with moto's state, although it is a thread: what it was asked and has become."""
    return _restored, ({name: value for name, value in self.__dict__.items() if name not in Thread().__dict__},)


def _restored(known: dict[str, Any]) -> TableExport:
    export = TableExport.__new__(TableExport)
    export.__dict__ |= known
    return export


def _start(self: Any) -> Any:
    body, backend = self.body, self.dynamodb_backend
    if body.get("ExportFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON":
        raise MockValidationException("the stand-in knows DYNAMODB_JSON alone")
    for known in backend.table_exports.values():
        if "ClientToken" in body and known.asked.get("ClientToken") == body["ClientToken"]:
            if known.asked != body:
                raise _ExportConflict
            return ActionResult({"ExportDescription": known.response()})
    table = next((one for one in backend.tables.values() if one.table_arn == body["TableArn"]), None)
    if table is None:
        raise TableNotFoundException(name=body["TableArn"])
    history = history_of(table)
    if history is None:
        raise PointInTimeRecoveryUnavailable(name=table.name)
    kind = body.get("ExportType", "FULL_EXPORT")
    if kind == "INCREMENTAL_EXPORT":
        _check_window(history, *_window(body))
    export: Any = TableExport(
        s3_bucket=body["S3Bucket"], s3_prefix=body.get("S3Prefix", ""), region_name=backend.region_name,
        account_id=body.get("S3BucketOwner") or backend.account_id, table=table, export_format="DYNAMODB_JSON",
        export_type=kind,
    )  # fmt: skip
    export.asked, export.history = dict(body), history
    export.arn = f"{table.table_arn}/export/{export.arn.rpartition('/')[2]}"
    backend.table_exports[export.arn] = export
    described = export.response()
    export.start()
    return ActionResult({"ExportDescription": described})


def _window(body: Any) -> tuple[float, float]:
    """Return the window of an incremental export in seconds since 1970."""
    asked = body.get("IncrementalExportSpecification", {})
    start, end = asked.get("ExportFromTime"), asked.get("ExportToTime")
    if start is None or end is None:
        raise MockValidationException("the stand-in needs ExportFromTime and ExportToTime")
    return _seconds(start), _seconds(end)


def _seconds(moment: float | dt.datetime) -> float:
    if not isinstance(moment, dt.datetime):
        return float(moment)
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _check_window(history: History, start: float, end: float) -> None:
    if not SHORTEST_SECONDS <= end - start <= LONGEST_SECONDS:
        raise MockValidationException("The export period must be between 15 minutes and 24 hours")
    if start < history.since or end > write_history.clock():
        raise _InvalidExportTime


def _describe(self: Any) -> Any:
    arn = self.body["ExportArn"]
    if arn not in self.dynamodb_backend.table_exports:
        raise _ExportNotFound(arn)
    return ActionResult({"ExportDescription": self.dynamodb_backend.describe_export(arn).response()})


def _list(self: Any) -> Any:
    table = self.body.get("TableArn")
    exports = [one for one in self.dynamodb_backend.table_exports.values() if table in {None, one.table.table_arn}]
    named = ("ExportArn", "ExportStatus", "ExportType")
    return ActionResult({"ExportSummaries": [{name: one.response()[name] for name in named} for one in exports]})


def _write(self: Any, backend: Any) -> None:
    now = dt.datetime.now(dt.UTC)
    folder, incremental = _folder(self), self.export_type == "INCREMENTAL_EXPORT"
    parts: list[list[bytes]] = [[] for _ in range(FILES)]
    for place, line in _changed(self) if incremental else _items(self):
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        parts[zlib.crc32(place.encode()) % FILES].append(text.encode())
    # Data files of an incremental export lie together, below no folder of the export.
    data = f"{folder.rpartition('/')[0]}/data/{self.arn[-12:]}" if incremental else f"{folder}/data/"
    files = [
        _file(backend, self.s3_bucket, f"{data}{number:026x}.json.gz", lines) for number, lines in enumerate(parts)
    ]
    self.item_count = sum(file["itemCount"] for file in files)
    if incremental:  # which is billed by what it writes, and not by the table
        self.processed_bytes = sum(len(line) for lines in parts for line in lines)
    listed = "".join(json.dumps(file, separators=(",", ":")) + "\n" for file in files)
    _manifest(backend, self.s3_bucket, f"{folder}/manifest-files", listed.encode())
    stamp = _stamp(now.timestamp())
    about = (
        dict(zip(("exportFromTime", "exportToTime"), map(_stamp, _window(self.asked)), strict=True))
        | {"outputView": "NEW_AND_OLD_IMAGES"}
        if incremental
        else {"exportTime": stamp}
    )
    summary = {
        "version": "2023-08-01" if incremental else "2020-06-30", "exportArn": self.arn, "startTime": stamp,
        "endTime": stamp, "tableArn": self.table.table_arn, "tableId": "00000000-0000-0000-0000-000000000000",
        **about, "s3Bucket": self.s3_bucket, "s3Prefix": self.s3_prefix, "s3SseAlgorithm": "AES256",
        "s3SseKmsKeyId": None, "manifestFilesS3Key": f"{folder}/manifest-files.json",
        "billedSizeBytes": self.processed_bytes, "itemCount": self.item_count, "outputFormat": "DYNAMODB_JSON",
        "exportType": self.export_type,
    }  # fmt: skip
    _manifest(backend, self.s3_bucket, f"{folder}/manifest-summary", json.dumps(summary).encode())
    self.status = "COMPLETED"


def _items(export: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what chooses the file, and the line, of each item of a table."""
    for item in export.table.all_items():
        attributes = {name: attribute_value(value) for name, value in item.attrs.items()}
        yield repr(item.hash_key), {"Item": attributes}


def _changed(export: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the same for each item that was written in the window; without a new image it is deleted."""
    for write in export.history.changes(*_window(export.asked)):
        line: dict[str, Any] = {
            "Metadata": {"WriteTimestampMicros": {"N": str(write.micros)}},
            "Keys": json.loads(write.key),
        }
        images = {"OldImage": write.old, "NewImage": write.new}
        yield write.key, line | {name: image for name, image in images.items() if image is not None}


def _stamp(seconds: float) -> str:
    text = dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _response(self: Any) -> dict[str, Any]:
    done = {"ExportManifest": f"{_folder(self)}/manifest-summary.json"} if self.status == "COMPLETED" else {}
    failed = {"FailureCode": self.failure_code, "FailureMessage": self.failure_message} if self.failure_code else {}
    return {
        "ExportArn": self.arn, "ExportStatus": self.status, "TableArn": self.table.table_arn,
        "S3Bucket": self.s3_bucket, "ExportFormat": "DYNAMODB_JSON", "ExportType": self.export_type,
        "ItemCount": self.item_count, "BilledSizeBytes": self.processed_bytes, **done, **failed,
        **({"S3Prefix": self.s3_prefix} if self.s3_prefix else {}),
        **{name: self.asked[name] for name in ("IncrementalExportSpecification", "ClientToken") if name in self.asked},
    }  # fmt: skip


def _folder(export: Any) -> str:
    return "/".join(filter(None, [export.s3_prefix, "AWSDynamoDB", export.arn.rpartition("/")[2]]))


def _file(backend: Any, bucket: str, key: str, lines: list[bytes]) -> dict[str, Any]:
    body = gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)
    digest = hashlib.md5(body)  # noqa: S324 - the checksum that DynamoDB writes
    backend.put_object(bucket_name=bucket, key_name=key, value=body)
    return {
        "itemCount": len(lines), "md5Checksum": base64.b64encode(digest.digest()).decode(),
        "etag": digest.hexdigest(), "dataFileS3Key": key,
    }  # fmt: skip


def _manifest(backend: Any, bucket: str, name: str, body: bytes) -> None:
    digest = hashlib.md5(body)  # noqa: S324 - as for a data file
    backend.put_object(bucket_name=bucket, key_name=f"{name}.json", value=body)
    backend.put_object(bucket_name=bucket, key_name=f"{name}.md5", value=base64.b64encode(digest.digest()))
