"""Writes of items flow in, their records flow out: a table that has nothing but its items and its stream."""

from __future__ import annotations

from typing import Any

from local.streams.stream import Image, Kept, Stream


class TableStream(Stream):
    """A table with one text attribute as its key, and its stream."""

    def __init__(self, table: str, key: str, **options: Any) -> None:
        """`options` are those of a stream."""
        arn = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/2026-01-01T00:00:00.000"
        super().__init__(table, arn, **options)
        self.key = key
        self.items: dict[str, Image] = {}

    def put(self, item: Image) -> Kept | None:
        """Write a whole item; return its record, or None where nothing changes."""
        return self._write(item[self.key]["S"], item, by_ttl=False)

    def delete(self, key: str, *, by_ttl: bool = False) -> Kept | None:
        """Delete an item; return its record, or None where there is none."""
        return self._write(key, None, by_ttl=by_ttl)

    def _write(self, key: str, new: Image | None, *, by_ttl: bool) -> Kept | None:
        old = self.items.get(key)
        if new is None:
            self.items.pop(key, None)
        else:
            self.items[key] = new
        return self.record({self.key: {"S": key}}, old, new, by_ttl=by_ttl)
