"""The manifests of a table export flow in, the list of its data files flows out, checked against one another.

DynamoDB writes `manifest-summary.json`, `manifest-files.json` with a line for each data file, and a `.md5` of each.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Literal, Protocol, TypeVar

import msgspec

from exporter.errors import SourceError


class Objects(Protocol):
    """Reads the objects of the bucket that holds an export."""

    @property
    def bucket(self) -> str:
        """The bucket."""

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Return an object's bytes and ETag, or None where there is none."""

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes in pieces."""


ExportType = Literal["FULL_EXPORT", "INCREMENTAL_EXPORT"]

_Manifest = TypeVar("_Manifest", bound=msgspec.Struct)


class ExportFile(msgspec.Struct, frozen=True, rename="camel"):
    """A data file: gzipped lines of DynamoDB JSON."""

    data_file_s3_key: str = msgspec.field(name="dataFileS3Key")
    item_count: int = 0
    md5_checksum: str = msgspec.field(name="md5Checksum", default="")
    """Of the file as it is stored, in base64."""

    @property
    def key(self) -> str:
        """The object's key."""
        return self.data_file_s3_key


class Summary(msgspec.Struct, frozen=True, rename="camel"):
    """What an export states about itself."""

    export_arn: str
    table_arn: str
    item_count: int
    manifest_files_s3_key: str = msgspec.field(name="manifestFilesS3Key")
    export_time: str = ""
    """As of when the items are; none of an incremental export."""
    export_from_time: str = ""
    export_to_time: str = ""
    """The window of an incremental export, half-open."""
    output_view: str = ""
    output_format: Literal["DYNAMODB_JSON", "ION"] = "DYNAMODB_JSON"
    export_type: ExportType = "FULL_EXPORT"


def read_files(
    objects: Objects, summary_key: str, wanted: ExportType = "FULL_EXPORT"
) -> tuple[Summary, tuple[ExportFile, ...]]:
    """Return an export's summary and data files; raise SourceError where a manifest is missing or damaged."""
    summary = _parsed(_checked(objects, summary_key), Summary, f"s3://{objects.bucket}/{summary_key}")
    if summary.output_format != "DYNAMODB_JSON" or summary.export_type != wanted:
        raise SourceError(
            f"export {summary.export_arn} is {summary.export_type} in {summary.output_format}; needed is {wanted} "
            "in DYNAMODB_JSON. Start another export"
        )
    key = summary.manifest_files_s3_key
    lines = _checked(objects, key).splitlines()
    files = tuple(_parsed(line, ExportFile, f"s3://{objects.bucket}/{key}") for line in lines if line.strip())
    if (listed := sum(file.item_count for file in files)) != summary.item_count:
        raise SourceError(
            f"export {summary.export_arn} holds {summary.item_count:,} items, and its files add up to {listed:,}. "
            "Nothing was read from it. Start another export"
        )
    return summary, files


def _checked(objects: Objects, key: str) -> bytes:
    where = f"s3://{objects.bucket}/{key}"
    found = objects.read(key)
    if found is None:
        raise SourceError(f"{where} is missing: the export has not completed, or was removed. Start another export")
    checksum = objects.read(key.removesuffix(".json") + ".md5")
    digest = hashlib.md5(found[0])  # noqa: S324 - the checksum that DynamoDB writes
    if checksum is not None and checksum[0].decode(errors="replace").strip() != md5_text(digest):
        raise SourceError(
            f"{where} is not what DynamoDB wrote: its MD5 differs from the .md5 file. Start another export"
        )
    return found[0]


def md5_text(digest: "hashlib._Hash") -> str:
    """Return an MD5 digest as DynamoDB writes it."""
    return base64.b64encode(digest.digest()).decode()


def _parsed(body: bytes, struct: type[_Manifest], where: str) -> _Manifest:
    try:
        return msgspec.json.decode(body, type=struct)
    except msgspec.DecodeError as error:
        raise SourceError(f"{where} is no manifest of a table export: {error}") from None
