"""File formats as plain data: name, extension, content type, and the classes that Glue and Athena read them with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FormatName = Literal["parquet"]


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


_HIVE_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"

PARQUET = StorageFormat(
    name="parquet",
    extension=".parquet",
    content_type="application/vnd.apache.parquet",
    input_format=f"{_HIVE_PARQUET}.MapredParquetInputFormat",
    output_format=f"{_HIVE_PARQUET}.MapredParquetOutputFormat",
    serde=f"{_HIVE_PARQUET}.serde.ParquetHiveSerDe",
    serde_parameters={"serialization.format": "1"},
)

STORAGE_FORMATS: Mapping[FormatName, StorageFormat] = {stored.name: stored for stored in (PARQUET,)}
