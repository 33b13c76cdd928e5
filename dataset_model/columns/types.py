"""Column types: one row for each, with the type of Athena that stores it.

A new type is a row here and a branch in `exporter/decoding/columns.py`, which reads its values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dataset_model.columns.engine_types import ENGINE_TYPES, EngineType

TypeName = Literal["string", "double", "bigint", "decimal", "boolean", "timestamp", "date", "json"]

MAX_PRECISION = 38
_DECIMAL = re.compile(r"decimal\(\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*\)")


@dataclass(frozen=True)
class TypeRow:
    """One column type. `{p}` and `{s}` in a text stand for precision and scale."""

    name: TypeName
    text: str
    """As a dataset file spells it."""
    engine: EngineType
    """How Athena stores it, with its names in Glue, SQL, DuckDB and Arrow."""
    dynamo: str | None
    """DynamoDB type tag that most values have; None if there is no usual one."""
    finished: str | None
    """Form in which the compiled page reader writes values of the usual tag; None: the Python reader converts them."""
    is_number: bool = False
    """Whether sums and means of the column make sense."""
    distinguishes: bool = True
    """Whether different values stay different, so that a key of this type identifies an item."""


_ROWS = (
    TypeRow("string", "string", ENGINE_TYPES["string"], "S", None),
    TypeRow("double", "double", ENGINE_TYPES["double"], "N", "DOUBLE", is_number=True, distinguishes=False),
    TypeRow("bigint", "bigint", ENGINE_TYPES["bigint"], "N", "WHOLE", is_number=True),
    TypeRow("decimal", "decimal({p},{s})", ENGINE_TYPES["decimal"], "N", "DECIMAL", is_number=True),
    TypeRow("boolean", "boolean", ENGINE_TYPES["boolean"], "BOOL", "BOOLEAN"),
    TypeRow("timestamp", "timestamp", ENGINE_TYPES["timestamp"], "S", None, distinguishes=False),
    TypeRow("date", "date", ENGINE_TYPES["date"], "S", None, distinguishes=False),
    TypeRow("json", "json", ENGINE_TYPES["string"], None, "DOCUMENT", distinguishes=False),
)

TYPES: Mapping[TypeName, TypeRow] = {row.name: row for row in _ROWS}

_PATTERNS = [re.escape(row.text).replace(r"\{p\},\{s\}", r"\d+,\s*\d+") for row in _ROWS]
TYPE_PATTERN = f"^({'|'.join(_PATTERNS)})$"
"""What an editor accepts as a column's type."""

TYPE_EXAMPLES = [row.text.format(p=MAX_PRECISION, s=10) for row in _ROWS]

_EXPECTED = ", ".join(row.text.format(p="p", s="s") for row in _ROWS[:-1]) + f" or {_ROWS[-1].text}"


@dataclass(frozen=True)
class ColumnType:
    """A column's type.

    `timestamp` has millisecond precision and no zone (an instant in UTC), as Athena's does; `json` is text that
    holds one JSON value; `precision` and `scale` belong to `decimal` alone.
    """

    name: TypeName
    precision: int | None = None
    scale: int | None = None

    @classmethod
    def parse(cls, text: str) -> "ColumnType":
        """Read `bigint`, `decimal(38,10)` and so on; raise ValueError naming the choices for anything else."""
        cleaned = text.strip().lower()
        if matched := _DECIMAL.fullmatch(cleaned):
            precision, scale = int(matched[1]), int(matched[2])
            if 1 <= precision <= MAX_PRECISION and scale <= precision:
                return cls("decimal", precision, scale)
            raise ValueError(f"decimal(p,s) with 1 <= p <= {MAX_PRECISION} and s <= p")
        for row in _ROWS:
            if cleaned == row.text:
                return cls(row.name)
        raise ValueError(_EXPECTED)

    def __str__(self) -> str:
        """Write the type as `parse` reads it."""
        return self.row.text.format(p=self.precision, s=self.scale)

    @property
    def row(self) -> TypeRow:
        """The type in the words of every system."""
        return TYPES[self.name]

    @property
    def glue(self) -> str:
        """The Hive type in the Glue catalogue. JSON is stored as text: Athena reads it with `json_extract`."""
        return self._sized(self.row.engine.hive)

    @property
    def athena(self) -> str:
        """The type in Athena's SQL."""
        return self._sized(self.row.engine.trino)

    @property
    def is_number(self) -> bool:
        """Whether sums and means of the column make sense."""
        return self.row.is_number

    def _sized(self, name: str) -> str:
        return f"{name}({self.precision},{self.scale})" if self.row.engine.sized else name


STRING = ColumnType("string")
DOUBLE = ColumnType("double")
BOOLEAN = ColumnType("boolean")
DATE = ColumnType("date")
TIMESTAMP = ColumnType("timestamp")
BIGINT = ColumnType("bigint")
JSON = ColumnType("json")
