"""The manifests of a table export flow in, the list of its data files flows out, checked against one another.

DynamoDB writes `manifest-summary.json`, `manifest-files.json` with a line for each data file, and a `.md5` of each.
They lie in a folder of the export, and the summary names the export and its table. Its data files are below that
folder, those of an incremental export in the folder `data` next to it; a file elsewhere is none of the export,
whatever a manifest says.
"""

import base64
import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, Protocol, TypeVar

import msgspec

from exporter.errors import SourceError
from exporter.sources.table_export.exporting import CompletedExport


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
    billed_size_bytes: int = 0
    """What its price is for."""
    export_time: str = ""
    """As of when the items are; none of an incremental export."""
    export_from_time: str = ""
    export_to_time: str = ""
    """The window of an incremental export, half-open."""
    output_view: str = ""
    output_format: Literal["DYNAMODB_JSON", "ION"] = "DYNAMODB_JSON"
    export_type: ExportType = "FULL_EXPORT"


def read_files(
    objects: Objects, export: CompletedExport, wanted: ExportType = "FULL_EXPORT"
) -> tuple[Summary, tuple[ExportFile, ...]]:
    """Return an export's summary and data files.

    Raises SourceError where a manifest is missing or damaged, or is of another export, or where they do not agree on
    what the files are.
    """
    summary_key = export.summary_key
    where = f"s3://{objects.bucket}/{summary_key}"
    summary = _parsed(_checked(objects, summary_key), Summary, where)
    if (summary.export_arn, summary.table_arn) != (export.arn, export.table_arn):
        raise SourceError(
            f"{where} is the manifest of export {summary.export_arn} of table {summary.table_arn}; needed is that of "
            f"export {export.arn} of table {export.table_arn}. Nothing was read from it. Start another export"
        )
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
    _require_own_files(summary, summary_key, files, objects.bucket)
    if wanted == "FULL_EXPORT":
        _require_time(summary)
    return summary, files


def _require_time(summary: Summary) -> None:
    try:
        is_aware = dt.datetime.fromisoformat(summary.export_time).tzinfo is not None
    except ValueError:
        is_aware = False
    if not is_aware:
        raise SourceError(
            f"export {summary.export_arn} states no exportTime with a time zone ({summary.export_time!r}), so it is "
            "not known which days it may replace. Start another export"
        )


def _require_own_files(summary: Summary, summary_key: str, files: Sequence[ExportFile], bucket: str) -> None:
    """Raise SourceError for a file that is listed twice, lies elsewhere, or has no checksum to be held against."""
    folder = summary_key.rpartition("/")[0]
    data = f"{folder}/data/" if summary.export_type == "FULL_EXPORT" else f"{folder.rpartition('/')[0]}/data/"
    counted = Counter(file.key for file in files)
    for file in files:
        if counted[file.key] > 1:
            reason = f"it is listed {counted[file.key]} times, so its items would be counted as often"
        elif not file.key.startswith(data.lstrip("/")):
            reason = f"the files of this export are below s3://{bucket}/{data.lstrip('/')}"
        elif not file.md5_checksum:
            reason = "it is listed without md5Checksum"
        else:
            continue
        raise SourceError(
            f"export {summary.export_arn} lists s3://{bucket}/{file.key}, and {reason}. Nothing was read from it. "
            "Start another export"
        )


def _checked(objects: Objects, key: str) -> bytes:
    where = f"s3://{objects.bucket}/{key}"
    found = objects.read(key)
    if found is None:
        raise SourceError(f"{where} is missing: the export has not completed, or was removed. Start another export")
    checksum = objects.read(key.removesuffix(".json") + ".md5")
    if checksum is None:
        raise SourceError(f"{where} has no .md5 file, so it cannot be verified. Start another export")
    digest = hashlib.md5(found[0])  # noqa: S324 - the checksum that DynamoDB writes
    if checksum[0].decode(errors="replace").strip() != md5_text(digest):
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
