"""Declared partition values and the key's types flow in, one identity per value flows out: equal keys, equal identity.

DynamoDB compares number keys as numbers, so `1` and `1.0` are one key. Read twice, it would double every row.
"""

from collections.abc import Mapping, Sequence

from dataset_model import IndexSource
from exporter.errors import SourceError
from exporter.values.attribute_values import AttributeValue
from exporter.values.numbers import canonical_number, is_number

Identity = tuple[str, ...]


def check_values(source: IndexSource, types: Sequence[str]) -> None:
    """Raise SourceError for a value that its key's type cannot hold, and for two values that are one key."""
    known: dict[Identity, str] = {}
    for value in source.partition_values:
        parts = source.key_parts(value)
        for attribute, part, kind in zip(source.partition_attributes, parts, types, strict=True):
            if kind == "N" and not is_number(part):
                raise SourceError(
                    f"partition key {attribute} of index {source.index} is a number; found {part!r}. "
                    "Correct GSI_PK_VALUE."
                )
        same = known.setdefault(_identity(parts, types), value)
        if same != value:
            raise SourceError(
                f"partition values {same} and {value} are the same key of index {source.index}, because "
                f"{' and '.join(source.partition_attributes)} compares as a number. Each value once: it would be read "
                "twice. Correct GSI_PK_VALUE."
            )


def declared_value(item: Mapping[str, AttributeValue], source: IndexSource) -> str | None:
    """Return the declared partition value that an item has, or None if it has none of them."""
    found = [item.get(attribute) for attribute in source.partition_attributes]
    types = ["N" if value is not None and value.N is not None else "S" for value in found]
    texts = [None if value is None else value.S if value.N is None else value.N for value in found]
    parts = [text for text in texts if text is not None]
    if len(parts) < len(found):
        return None
    wanted = _identity(parts, types)
    return next(
        (value for value in source.partition_values if _identity(source.key_parts(value), types) == wanted), None
    )


def _identity(parts: Sequence[str], types: Sequence[str]) -> Identity:
    return tuple(
        canonical_number(part) if kind == "N" and is_number(part) else part
        for part, kind in zip(parts, types, strict=True)
    )
