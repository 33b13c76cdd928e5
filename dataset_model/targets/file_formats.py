"""File formats as plain data: name, extension, content type, and the classes that Glue and Athena read them with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FormatName = Literal["parquet", "ndjson", "csv"]


@dataclass(frozen=True)
class StorageFormat:
    """How the files of one format are named and read."""

    name: FormatName
    extension: str
    """With its dot."""
    content_type: str
    input_format: str
    output_format: str
    serde: str
    """Hive class that reads a row."""
    serde_parameters: Mapping[str, str] = field(default_factory=dict)
    table_parameters: Mapping[str, str] = field(default_factory=dict)
    classification: str = ""
    """Glue's name of the format."""
    text_types: frozenset[str] = frozenset()
    """Column types that a table of such files has as string, because its SerDe reads them in another form."""


_HIVE_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"

PARQUET = StorageFormat(
    name="parquet",
    extension=".parquet",
    content_type="application/vnd.apache.parquet",
    input_format=f"{_HIVE_PARQUET}.MapredParquetInputFormat",
    output_format=f"{_HIVE_PARQUET}.MapredParquetOutputFormat",
    serde=f"{_HIVE_PARQUET}.serde.ParquetHiveSerDe",
    serde_parameters={"serialization.format": "1"},
    classification="parquet",
)

_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

NDJSON = StorageFormat(
    name="ndjson",
    extension=".json",
    content_type="application/x-ndjson",
    input_format=_TEXT_INPUT,
    output_format=_TEXT_OUTPUT,
    serde="org.openx.data.jsonserde.JsonSerDe",
    classification="json",
    text_types=frozenset({"timestamp", "date"}),
)

CSV = StorageFormat(
    name="csv",
    extension=".csv",
    content_type="text/csv; charset=utf-8",
    input_format=_TEXT_INPUT,
    output_format=_TEXT_OUTPUT,
    serde="org.apache.hadoop.hive.serde2.OpenCSVSerde",
    # An escape character is required. This one is in no text, so that a backslash is a character like others.
    serde_parameters={"separatorChar": ",", "quoteChar": '"', "escapeChar": "\x01"},
    table_parameters={"skip.header.line.count": "1"},
    classification="csv",
    text_types=frozenset({"double", "bigint", "decimal", "boolean", "timestamp", "date"}),
)

STORAGE_FORMATS: Mapping[FormatName, StorageFormat] = {stored.name: stored for stored in (PARQUET, NDJSON, CSV)}
