"""A page of a Query or a Scan, or items by their keys, flow in, the read units that DynamoDB would charge flow out.

moto reports 1.0 for every page and constants for items. DynamoDB adds up the items that a page read, those that a
filter took out among them and with the attributes that a projection left out, and charges a unit for each 4 KB that was
begun; half of it for a read that is eventually consistent. Of items by their keys each is a page of its own. A page
without items, or an item that does not exist, costs as much as one of 4 KB.
"""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from inspect import signature
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb import responses
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

UNIT_BYTES = 4096

_read_bytes: ContextVar[int] = ContextVar("read_bytes", default=0)
"""Of the page that this request has read last."""

_Page = tuple[list[Any], int, dict[str, Any] | None]
_Answer = Callable[[Any], ActionResult]


def charge_by_bytes() -> None:
    """Replace moto's way of charging for reads in this process; calling it again changes nothing."""
    for operation, read in _MEASURED.items():
        setattr(Table, operation, read)
    for operation, answer in _CHARGED.items():
        setattr(responses.DynamoHandler, operation, answer)


def read_units(size: int, *, is_consistent: bool) -> float:
    """Return what a page costs of which the items have so many bytes."""
    return max(1, -(-size // UNIT_BYTES)) * (1.0 if is_consistent else 0.5)


def value_bytes(value: Any) -> int:
    """Return the size of an AttributeValue as DynamoDB counts it, without the name."""
    kind, content = (value.type, value.value) if isinstance(value, DynamoType) else next(iter(value.items()))
    if kind in _WEIGHTS:
        return _WEIGHTS[kind](content)
    return sum(_WEIGHTS[kind[0]](inner) for inner in content)


def _number_bytes(text: str) -> int:
    """A byte, and one for each two significant digits that were begun; DynamoDB calls its rule approximate."""
    digits = text.lower().partition("e")[0].lstrip("+-").replace(".", "").strip("0")
    return 1 + -(-len(digits) // 2)


_WEIGHTS: dict[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "B": len,
    "N": lambda number: _number_bytes(str(number)),
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "M": lambda values: 3 + sum(1 + len(name.encode()) + value_bytes(value) for name, value in values.items()),
    "L": lambda values: 3 + sum(1 + value_bytes(value) for value in values),
}
"""Of a set, the sum of its elements."""


def _items_bytes(items: Iterable[Any]) -> int:
    return sum(len(name.encode()) + value_bytes(value) for item in items for name, value in item.attrs.items())


def _measured(read: Callable[..., _Page], projection: str) -> Callable[..., _Page]:
    """Return moto's reading of a page, with the bytes noted before filter and projection make the items fewer."""
    parameters = signature(read)

    def reading(*given: Any, **named: Any) -> _Page:
        call = parameters.bind(*given, **named)
        condition, paths = call.arguments.get("filter_expression"), call.arguments[projection]
        call.arguments |= {"filter_expression": None, projection: None}
        items, scanned, last = read(*call.args, **call.kwargs)
        _read_bytes.set(_items_bytes(items))
        if condition is not None:
            items = [item for item in items if condition.expr(item)]
        return [item.project(paths) for item in items] if paths else items, scanned, last

    return reading


def _charged(answer: _Answer) -> _Answer:
    """Return moto's answer to a request for a page, with its units where they were asked for."""

    def answering(self: Any) -> ActionResult:
        result = answer(self)
        body: Any = result.result
        if "ConsumedCapacity" in body:
            units = read_units(_read_bytes.get(), is_consistent=bool(self.body.get("ConsistentRead")))
            body["ConsumedCapacity"] = _capacity(self, self.body["TableName"], units, self.body.get("IndexName"))
        return result

    return answering


def _charged_item(answer: _Answer) -> _Answer:
    """Return moto's answer to GetItem, with the units of the whole item."""

    def answering(self: Any) -> ActionResult:
        result = answer(self)
        body: Any = result.result
        if "ConsumedCapacity" in body:
            name = self.body["TableName"]
            body["ConsumedCapacity"] = _capacity(self, name, _units_of_keys(self, name, [self.body["Key"]], self.body))
        return result

    return answering


def _charged_items(answer: _Answer) -> _Answer:
    """Return moto's answer to BatchGetItem, with the units of each table; not of keys that are to be asked again."""

    def answering(self: Any) -> ActionResult:
        result = answer(self)
        body: Any = result.result
        body.pop("ConsumedCapacity")  # moto gives it unasked
        if self.body.get("ReturnConsumedCapacity", "NONE") != "NONE":
            body["ConsumedCapacity"] = []
            for name, asked in self.body["RequestItems"].items():
                unread = body["UnprocessedKeys"].get(name, {}).get("Keys", [])
                keys = [key for key in asked["Keys"] if key not in unread]
                body["ConsumedCapacity"].append(_capacity(self, name, _units_of_keys(self, name, keys, asked)))
        return result

    return answering


def _units_of_keys(handler: Any, table: str, keys: Iterable[Any], asked: Mapping[str, Any]) -> float:
    found = [handler.dynamodb_backend.get_item(table, key) for key in keys]
    is_consistent = bool(asked.get("ConsistentRead"))
    return sum(read_units(_items_bytes([item] if item else []), is_consistent=is_consistent) for item in found)


def _capacity(handler: Any, table: str, units: float, index: str | None = None) -> dict[str, Any]:
    capacity: dict[str, Any] = {"TableName": table, "CapacityUnits": units}
    if handler.body["ReturnConsumedCapacity"] == "TOTAL":
        return capacity
    if index is None:
        return capacity | {"Table": {"CapacityUnits": units}}
    is_global = index in {one.name for one in handler.dynamodb_backend.get_table(table).global_indexes}
    kind = "GlobalSecondaryIndexes" if is_global else "LocalSecondaryIndexes"
    return capacity | {"Table": {"CapacityUnits": 0.0}, kind: {index: {"CapacityUnits": units}}}


_MEASURED = {
    "query": _measured(Table.query, "projection_expressions"),
    "scan": _measured(Table.scan, "projection_expression"),
}
_CHARGED = {
    "query": _charged(responses.DynamoHandler.query),
    "scan": _charged(responses.DynamoHandler.scan),
    "get_item": _charged_item(responses.DynamoHandler.get_item),
    "batch_get_item": _charged_items(responses.DynamoHandler.batch_get_item),
}
