"""Row groups flow in, a file of text flows out: a JSON object a line, or CSV as RFC 4180 has it. UTF-8 without BOM.

| column                   | NDJSON                           | CSV                                             |
|--------------------------|----------------------------------|-------------------------------------------------|
| null                     | `null`: every key is on each line | nothing                                         |
| `string`, `json`         | a string                         | the text; in quotes where it needs them or is "" |
| `decimal(p,s)`, `bigint` | a number with all its digits     | the same digits                                 |
| `double`                 | the shortest number that is it   | the same                                        |
| `boolean`                | `true`, `false`                  | `true`, `false`                                 |
| `date`                   | `"2026-02-16"`                   | `2026-02-16`                                    |
| `timestamp`              | `"2026-02-16T09:58:00.000Z"`     | `2026-02-16T09:58:00.000Z`                      |

A timestamp has three decimals, so that readers meet one form; one with microseconds has six, so that nothing is lost.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.targets.file_formats import CSV, NDJSON, StorageFormat

_MOST_ROWS = 4096
"""Rows that are text in memory at once."""

_CHUNK = 1 << 20
_NEEDS_QUOTES = r'^$|[",\r\n]|^\s|\s$'

_encoder = msgspec.json.Encoder()


class NdjsonFormat:
    """Writes a JSON object a line, each with all keys."""

    @property
    def storage(self) -> StorageFormat:
        """Extension, content type and SerDe of JSON lines."""
        return NDJSON

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, file: Path) -> dict[str, int]:
        """Write rows to a file."""
        names = [_encoder.encode(name).decode() for name in schema.names]
        keys = [f"{'{' if at == 0 else ','}{name}:" for at, name in enumerate(names)]
        with file.open("wb") as written:
            for batch in _batches(groups):
                cells = [pc.fill_null(_json_cells(column), "null") for column in batch.columns]
                pairs = [part for key, cell in zip(keys, cells, strict=True) for part in (key, cell)]
                _write_texts(written, pc.binary_join_element_wise(*pairs, "}\n", ""))
        return {}

    def row_count(self, file: Path) -> int:
        """Return the lines of a file."""
        with file.open("rb") as written:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: written.read(_CHUNK), b""))


class CsvFormat:
    """Writes CSV with a header."""

    @property
    def storage(self) -> StorageFormat:
        """Extension, content type and SerDe of CSV."""
        return CSV

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, file: Path) -> dict[str, int]:
        """Write the header and rows to a file."""
        with file.open("wb") as written:
            written.write((",".join(schema.names) + "\r\n").encode())
            for batch in _batches(groups):
                cells = [pc.fill_null(_csv_cells(column), "") for column in batch.columns]
                _write_texts(written, pc.binary_join_element_wise(pc.binary_join_element_wise(*cells, ","), "\r\n", ""))
        return {}

    def row_count(self, file: Path) -> int:
        """Return the records of a file without its header; a line break inside quotes belongs to its record."""
        records, is_quoted, rest = 0, False, b""
        with file.open("rb") as written:
            for chunk in iter(lambda: written.read(_CHUNK), b""):
                text = rest + chunk
                rest = b"\r" if text.endswith(b"\r") else b""
                parts = text.removesuffix(rest).split(b'"')
                records += sum(part.count(b"\r\n") for part in parts[is_quoted::2])
                is_quoted ^= len(parts) % 2 == 0
        return records - 1


def has_records_of_several_lines(file: Path, rows: int) -> bool:
    """Return whether a CSV file of this many rows has a line break inside a record; Athena reads CSV by lines."""
    with file.open("rb") as written:
        ends = sum(chunk.count(b"\n") + chunk.count(b"\r") for chunk in iter(lambda: written.read(_CHUNK), b""))
    return ends != 2 * (rows + 1)  # each record and the header end with both


def _batches(groups: Iterator[pa.Table]) -> Iterator[pa.RecordBatch]:
    for group in groups:
        yield from group.to_batches(max_chunksize=_MOST_ROWS)


def _write_texts(file: BinaryIO, texts: pa.StringArray) -> None:
    # The texts of a computed column lie behind each other from the start of its buffer.
    length = pc.sum(pc.binary_length(texts)).as_py()
    if length:
        file.write(memoryview(texts.buffers()[2])[:length])


def _json_cells(column: pa.Array) -> pa.StringArray:
    if pa.types.is_string(column.type):
        return _json_strings(column)
    cells = _plain_cells(column)
    if pa.types.is_temporal(column.type):
        return pc.binary_join_element_wise('"', cells, '"', "")
    return cells


def _json_strings(column: pa.StringArray) -> pa.StringArray:
    # One line per value, because a call per value costs more than its encoding. JSON text holds no line break.
    lines = _encoder.encode_lines(column.to_pylist())
    texts = pc.split_pattern(pa.array([lines[:-1]], pa.string()), "\n").flatten()
    return pc.if_else(column.is_valid(), texts, pa.scalar(None, pa.string()))


def _csv_cells(column: pa.Array) -> pa.StringArray:
    if not pa.types.is_string(column.type):
        return _plain_cells(column)
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(column, _NEEDS_QUOTES), quoted, column)


def _plain_cells(column: pa.Array) -> pa.StringArray:
    """Return values that are no text as text; null stays null."""
    if pa.types.is_timestamp(column.type):
        texts = pc.strftime(column, "%Y-%m-%dT%H:%M:%S")  # with the six decimals of its unit
        return pc.binary_join_element_wise(pc.replace_substring_regex(texts, r"000$", ""), "Z", "")
    if pa.types.is_decimal(column.type):  # Arrow's cast gives 0E-8
        return _texts([None if value is None else f"{value:f}" for value in column.to_pylist()])
    if pa.types.is_floating(column.type):
        return _texts([None if value is None else repr(value) for value in column.to_pylist()])
    return column.cast(pa.string())


def _texts(values: Sequence[str | None]) -> pa.StringArray:
    return pa.array(values, pa.string())
