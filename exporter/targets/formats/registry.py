"""The file formats that the exporter writes, by name."""

from collections.abc import Mapping

from dataset_model.targets.file_formats import FormatName
from exporter.targets.formats.base import FileFormat
from exporter.targets.formats.parquet import ParquetFormat
from exporter.targets.formats.text import CsvFormat, NdjsonFormat

FILE_FORMATS: Mapping[FormatName, FileFormat] = {
    "parquet": ParquetFormat(),
    "ndjson": NdjsonFormat(),
    "csv": CsvFormat(),
}
