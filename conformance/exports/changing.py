"""A dataset that goes on changing after its export: its stream feeds the product's handler, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from conformance.exports.items import Item
from conformance.stand_in import StandIn
from local.streams.mapping import EventSourceMapping
from local.streams.table_stream import TableStream

NAME = "changed"
_HANDLER = """
import json, sys
from exporter.stream_handler import handler
answer = handler(json.load(sys.stdin), None)
sys.exit(1 if answer["batchItemFailures"] else 0)
"""


def item(number: int, day: int, note: str, value: int) -> Item:
    """Return an item of a day of January."""
    return {
        "id": {"S": f"c-{number:02}"},
        "kind": {"S": "a"},
        "at": {"S": f"2026-01-{day:02}T10:00:00Z"},
        "note": {"S": note},
        "number": {"N": str(value)},
    }


def change(stand_in: StandIn, environment: dict[str, str], export: Callable[[], object]) -> None:
    """Write items, export them, and change them: the present state is then that of `present_state()`.

    The items of the first step were there before the stream, those of the others come through it.
    """
    stream = TableStream(NAME, "id")
    mapping = EventSourceMapping(stream, _handler(environment), batch_size=5)
    for number in range(10):
        _write(stand_in, stream, item(number, 5 + number % 3, "as exported", number), is_streamed=False)
    _write(stand_in, stream, item(10, 5, "before the export, in the stream", 10))
    mapping.drain()
    export()
    for written in _later():
        if "note" in written:
            _write(stand_in, stream, written)
        else:
            stream.delete(written["id"]["S"])
            stand_in.dynamodb.delete_item(TableName=NAME, Key={"id": written["id"]})
    mapping.drain()


def present_state() -> list[dict[str, str | None]]:
    """Return the rows that the view of the present state has, as text."""
    items = {f"c-{number:02}": item(number, 5 + number % 3, "as exported", number) for number in range(10)}
    items["c-10"] = item(10, 5, "before the export, in the stream", 10)
    for written in _later():
        if "note" in written:
            items[written["id"]["S"]] = written
        else:
            del items[written["id"]["S"]]
    return [
        {
            "id": found["id"]["S"], "note": found["note"]["S"], "number": found["number"]["N"],
            "year": "2026", "month": "1", "day": str(int(found["at"]["S"][8:10])),
        }
        for found in items.values()
    ]  # fmt: skip


def _later() -> tuple[Item, ...]:
    """Return the writes after the export; an item without a note is deleted."""
    return (
        item(0, 5, "changed", 100),
        item(1, 7, "moved to another day", 101),
        {"id": {"S": "c-02"}},
        item(3, 8, "moved to a day that was empty", 103),
        item(11, 9, "", 111),
        item(0, 5, "changed twice", 1000),
        item(12, 5, "deleted again", 112),
        {"id": {"S": "c-12"}},
    )


def _write(stand_in: StandIn, stream: TableStream, written: Item, *, is_streamed: bool = True) -> None:
    stand_in.dynamodb.put_item(TableName=NAME, Item=written)
    if is_streamed:
        stream.put(written)
    else:
        stream.items[written["id"]["S"]] = written


def _handler(environment: dict[str, str]) -> Callable[[dict[str, Any]], object]:
    def function(event: dict[str, Any]) -> object:
        subprocess.run(
            [sys.executable, "-c", _HANDLER],
            input=json.dumps(event),
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return {"batchItemFailures": []}

    return function
