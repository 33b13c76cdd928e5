"""Bytes and files flow to and from S3 objects, replaced only if their ETag is the one seen. The only S3 module."""

import datetime as dt
import math
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from exporter.errors import ExportError, StaleRun, StoreError
from exporter.runtime.sdk_errors import code_of, credentials_problem, key_permission, message_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART_BYTES = 5 << 20
"""Larger files go up in parts of this size, so that memory holds one part and not the file; S3 takes no smaller one."""

MOST_PARTS = 10_000
"""Parts that S3 takes of one object; those of a file that would need more are larger."""

_GONE = {"404", "NoSuchKey", "NotFound"}
_CHANGED = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}
_UNSUPPORTED = {"501", "NotImplemented"}
_WITHOUT_BODY = {"400", "403"}
"""Codes of a refused HEAD request: its answer has no body and so no reason."""

_PERMISSIONS = {
    "reach": "s3:ListBucket", "list": "s3:ListBucket", "read": "s3:GetObject", "write": "s3:PutObject",
    "delete": "s3:DeleteObject",
}  # fmt: skip

_MARK = "written-as"
_OWNER = "dataset"
"""Metadata that identifies one write. When an answer is lost, the SDK sends the request again, and S3 refuses the
second one because of the first."""

_BODY_ATTEMPTS = 4
"""The SDK repeats requests, but not the reading of a body that breaks off."""


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing shows it; the ETag is without quotes."""

    key: str
    etag: str
    bytes: int
    modified: dt.datetime | None = field(default=None, compare=False)
    """When it was written; None for one that this program has written itself."""


class Store:
    """Objects of one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket
        self._deletes_conditionally = True

    def check(self) -> None:
        """Raise StoreError where the bucket does not exist or may not be used."""
        try:
            self._client.head_bucket(Bucket=self.bucket)
        except (ClientError, BotoCoreError) as error:
            raise self._error(self._explained(error), "reach", "") from None

    def _explained(self, error: ClientError | BotoCoreError) -> ClientError | BotoCoreError:
        """Return S3's reason for a refused HEAD request: the error of a GET request, which has a body."""
        if code_of(error) in _WITHOUT_BODY:
            try:
                self._client.list_objects_v2(Bucket=self.bucket, MaxKeys=1)
            except (ClientError, BotoCoreError) as explained:
                return explained
        return error

    def objects(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Yield the objects with keys that start with `prefix`, in key order, from the one that follows `after`."""
        pages = self._client.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix, StartAfter=after):
                for found in page.get("Contents", []):
                    yield StoredObject(found["Key"], found["ETag"].strip('"'), found["Size"], found["LastModified"])
        except (ClientError, BotoCoreError) as error:
            raise self._error(error, "list", prefix) from None

    def read(self, key: str, part: tuple[int, int] | None = None) -> tuple[bytes, str] | None:
        """Return an object's bytes, or those of a part (offset, length), and its ETag; None where there is none."""
        wanted: dict[str, Any] = {"Range": f"bytes={part[0]}-{sum(part) - 1}"} if part else {}
        for attempt in range(1, _BODY_ATTEMPTS + 1):
            try:
                response = self._client.get_object(Bucket=self.bucket, Key=key, **wanted)
                return response["Body"].read(), response["ETag"].strip('"')
            except (IncompleteReadError, ResponseStreamingError, ReadTimeoutError) as error:
                if attempt == _BODY_ATTEMPTS:
                    raise self._error(error, "read", key) from None
            except (ClientError, BotoCoreError) as error:
                if code_of(error) in _GONE:
                    return None
                raise self._error(error, "read", key) from None
        raise AssertionError  # the last attempt has returned or raised

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes in pieces, so that memory holds one of them; a body that breaks off is read on."""
        at, etag = 0, None
        for attempt in range(1, _BODY_ATTEMPTS + 1):
            wanted: dict[str, Any] = {"Range": f"bytes={at}-", "IfMatch": etag} if etag else {}
            try:
                response = self._client.get_object(Bucket=self.bucket, Key=key, **wanted)
                etag = response["ETag"]
                for chunk in response["Body"].iter_chunks(1 << 20):
                    at += len(chunk)
                    yield chunk
            except (IncompleteReadError, ResponseStreamingError, ReadTimeoutError) as error:
                if attempt == _BODY_ATTEMPTS:
                    raise self._error(error, "read", key) from None
            except (ClientError, BotoCoreError) as error:
                raise self._error(error, "read", key) from None
            else:
                return

    def read_end(self, key: str, size: int) -> bytes | None:
        """Return an object's last `size` bytes, the whole of a smaller one, or None where there is none."""
        try:
            return self._client.get_object(Bucket=self.bucket, Key=key, Range=f"bytes=-{size}")["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if code_of(error) in _GONE:
                return None
            if code_of(error) == "InvalidRange":  # an empty object has no last byte
                return b""
            raise self._error(error, "read", key) from None

    def download(self, found: StoredObject, file: Path) -> None:
        """Copy an object to a local file; raise StaleRun where it is no longer what was found."""
        for attempt in range(1, _BODY_ATTEMPTS + 1):
            try:
                response = self._client.get_object(Bucket=self.bucket, Key=found.key, IfMatch=f'"{found.etag}"')
                with file.open("wb") as target:
                    for chunk in response["Body"].iter_chunks(1 << 20):
                        target.write(chunk)
            except (IncompleteReadError, ResponseStreamingError, ReadTimeoutError) as error:
                if attempt == _BODY_ATTEMPTS:
                    raise self._error(error, "read", found.key) from None
            except (ClientError, BotoCoreError) as error:
                raise self._error(error, "read", found.key) from None
            else:
                return

    def write(self, key: str, body: bytes, *, content_type: str = "application/json") -> str:
        """Put an object unconditionally; return its ETag."""
        return self._put(key, body, content_type, {})

    def owner(self, key: str) -> str:
        """Return the dataset that an object states as its own; "" where it states none, or is gone."""
        try:
            return self._client.head_object(Bucket=self.bucket, Key=key)["Metadata"].get(_OWNER, "")
        except (ClientError, BotoCoreError) as error:
            if code_of(error) in _GONE:
                return ""
            raise self._error(error, "read", key) from None

    def replace(
        self, key: str, body: bytes, seen: str | None, *, content_type: str = "application/json", owner: str = ""
    ) -> str:
        """Put an object where its ETag is still `seen` (None: where there is none); return the new ETag.

        Raises StaleRun if another writer has changed it since. `owner` is the dataset that the object states.
        """
        return self._put(key, body, content_type, _condition(seen), owner)

    def replace_with_file(self, key: str, file: Path, seen: str | None, *, content_type: str, owner: str = "") -> str:
        """Replace an object as `replace` does by a file's content: in one put, or in parts completed at once."""
        if file.stat().st_size <= PART_BYTES:
            return self.replace(key, file.read_bytes(), seen, content_type=content_type, owner=owner)
        mark = _mark(owner)
        try:
            upload = self._client.create_multipart_upload(
                Bucket=self.bucket, Key=key, ContentType=content_type, Metadata=mark
            )
        except (ClientError, BotoCoreError) as error:
            raise self._error(error, "write", key) from None
        target: dict[str, Any] = {"Bucket": self.bucket, "Key": key, "UploadId": upload["UploadId"]}
        try:
            parts = self._upload_parts(file, target)
            done = self._client.complete_multipart_upload(
                **target, MultipartUpload={"Parts": parts}, **_condition(seen)
            )
        except (ClientError, BotoCoreError) as error:
            if code_of(error) in _CHANGED | {"NoSuchUpload"} and (etag := self._etag_of(key, mark)):
                return etag
            self._abort(target)
            raise self._error(error, "write", key) from None
        except BaseException:
            self._abort(target)
            raise
        return done["ETag"].strip('"')

    def remove(self, key: str, seen: str) -> None:
        """Delete an object that still has the ETag `seen`; raise StaleRun if it has changed.

        Some services refuse a condition on DeleteObject (LocalStack 4.14.0 answers 501). There the ETag is compared
        just before the deletion: with the lease, only a run that is paused in between for minutes could err.
        """
        try:
            if self._deletes_conditionally and self._delete_if_match(key, seen):
                return
            found = self._client.head_object(Bucket=self.bucket, Key=key)
            if found["ETag"].strip('"') != seen:
                raise self._changed(key)
            self._client.delete_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            if code_of(error) in _GONE:
                return
            raise self._error(error, "delete", key) from None

    def _delete_if_match(self, key: str, seen: str) -> bool:
        """Delete an object on a condition; return False where the service knows no such condition."""
        try:
            self._client.delete_object(Bucket=self.bucket, Key=key, IfMatch=f'"{seen}"')
        except ClientError as error:
            if code_of(error) not in _UNSUPPORTED:
                raise
            self._deletes_conditionally = False
        return self._deletes_conditionally

    def _put(self, key: str, body: bytes, content_type: str, condition: dict[str, Any], owner: str = "") -> str:
        mark = _mark(owner) if condition else {}
        try:
            response = self._client.put_object(
                Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, Metadata=mark, **condition
            )
        except (ClientError, BotoCoreError) as error:
            if mark and code_of(error) in _CHANGED and (etag := self._etag_of(key, mark)):
                return etag
            raise self._error(error, "write", key) from None
        return response["ETag"].strip('"')

    def _upload_parts(self, file: Path, target: dict[str, Any]) -> list[Any]:
        parts: list[Any] = []
        size = file.stat().st_size
        part = max(PART_BYTES, math.ceil(size / MOST_PARTS))
        with file.open("rb") as stream:
            for number in range(1, math.ceil(size / part) + 1):
                # No variable holds a part: it is freed before the next one is read.
                answer = self._client.upload_part(**target, PartNumber=number, Body=stream.read(part))
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        return parts

    def _etag_of(self, key: str, mark: dict[str, str]) -> str | None:
        """Return the ETag of an object if this write made it, else None."""
        try:
            found = self._client.head_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError):
            return None
        return found["ETag"].strip('"') if found["Metadata"].get(_MARK) == mark[_MARK] else None

    def _abort(self, target: dict[str, Any]) -> None:
        # Parts of an upload that is never completed are invisible but paid for.
        try:
            self._client.abort_multipart_upload(**target)
        except (ClientError, BotoCoreError):
            return  # the bucket's lifecycle rule removes what could not be aborted here

    def _error(self, error: ClientError | BotoCoreError, verb: str, key: str) -> ExportError:
        what = f"s3://{self.bucket}/{key}".rstrip("/")
        if problem := credentials_problem(error):
            return StoreError(f"cannot {verb} {what}: {problem}")
        if not isinstance(error, ClientError):
            return StoreError(f"cannot {verb} {what}: {error}. Check the network and AWS_ENDPOINT_URL.")
        code = code_of(error)
        # An object that was to be replaced and is gone has changed as well.
        if code in _CHANGED or (verb == "write" and code in {"404", "NoSuchKey"}):
            return self._changed(key)
        if code == "NoSuchBucket" or (not key and code in _GONE):
            return StoreError(f"bucket {self.bucket} does not exist. Check S3_BUCKET and AWS_REGION.")
        return self._refusal(code, message_of(error), verb, what)

    def _refusal(self, code: str, message: str, verb: str, what: str) -> StoreError:
        if code in {"403", "AccessDenied"}:
            action = key_permission(message)
            needs = f"{action} on the bucket's key" if action else f"{_PERMISSIONS[verb]} on it"
            return StoreError(f"may not {verb} {what}: access denied ({message}). The role needs {needs}.")
        if code == "400":
            return StoreError(
                f"cannot {verb} {what}: S3 refused without a reason (400). Expired credentials look like this, and a "
                "wrong AWS_REGION. Renew the credentials and check the region."
            )
        return StoreError(f"cannot {verb} {what}: {message} ({code})")

    def _changed(self, key: str) -> StaleRun:
        what = f"s3://{self.bucket}/{key}"
        return StaleRun(f"{what} changed after this run began, so another run is newer. Run again.")


def _condition(seen: str | None) -> dict[str, Any]:
    return {"IfNoneMatch": "*"} if seen is None else {"IfMatch": f'"{seen}"'}


def _mark(owner: str) -> dict[str, str]:
    return {_MARK: secrets.token_hex(8)} | ({_OWNER: owner} if owner else {})
