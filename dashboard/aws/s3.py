"""Keys flow in; objects and presigned links flow out. The only module with an S3 client."""

import contextlib
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from dashboard.aws.errors import error_from_sdk
from dashboard.errors import ResultMissing
from dashboard.quality.verification_status import StoredObject
from sdk_session import new_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LINK_SECONDS = 300
"""Lifetime of a presigned link: long enough to click, too short to share."""


READ_ATTEMPTS: Final = 3
"""Reads of an object after broken answers; the SDK repeats requests, but not a body that it has begun to give."""

T = TypeVar("T")


class Objects:
    """Reads and writes objects. `public_endpoint` is S3 as the browser reaches it, where that is another name."""

    def __init__(self, region: str | None = None, public_endpoint: str | None = None) -> None:
        self._region = region
        self._public_endpoint = public_endpoint

    @cached_property
    def _client(self) -> "S3Client":
        client: S3Client = new_client("s3", region_name=self._region, config=_config())
        return client

    @cached_property
    def _signer(self) -> "S3Client":
        # A signature covers the host name, so the link is signed for the name that the browser uses.
        if not self._public_endpoint:
            return self._client
        signer: S3Client = new_client(
            "s3", region_name=self._region, endpoint_url=self._public_endpoint, config=_config()
        )
        return signer

    def read(self, bucket: str, key: str) -> bytes | None:
        """Return an object's body, or None where there is none."""
        found = self.read_version(bucket, key)
        return found[0] if found else None

    def read_version(self, bucket: str, key: str) -> tuple[bytes, str] | None:
        """Return an object's body and its ETag, or None where there is none."""
        try:
            return _repeated(lambda: self._get(bucket, key))
        except (ClientError, BotoCoreError) as error:
            if _code(error) in {"NoSuchKey", "NoSuchBucket", "404"}:
                return None
            raise error_from_sdk(error, "S3", f"reading s3://{bucket}/{key}") from error

    def put(self, bucket: str, key: str, body: bytes, *, etag: str | None) -> bool:
        """Write a JSON object over the version with this ETag (None: no object); False if the version is another."""
        condition: dict[str, Any] = {"IfMatch": f'"{etag}"'} if etag else {"IfNoneMatch": "*"}
        try:
            self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition)
        except (ClientError, BotoCoreError) as error:
            # 404: the version to replace was deleted meanwhile.
            if _code(error) in {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409"}:
                return False
            raise error_from_sdk(error, "S3", f"writing s3://{bucket}/{key}") from error
        return True

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; a missing object is no error."""
        try:
            self._client.delete_object(Bucket=bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise error_from_sdk(error, "S3", f"deleting s3://{bucket}/{key}") from error

    def read_uri(self, uri: str) -> bytes:
        """Return the body of an `s3://` URI; raise ResultMissing where there is none."""
        bucket, key = bucket_and_key(uri)
        body = self.read(bucket, key)
        if body is None:
            raise ResultMissing(f"The result {uri} is gone. Run the query again.")
        return body

    def save(self, uri: str, file: IO[bytes]) -> None:
        """Write the body of an `s3://` URI into a file, piece by piece; raise ResultMissing where there is none."""
        bucket, key = bucket_and_key(uri)
        try:
            _repeated(lambda: self._copy(bucket, key, file))
        except (ClientError, BotoCoreError) as error:
            if _code(error) in {"NoSuchKey", "NoSuchBucket", "404"}:
                raise ResultMissing(f"The result {uri} is gone. Run the query again.") from error
            raise error_from_sdk(error, "S3", f"reading {uri}") from error

    def text(self, uri: str) -> str:
        """Return the text of an `s3://` URI, as dataset files are read."""
        return self.read_uri(uri).decode("utf-8")

    def stored(self, bucket: str, prefix: str) -> Iterator[StoredObject]:
        """Yield every object under a prefix, in the order of their keys."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield StoredObject(item["Key"], item["ETag"].strip('"'), item["LastModified"])
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") == "NoSuchBucket":
                return
            raise error_from_sdk(error, "S3", f"listing s3://{bucket}/{prefix}") from error

    def part(self, bucket: str, key: str, etag: str, first: int, end: int) -> bytes:
        """Return an object's bytes from `first` to before `end`; raise ResultMissing where its version is another."""
        try:
            condition = {"IfMatch": f'"{etag}"', "Range": f"bytes={first}-{end - 1}"}
            return _repeated(lambda: self._get(bucket, key, **condition))[0]
        except (ClientError, BotoCoreError) as error:
            if _code(error) in {"PreconditionFailed", "412", "NoSuchKey", "404"}:
                raise ResultMissing(f"The file s3://{bucket}/{key} was published again. Try again.") from error
            raise error_from_sdk(error, "S3", f"reading s3://{bucket}/{key}") from error

    def size(self, uri: str) -> int:
        """Return the bytes of an `s3://` URI; raise ResultMissing where there is none."""
        bucket, key = bucket_and_key(uri)
        try:
            return int(self._client.head_object(Bucket=bucket, Key=key)["ContentLength"])
        except (ClientError, BotoCoreError) as error:
            if _code(error) in {"NoSuchKey", "404"}:
                raise ResultMissing(f"The file {uri} is gone. Write it again.") from error
            raise error_from_sdk(error, "S3", f"reading the size of {uri}") from error

    def link(self, uri: str, file_name: str) -> str:
        """Return a presigned address that downloads an object under `file_name`, valid for `LINK_SECONDS`."""
        bucket, key = bucket_and_key(uri)
        request = {
            "Bucket": bucket,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
            "ResponseContentType": "text/csv" if file_name.endswith(".csv") else "application/octet-stream",
        }
        try:
            return self._signer.generate_presigned_url("get_object", Params=request, ExpiresIn=LINK_SECONDS)
        except BotoCoreError as error:
            raise error_from_sdk(error, "S3", f"signing a link to {uri}") from error

    def _get(self, bucket: str, key: str, **condition: Any) -> tuple[bytes, str]:
        found = self._client.get_object(Bucket=bucket, Key=key, **condition)
        return found["Body"].read(), found["ETag"].strip('"')

    def _copy(self, bucket: str, key: str, file: IO[bytes]) -> None:
        start = file.tell()
        try:
            for piece in self._client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1024 * 1024):
                file.write(piece)
        except BotoCoreError:
            # The next attempt begins where this one began.
            file.seek(start)
            file.truncate()
            raise


def _repeated(read: Callable[[], T]) -> T:
    """Return what a read gives; one with a broken answer is repeated."""
    for _ in range(READ_ATTEMPTS - 1):
        with contextlib.suppress(IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
            return read()
    return read()


def _code(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return the two parts of an `s3://` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _config() -> Config:
    # Path style works on AWS and on endpoints that do not resolve bucket names as host names. Without a version the
    # SDK presigns with Signature Version 2 in the oldest regions, which newer buckets and SSE-KMS refuse.
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=3,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,
    )
