"""Secret keys: each is made once per deployment, and kept next to the saved queries."""

import secrets
from typing import Final

from dashboard.aws.s3 import Objects
from dashboard.errors import StorageFailed
from dashboard.stores.cache import Cache
from dashboard.stores.saved_queries import QUERIES_FOLDER

_BYTES: Final = 32
_ATTEMPTS: Final = 3


class StoredKey:
    """One small object, read once per process. Safe to use from any thread."""

    def __init__(self, objects: Objects, bucket: str, prefix: str, name: str, without: str) -> None:
        """Set the name of the object, and `without`: what cannot be done where it holds no key."""
        self._objects, self._bucket, self._without = objects, bucket, without
        self._key = f"{prefix}/{QUERIES_FOLDER}/{name}"
        self._known: Cache[str] = Cache(1)

    def text(self) -> str:
        """Return the key in hexadecimal; raises DashboardError where it can be neither read nor made."""
        return self._known.get("key", self._read_or_make)

    def _read_or_make(self) -> str:
        for _ in range(_ATTEMPTS):
            found = self._objects.read(self._bucket, self._key)
            # One that is cut short or was tampered with would make what it hides easy to find.
            if found is not None and len(found) == 2 * _BYTES and found.isalnum():
                return found.decode("ascii")
            if found is not None:
                break
            # Another process may be first: what is stored then holds for both.
            self._objects.put(self._bucket, self._key, secrets.token_hex(_BYTES).encode(), etag=None)
        raise StorageFailed(
            f"s3://{self._bucket}/{self._key} holds no key of {2 * _BYTES} characters, so {self._without}. "
            "Remove the object; the next request makes another key."
        )


class MaskKey(StoredKey):
    """The key of the digests that stand for masked values.

    Without a key, a digest of an e-mail address or a number is found by trying all of them.
    """

    def __init__(self, objects: Objects, bucket: str, prefix: str) -> None:
        super().__init__(objects, bucket, prefix, "_mask_key", "masked columns cannot be shown")
