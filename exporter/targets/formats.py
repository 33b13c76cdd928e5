"""The file formats that the exporter writes, by name."""

from collections.abc import Mapping

from dataset_model.file_formats import FormatName
from exporter.targets.base import FileFormat
from exporter.targets.parquet import ParquetFormat

FILE_FORMATS: Mapping[FormatName, FileFormat] = {"parquet": ParquetFormat()}
