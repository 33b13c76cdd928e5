"""Requests that write to tables flow in, the change of each item flows out to listeners, once a request is done.

moto compares a condition and writes in two steps, between which another thread may write; here one request writes at a
time. What a request does to an item in several steps is one change. A transaction that fails changes nothing.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from local.dynamodb.fast_items import attribute_value

Image = dict[str, Any]
"""An item in the form of the JSON protocol."""


@dataclass(frozen=True)
class Change:
    """An item before and after a request; None where there was none, or is none any more."""

    table: Table
    key: Image
    old: Image | None
    new: Image | None
    by_ttl: bool = False

    @property
    def key_text(self) -> str:
        """The key as JSON."""
        return json.dumps(self.key)


@dataclass
class _Unit:
    by_ttl: bool
    changes: dict[tuple[str, str], Change] = field(default_factory=dict)


_lock = threading.RLock()
_under_way: list[_Unit] = []
_listeners: list[tuple[Callable[[Table], bool], Callable[[Change], None]]] = []


def listen(wants: Callable[[Table], bool], take: Callable[[Change], None]) -> None:
    """Give the changes of the tables that are wanted to a function; the same pair again changes nothing."""
    _watch()
    if (wants, take) not in _listeners:
        _listeners.append((wants, take))


@contextmanager
def unit(*, by_ttl: bool = False) -> Iterator[None]:
    """Hold other writers back, and report what is written within as the changes of one request, unless it fails."""
    with _lock:
        if _under_way:
            yield
            return
        _under_way.append(_Unit(by_ttl))
        try:
            yield
        finally:
            done = _under_way.pop()
        for change in done.changes.values():
            for wants, take in _listeners:
                if wants(change.table):
                    take(change)


def _watch() -> None:
    """Let moto report its writes; calling it again changes nothing."""
    if hasattr(Table.put_item, "is_watched"):
        return
    setattr(Table, "put_item", _noted(Table.put_item, _key_of_item))  # noqa: B010  (a type checker objects)
    setattr(Table, "delete_item", _noted(Table.delete_item, _key_of_values))  # noqa: B010
    setattr(DynamoDBBackend, "update_item", _noted_update(DynamoDBBackend.update_item))  # noqa: B010
    for name in ("put_item", "update_item", "delete_item", "transact_write_items", "execute_statement"):
        setattr(DynamoDBBackend, name, _in_unit(getattr(DynamoDBBackend, name)))


def _in_unit(write: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(write)
    def written(*given: Any, **named: Any) -> Any:
        with unit():
            return write(*given, **named)

    return written


def _noted(write: Callable[..., Any], key_of: Callable[..., list[DynamoType]]) -> Callable[..., Any]:
    """Return moto's write of one item of a table, which notes the item before and after."""

    @functools.wraps(write)
    def noted(self: Table, *given: Any, **named: Any) -> Any:
        if not _is_wanted(self):
            return write(self, *given, **named)
        with unit():
            return _between_images(self, key_of(self, *given, **named), lambda: write(self, *given, **named))

    noted.__dict__["is_watched"] = True
    return noted


def _noted_update(update: Callable[..., Any]) -> Callable[..., Any]:
    """Return moto's update, which writes into the item itself; of a new key it puts the key first."""

    @functools.wraps(update)
    def noted(self: DynamoDBBackend, table_name: str, key: dict[str, Any], *given: Any, **named: Any) -> Any:
        table = self.get_table(table_name)
        if not _is_wanted(table):
            return update(self, table_name, key, *given, **named)
        return _between_images(table, _key_of_item(table, key), lambda: update(self, table_name, key, *given, **named))

    return noted


def _between_images(table: Table, key: list[DynamoType], write: Callable[[], Any]) -> Any:
    old = _image(table, key)
    answer = write()
    new = _image(table, key)
    if old is None and new is None:
        return answer
    within = _under_way[0]
    named = {
        name: attribute_value(part)
        for name, part in zip((table.hash_key_attr, table.range_key_attr), key, strict=False)
        if name
    }
    change = Change(table, named, old, new, within.by_ttl)
    # An update of a new key is noted after the put of the key that is its first step, and takes its place.
    within.changes[table.table_arn, change.key_text] = change
    return answer


def _is_wanted(table: Table) -> bool:
    return any(wants(table) for wants, _ in _listeners)


def _key_of_item(table: Table, item: dict[str, Any], *_: Any, **__: Any) -> list[DynamoType]:
    return [DynamoType(item[name]) for name in (table.hash_key_attr, table.range_key_attr) if name and name in item]


def _key_of_values(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> list[DynamoType]:
    return [hash_key, range_key] if table.has_range_key and range_key is not None else [hash_key]


def _is_whole(table: Table, key: list[DynamoType]) -> bool:
    return len(key) == 1 + table.has_range_key


def _image(table: Table, key: list[DynamoType]) -> Image | None:
    item = table.get_item(key[0], key[1] if table.has_range_key else None) if _is_whole(table, key) else None
    return None if item is None else {name: attribute_value(value) for name, value in item.attrs.items()}
