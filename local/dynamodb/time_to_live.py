"""Tables with time to live flow in, removals of what has expired flow out, which streams and exports see as such.

moto stores the attribute and removes nothing. DynamoDB removes within some days, here it is within a minute: a reader
must not count on either.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from local.dynamodb import writes

LOOK_SECONDS = 60.0
"""Between two looks at what has expired."""

OLDEST_SECONDS = 5 * 365 * 86_400
"""What expired longer ago is not removed."""


def clock() -> float:
    """Return seconds since 1970, to which an item's attribute is compared; tests replace it."""
    return time.time()


def expire_as_tables_do() -> None:
    """Replace moto's settings of time to live in this process; calling it again changes nothing."""
    setattr(DynamoDBBackend, "update_time_to_live", _update)  # noqa: B010  (a type checker objects)


def remove_expired() -> int:
    """Remove what has expired, in every table with time to live; return the number of items."""
    backends = [backend for account in list(dynamodb_backends.values()) for backend in list(account.values())]
    tables = [table for backend in backends for table in list(backend.tables.values())]
    return sum(_remove_from(table) for table in tables if table.ttl["TimeToLiveStatus"] == "ENABLED")


class Expiry:
    """Looks in the background, until it is closed. `apply` runs a function between two requests, and returns."""

    def __init__(self, apply: Callable[[Callable[[], int]], None]) -> None:
        self._apply = apply
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="time to live", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            self._apply(remove_expired)


def _remove_from(table: Table) -> int:
    with writes.unit(by_ttl=True):
        name = table.ttl.get("AttributeName", "")
        expired = [item for item in table.all_items() if _has_expired(item, name)]
        for item in expired:
            table.delete_item(item.hash_key, item.range_key)
    return len(expired)


def _has_expired(item: Item, name: str) -> bool:
    value = item.attrs.get(name)
    if value is None or value.type != "N":
        return False
    return bool(clock() - OLDEST_SECONDS < Decimal(str(value.value)) < clock())


def _update(self: DynamoDBBackend, table_name: str, ttl_spec: dict[str, Any]) -> None:
    """Enable or disable time to live; DynamoDB refuses what changes nothing."""
    table = self.get_table(table_name)
    is_on, is_wanted = table.ttl["TimeToLiveStatus"] == "ENABLED", bool(ttl_spec["Enabled"])
    if is_on and table.ttl["AttributeName"] != ttl_spec["AttributeName"]:
        raise MockValidationException(
            "TimeToLive is active on a different AttributeName: current AttributeName is " + table.ttl["AttributeName"]
        )
    if is_on == is_wanted:
        raise MockValidationException(f"TimeToLive is already {'enabled' if is_on else 'disabled'}")
    table.ttl = {"TimeToLiveStatus": "DISABLED"}
    if is_wanted:
        table.ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": ttl_spec["AttributeName"]}
