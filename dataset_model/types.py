"""Column types: how a dataset file names them and what Glue and Athena call them."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

TypeName = Literal["string", "double", "bigint", "decimal", "boolean", "timestamp", "date", "json"]

MAX_PRECISION = 38
_DECIMAL = re.compile(r"decimal\(\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*\)")


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
        for name in get_args(TypeName):
            if cleaned == name != "decimal":
                return cls(name)
        raise ValueError("string, double, bigint, decimal(p,s), boolean, timestamp, date or json")

    def __str__(self) -> str:
        """Write the type as `parse` reads it."""
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name

    @property
    def glue(self) -> str:
        """The Hive type in the Glue catalogue. JSON travels as text: Athena reads it with `json_extract`."""
        return "string" if self.name == "json" else str(self)

    @property
    def is_number(self) -> bool:
        """Whether sums and means of the column make sense."""
        return self.name in {"double", "bigint", "decimal"}


STRING = ColumnType("string")
DOUBLE = ColumnType("double")
BOOLEAN = ColumnType("boolean")
DATE = ColumnType("date")
TIMESTAMP = ColumnType("timestamp")
BIGINT = ColumnType("bigint")
JSON = ColumnType("json")
