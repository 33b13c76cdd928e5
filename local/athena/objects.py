"""S3 objects: listed, read and written through one client.

Bodies that were read are kept by ETag, up to a fixed number of bytes, because a dashboard asks the same days again
and again; an object that changed has another ETag and is read again.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.athena.errors import QueryError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KEPT_BYTES = 256 * 1024 * 1024
_HIDDEN = re.compile(r"(?:^|/)[_.]")


@dataclass(frozen=True)
class Location:
    """A place in S3; `key` may be a prefix."""

    bucket: str
    key: str

    @property
    def uri(self) -> str:
        """The s3:// form."""
        return f"s3://{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> Location:
        return Location(self.bucket, f"{self.key.rstrip('/')}/{name}".lstrip("/"))

    @property
    def folder(self) -> Location:
        """The same place with the closing slash that keeps `day=1` from matching `day=10`."""
        return Location(self.bucket, self.key if not self.key or self.key.endswith("/") else f"{self.key}/")


def location(uri: str) -> Location:
    """Read an s3://, s3a:// or s3n:// URI."""
    matched = re.fullmatch(r"s3[an]?://([^/]+)/?(.*)", uri.strip(), re.DOTALL)
    if not matched:
        raise QueryError(f"'{uri}' is not an S3 location: s3://bucket/prefix was expected")
    return Location(matched[1], matched[2])


@dataclass(frozen=True)
class StoredObject:
    """One listed object."""

    location: Location
    size: int
    etag: str


class ObjectStore:
    """S3 as queries see it: names that begin with `_` or `.` below a table's location are invisible."""

    def __init__(self, client: S3Client) -> None:
        self._client = client
        self._kept: OrderedDict[tuple[Location, str], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def list_visible(self, prefix: Location) -> list[StoredObject]:
        """List the non-empty objects below `prefix` that a query may read, in key order."""
        return [
            stored
            for stored in self.list_all(prefix)
            if stored.size and not _HIDDEN.search(stored.location.key[len(prefix.key) :])
        ]

    def list_all(self, prefix: Location) -> list[StoredObject]:
        """List every object below `prefix`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
        try:
            return [
                StoredObject(Location(prefix.bucket, found["Key"]), found["Size"], found["ETag"])
                for page in pages
                for found in page.get("Contents", [])
            ]
        except ClientError as error:
            raise _unreadable(prefix, error) from error

    def read(self, stored: StoredObject) -> bytes:
        """Return an object's bytes, with one GET the first time."""
        name = (stored.location, stored.etag)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        try:
            answer = self._client.get_object(Bucket=stored.location.bucket, Key=stored.location.key)
            body = answer["Body"].read()
        except ClientError as error:
            raise _unreadable(stored.location, error) from error
        self._keep(name, body)
        return body

    def _keep(self, name: tuple[Location, str], body: bytes) -> None:
        with self._lock:
            if name in self._kept or len(body) > _KEPT_BYTES // 4:
                return
            self._kept[name] = body
            self._kept_bytes += len(body)
            while self._kept_bytes > _KEPT_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= len(dropped)

    def write(self, place: Location, body: bytes, content_type: str = "application/octet-stream") -> None:
        """Put one object."""
        try:
            self._client.put_object(Bucket=place.bucket, Key=place.key, Body=body, ContentType=content_type)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise QueryError(
                f"Unable to verify/create output bucket {place.bucket}: {code} when writing {place.uri}",
                401,
            ) from error

    def remove(self, places: Iterable[Location]) -> None:
        """Delete objects one by one."""
        for place in places:
            self._client.delete_object(Bucket=place.bucket, Key=place.key)


def _unreadable(place: Location, error: ClientError) -> QueryError:
    detail = error.response["Error"]
    return QueryError(f"HIVE_FILESYSTEM_ERROR: {detail['Code']}: {detail.get('Message', '')} Path: {place.uri}")
