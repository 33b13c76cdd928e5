"""Exports of a table to S3 as DynamoDB writes them: two manifests with their MD5, and several gzipped data files.

moto writes one file without manifests, fails without a prefix, and answers 500 for an unknown export. Incremental
exports are refused here.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
import zlib
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.dynamodb import responses
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.table_export import TableExport

from local.dynamodb.fast_items import attribute_value

FILES = 4
"""DynamoDB writes about one for each partition of the table, some of them empty."""


class _ExportNotFound(JsonRESTError):
    def __init__(self, arn: str) -> None:
        super().__init__("com.amazonaws.dynamodb.v20120810#ExportNotFoundException", f"Export not found: {arn}")


def write_whole_exports() -> None:
    """Replace moto's way of exporting in this process; calling it again changes nothing."""
    TableExport._backup_to_s3_file = _write  # type: ignore[method-assign,assignment]  # noqa: SLF001 - the method that is replaced
    TableExport.response = _response  # type: ignore[method-assign]
    responses.DynamoHandler.export_table_to_point_in_time = _start  # type: ignore[method-assign]
    responses.DynamoHandler.describe_export = _describe  # type: ignore[method-assign]


def _start(self: Any) -> Any:
    if self.body.get("ExportType", "FULL_EXPORT") != "FULL_EXPORT":
        raise MockValidationException("the stand-in knows full exports alone")
    if self.body.get("ExportFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON":
        raise MockValidationException("the stand-in knows DYNAMODB_JSON alone")
    export = self.dynamodb_backend.export_table(
        s3_bucket=self.body["S3Bucket"],
        s3_prefix=self.body.get("S3Prefix"),
        table_arn=self.body["TableArn"],
        export_type="FULL_EXPORT",
        export_format="DYNAMODB_JSON",
        s3_bucket_owner=self.body.get("S3BucketOwner"),
    )
    return ActionResult({"ExportDescription": export.response()})


def _describe(self: Any) -> Any:
    arn = self.body["ExportArn"]
    if arn not in self.dynamodb_backend.table_exports:
        raise _ExportNotFound(arn)
    return ActionResult({"ExportDescription": self.dynamodb_backend.describe_export(arn).response()})


def _write(self: Any, backend: Any) -> None:
    now = dt.datetime.now(dt.UTC)
    folder = _folder(self)
    parts: list[list[bytes]] = [[] for _ in range(FILES)]
    for item in self.table.all_items():
        attributes = {name: attribute_value(value) for name, value in item.attrs.items()}
        line = json.dumps({"Item": attributes}, ensure_ascii=False, separators=(",", ":")).encode()
        parts[zlib.crc32(repr(item.hash_key).encode()) % FILES].append(line)
    files = [
        _file(backend, self.s3_bucket, f"{folder}/data/{number:026x}.json.gz", lines)
        for number, lines in enumerate(parts)
    ]
    self.item_count = sum(file["itemCount"] for file in files)
    listed = "".join(json.dumps(file, separators=(",", ":")) + "\n" for file in files)
    _manifest(backend, self.s3_bucket, f"{folder}/manifest-files", listed.encode())
    stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    summary = {
        "version": "2020-06-30", "exportArn": self.arn, "startTime": stamp, "endTime": stamp,
        "tableArn": self.table.table_arn, "tableId": "00000000-0000-0000-0000-000000000000", "exportTime": stamp,
        "s3Bucket": self.s3_bucket, "s3Prefix": self.s3_prefix, "s3SseAlgorithm": "AES256", "s3SseKmsKeyId": None,
        "manifestFilesS3Key": f"{folder}/manifest-files.json", "billedSizeBytes": self.processed_bytes,
        "itemCount": self.item_count, "outputFormat": "DYNAMODB_JSON", "exportType": "FULL_EXPORT",
    }  # fmt: skip
    _manifest(backend, self.s3_bucket, f"{folder}/manifest-summary", json.dumps(summary).encode())
    self.status = "COMPLETED"


def _response(self: Any) -> dict[str, Any]:
    done = {"ExportManifest": f"{_folder(self)}/manifest-summary.json"} if self.status == "COMPLETED" else {}
    failed = {"FailureCode": self.failure_code, "FailureMessage": self.failure_message} if self.failure_code else {}
    return {
        "ExportArn": self.arn, "ExportStatus": self.status, "TableArn": self.table.table_arn,
        "S3Bucket": self.s3_bucket, "ExportFormat": "DYNAMODB_JSON", "ExportType": "FULL_EXPORT",
        "ItemCount": self.item_count, "BilledSizeBytes": self.processed_bytes, **done, **failed,
        **({"S3Prefix": self.s3_prefix} if self.s3_prefix else {}),
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
