"""Who wants no more of a notice flows to S3 and back, as digests, from which no address can be read."""

from typing import Final

from dashboard.aws.s3 import Objects
from dashboard.stores.mask_key import StoredKey
from dashboard.stores.notices.journal import FOLDER

_KEY: Final = "notices/_reader_key"


class Unsubscribed:
    """An object per reader and notice, under the prefix of the dataset."""

    def __init__(self, objects: Objects, bucket: str, prefix: str) -> None:
        self._objects, self._bucket, self._folder = objects, bucket, f"{prefix}/{FOLDER}/unsubscribed/"

    def has(self, reader: str) -> bool:
        """Return whether a reader, by their digest, has unsubscribed; raises DashboardError."""
        return self._objects.read(self._bucket, self._address(reader)) is not None

    def add(self, reader: str) -> None:
        """Write that a reader has unsubscribed; a second time changes nothing."""
        self._objects.put(self._bucket, self._address(reader), b"{}", etag=None)

    def _address(self, reader: str) -> str:
        return f"{self._folder}{reader}.json"


def reader_key(objects: Objects, bucket: str, prefix: str) -> StoredKey:
    """Return the key of readers' digests and links; `prefix` is that of the first dataset."""
    return StoredKey(objects, bucket, prefix, _KEY, "no mail can be unsubscribed from, and none is sent")
