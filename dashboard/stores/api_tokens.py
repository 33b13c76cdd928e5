"""Personal API tokens flow to S3 and back: digests, never secrets. Every write is conditional."""

from collections.abc import Callable
from typing import Final

from pydantic import TypeAdapter, ValidationError

from dashboard.aws.s3 import Objects
from dashboard.errors import ChangedMeanwhile, StorageFailed
from dashboard.model.access.api_token import TokenBook
from dashboard.stores.saved_queries import QUERIES_FOLDER

ATTEMPTS: Final = 5

_BOOK: Final = TypeAdapter(TokenBook)


class TokenStore:
    """One small object next to the saved queries, where the dashboard may write."""

    def __init__(self, objects: Objects, bucket: str, prefix: str) -> None:
        self._objects, self._bucket = objects, bucket
        self._key = f"{prefix}/{QUERIES_FOLDER}/_api_tokens.json"

    def load(self) -> TokenBook:
        """Return all tokens; raises DashboardError where they cannot be read."""
        return self._read()[0]

    def change(self, changed: Callable[[TokenBook], TokenBook]) -> TokenBook:
        """Write what `changed` makes of the tokens, and return it; raises DashboardError."""
        for _ in range(ATTEMPTS):
            book, etag = self._read()
            wanted = changed(book)
            if wanted == book or self._objects.put(self._bucket, self._key, _BOOK.dump_json(wanted), etag=etag):
                return wanted
        raise ChangedMeanwhile(f"s3://{self._bucket}/{self._key} changes too often. Try again.")

    def _read(self) -> tuple[TokenBook, str | None]:
        found = self._objects.read_version(self._bucket, self._key)
        if found is None:
            return TokenBook(), None
        try:
            return _BOOK.validate_json(found[0]), found[1]
        except ValidationError:
            # An empty book in its place would bring back no token, but a write would remove those of all people.
            raise StorageFailed(
                f"s3://{self._bucket}/{self._key} cannot be read by this version, so no personal token is good. "
                "Restore an older version of the object, or remove it: people then make new tokens."
            ) from None
