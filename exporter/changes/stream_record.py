"""An event of a DynamoDB stream flows in, one record with its images flows out.

Lambda's events and the answers of GetRecords differ in a few spellings; both are read here.
"""

import datetime as dt
import json
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

import msgspec

from dataset_model.records.changes import SEQUENCE_DIGITS, milliseconds
from exporter.errors import SourceError
from exporter.values.attribute_values import AttributeValue, Image, kind_of

VIEW_TYPE = "NEW_AND_OLD_IMAGES"
"""Without the old image the day that an item has left is unknown."""
_UPDATE = "aws dynamodb update-table --table-name {} --stream-specification"
_LESS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE")

RECORD_ATTRIBUTE = "_record"
"""Of a quarantined record: the whole event as JSON."""

_item = msgspec.json.Decoder(dict[str, AttributeValue])
_TTL_PRINCIPAL = "dynamodb.amazonaws.com"

_LATEST = 100_000_000_000
"""Seconds since 1970; more are milliseconds, or damaged."""


class StreamRecord(msgspec.Struct, frozen=True, gc=False):
    """One change of one item."""

    sequence: str
    """Padded to 40 digits."""
    at: int
    """Milliseconds since 1970, of a whole second."""
    new: Image | None
    """The item after the change; None where it was deleted."""
    old: Image | None
    """The item before the change; None where it is new."""
    by_ttl: bool
    """Whether time to live has removed the item."""


@dataclass(frozen=True)
class PoisonRecord:
    """A record that cannot be used: it is quarantined, because a retry would not make it readable."""

    reason: str
    text: str
    """The record as a quarantined item."""


def stream_record(event: object) -> StreamRecord | PoisonRecord:
    """Return one event's record; raise SourceError where the stream does not carry both images.

    What is inside the images is not looked at: who decodes them finds what no decoder takes.
    """
    change = event.get("dynamodb") if _is_mapping(event) else None
    if not _is_mapping(event) or not _is_mapping(change):
        return PoisonRecord("record: expected a part named dynamodb; found none", record_text(event))
    view = change.get("StreamViewType", VIEW_TYPE)
    if view != VIEW_TYPE:
        return _of_other_view(event, view)
    try:
        has_new, has_old = _has(event.get("eventName"))
        return StreamRecord(
            _sequence(change.get("SequenceNumber")),
            _at(change.get("ApproximateCreationDateTime")),
            _image(change, "NewImage") if has_new else None,
            _image(change, "OldImage") if has_old else None,
            "userIdentity" in event and _is_ttl(event),
        )
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return PoisonRecord(f"record: {error}", record_text(event))


def _of_other_view(event: Mapping[str, Any], view: object) -> PoisonRecord:
    if view in _LESS:
        raise SourceError(
            f"the stream of {_table(event)} carries {view}; {VIEW_TYPE} is needed, to know the day that an item has "
            f"left. Disable the stream and enable it again with StreamViewType {VIEW_TYPE}."
        )
    return PoisonRecord(f"record: expected StreamViewType {VIEW_TYPE}; found {reprlib.repr(view)}", record_text(event))


def command_to_enable(table: str) -> str:
    """Return the command that gives a table a stream with both images; a stream of another view is disabled first."""
    return f"{_UPDATE.format(table)} StreamEnabled=true,StreamViewType={VIEW_TYPE}"


def command_to_disable(table: str) -> str:
    """Return the command that ends a table's stream."""
    return f"{_UPDATE.format(table)} StreamEnabled=false"


def record_text(event: object) -> str:
    """Return an event as a quarantined item: the item's key where the event has it, and the event itself as a text.

    So the quarantine shows it like any item, and a retry looks the item up by its key.
    """
    try:
        text = json.dumps(event, default=str, skipkeys=True)
    except (ValueError, RecursionError):
        text = "a record of which some part is inside itself, or inside too many others"
    item = {**_keys(event), RECORD_ATTRIBUTE: {"S": text}}
    return json.dumps(item)  # which writes any text, half of a surrogate pair as well


def _keys(event: Any) -> dict[str, Any]:
    try:
        text = msgspec.json.encode(event["dynamodb"]["Keys"])  # which writes bytes as base64, as DynamoDB JSON does
        for value in _item.decode(text).values():
            kind_of(value)
    except (KeyError, TypeError, ValueError, StopIteration, RecursionError, msgspec.MsgspecError):
        return {}
    keys: dict[str, Any] = json.loads(text)
    return keys


_HAS: Mapping[Any, tuple[bool, bool]] = {"INSERT": (True, False), "MODIFY": (True, True), "REMOVE": (False, True)}
"""Kind of change -> whether it has a new image, and an old one."""


def _has(name: object) -> tuple[bool, bool]:
    if name not in _HAS:
        raise ValueError(f"expected INSERT, MODIFY or REMOVE; found {name!r}")
    return _HAS[name]


def _image(change: Mapping[str, Any], name: Literal["NewImage", "OldImage"]) -> Image:
    image = change.get(name)
    if not _is_mapping(image) or not image:
        raise ValueError(f"expected {name}; found none")
    return image


def _is_mapping(found: object) -> TypeGuard[Mapping[str, Any]]:
    # The runtime makes dicts; to ask for the interface costs ten times as much.
    return type(found) is dict or isinstance(found, Mapping)


def _sequence(text: object) -> str:
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > SEQUENCE_DIGITS:
        raise ValueError(f"expected SequenceNumber of 1 to {SEQUENCE_DIGITS} digits; found {text!r}")
    return text.zfill(SEQUENCE_DIGITS)


def _at(found: object) -> int:
    if type(found) is int and 0 <= found < _LATEST:  # as Lambda gives it
        return found * 1000
    if isinstance(found, dt.datetime):
        return milliseconds(found)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < _LATEST:
        raise ValueError(f"expected ApproximateCreationDateTime in seconds; found {found!r}")
    return int(found * 1000)


def _is_ttl(event: Mapping[str, Any]) -> bool:
    identity = event.get("userIdentity")
    if identity is None or not isinstance(identity, Mapping) or event.get("eventName") != "REMOVE":
        return False
    spelled = (identity.get("principalId", identity.get("PrincipalId")), identity.get("type", identity.get("Type")))
    return spelled == (_TTL_PRINCIPAL, "Service")


def _table(event: Mapping[str, Any]) -> str:
    parts = str(event.get("eventSourceARN", "")).split("/")
    return f"table {parts[1]}" if len(parts) > 1 else "the table"
