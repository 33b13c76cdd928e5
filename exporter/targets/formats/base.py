"""The interface of every file format: row groups of one day flow in, one file flows out.

Facts about a day (rows, key hash, distinct values, nulled values) are collected before the rows arrive here, so every
format has them. The reasons are in docs/decisions/0070-one-interface-for-sources-and-formats.md.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from dataset_model.targets.file_formats import StorageFormat


class FileFormat(Protocol):
    """One format of a day's file."""

    @property
    def storage(self) -> StorageFormat:
        """Extension, content type and SerDe."""

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, file: Path) -> dict[str, int]:
        """Write row groups to a file; return compressed bytes per column, or nothing if the format has no columns.

        `schema` has every column of the table, so that a null column is written with its type.
        """

    def row_count(self, file: Path) -> int:
        """Return the rows of a written file, read from the file itself."""
