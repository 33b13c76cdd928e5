"""Column types in three systems: Hive's (the catalogue), Arrow's (data) and DuckDB's (queries)."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import pyarrow as pa

from dataset_model.columns.engine_types import ENGINE_TYPES

_TEXT = ENGINE_TYPES["string"]
_WITH_LENGTH = ("varchar", "char")
"""Texts that keep their own name, because it may have a length."""


@dataclass(frozen=True)
class ColumnType:
    """A Hive type taken apart.

    `sizes` holds the numbers of decimal(p,s), varchar(n) and char(n); `parts` the named members of a struct,
    or `element` of an array, or `key` and `value` of a map.
    """

    name: str
    sizes: tuple[int, ...] = ()
    parts: tuple[tuple[str, ColumnType], ...] = ()

    @property
    def hive(self) -> str:
        """The type as the Glue catalogue writes it."""
        if self.name == "struct":
            return "struct<" + ",".join(f"{name}:{part.hive}" for name, part in self.parts) + ">"
        if self.parts:
            return f"{self.name}<" + ",".join(part.hive for _, part in self.parts) + ">"
        return self.name + (f"({','.join(map(str, self.sizes))})" if self.sizes else "")

    @property
    def arrow(self) -> pa.DataType:
        """The type of the column once it is read."""
        children = [part.arrow for _, part in self.parts]
        if self.name == "array":
            return pa.list_(children[0])
        if self.name == "map":
            return pa.map_(*children)
        if self.name == "struct":
            return pa.struct([(name, part.arrow) for name, part in self.parts])
        if self.name == "decimal":
            return pa.decimal128(*self.sizes)
        return pa.type_for_alias(ENGINE_TYPES.get(self.name, _TEXT).arrow)

    @property
    def duckdb(self) -> str:
        """The type of the column in a DuckDB table."""
        children = [part.duckdb for _, part in self.parts]
        if self.name == "array":
            return f"{children[0]}[]"
        if self.name == "map":
            return f"MAP({children[0]}, {children[1]})"
        if self.name == "struct":
            return "STRUCT(" + ", ".join(f'"{name}" {part.duckdb}' for name, part in self.parts) + ")"
        if self.name == "decimal":
            return f"DECIMAL({self.sizes[0]}, {self.sizes[1]})"
        return ENGINE_TYPES.get(self.name, _TEXT).duckdb

    @property
    def trino(self) -> str:
        """The type as `information_schema` and DESCRIBE of a view write it."""
        if self.name == "struct":
            return "row(" + ", ".join(f"{field} {part.trino}" for field, part in self.parts) + ")"
        if self.parts:
            return f"{self.name}(" + ", ".join(part.trino for _, part in self.parts) + ")"
        known = ENGINE_TYPES.get(self.name)
        name = known.trino if known and self.name not in _WITH_LENGTH else self.name
        return name + (f"({','.join(map(str, self.sizes))})" if self.sizes else "")


def split_outside_brackets(text: str, separator: str = ",") -> list[str]:
    """Return the pieces of `text` between separators that stand outside any bracket or quotation."""
    pieces, depth, quote, start = [], 0, "", 0
    for position, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char in "<([{":
            depth += 1
        elif char in ">)]}":
            depth -= 1
        elif char == separator and depth == 0:
            pieces.append(text[start:position].strip())
            start = position + 1
    last = text[start:].strip()
    return [*pieces, last] if last or pieces else []


@functools.lru_cache(maxsize=4096)
def column_type(text: str) -> ColumnType:
    """Read a Hive type, or Trino's spelling of the same type (`array(integer)`, `row(a bigint)`)."""
    text = text.strip().lower()
    matched = re.fullmatch(r"(\w+)\s*(?:[<(](.*)[>)])?", text, re.DOTALL)
    if not matched:
        return ColumnType(text)
    name, inside = matched[1], matched[2] or ""
    if name in ENGINE_TYPES and name not in _WITH_LENGTH:
        name = ENGINE_TYPES[name].hive
    if name in ("struct", "row"):
        return ColumnType("struct", (), tuple(_member(piece) for piece in split_outside_brackets(inside)))
    if name == "array":
        return ColumnType("array", (), (("element", column_type(inside)),))
    if name == "map":
        key, value = split_outside_brackets(inside)
        return ColumnType("map", (), (("key", column_type(key)), ("value", column_type(value))))
    sizes = tuple(int(number) for number in re.findall(r"\d+", inside))
    if name == "decimal":
        sizes = (*sizes, 0)[:2] if sizes else (10, 0)
    return ColumnType(name, sizes if name in ("decimal", "varchar", "char") else ())


def _member(piece: str) -> tuple[str, ColumnType]:
    name, _, kind = (
        piece.partition(":")
        if ":" in piece.split("<", maxsplit=1)[0].split("(", maxsplit=1)[0]
        else piece.partition(" ")
    )
    return name.strip().strip('"`'), column_type(kind)
