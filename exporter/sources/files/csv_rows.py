"""A CSV file flows in, pages of its rows flow out as DynamoDB would give items.

A row has the attributes of `FilesSource`: the text that places it on its day, and its number, which identifies it. Its
own values are under the names of the file's columns with a mark, so that none is taken for those. A cell that is empty
and not in quotes is NULL.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv as arrow_csv

from dataset_model.columns.types import ColumnType
from dataset_model.definition import FILE_DATE, FILE_LINE
from exporter.errors import SourceError
from exporter.sources.files.json_values import Number, stored_value
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.table_scan import SegmentPage
from exporter.values.numbers import is_number

_BLOCK_BYTES = 4 << 20
"""A row has to fit in it."""


def attribute_of(column: str) -> str:
    """Return the attribute under which a row has a column's value."""
    return f"csv:{column}"


class CsvFile:
    """A local copy of a CSV file with a header."""

    def __init__(self, file: Path, named: str) -> None:
        """`named` is how errors call the file."""
        self._file, self.named = file, named
        try:
            with self._opened(()) as reader:
                self.columns: tuple[str, ...] = tuple(reader.schema.names)
        except pa.ArrowInvalid as error:
            raise self._fault(error) from None

    def texts(self, column: str) -> Iterator[pa.StringArray]:
        """Yield a column's texts, in parts."""
        for batch in self.batches((column,)):
            yield batch.column(0)

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield these columns' texts; raise SourceError where a row does not have the header's columns."""
        try:
            with self._opened(columns) as reader:
                yield from reader
        except pa.ArrowInvalid as error:
            raise self._fault(error) from None

    def _opened(self, columns: Sequence[str]) -> arrow_csv.CSVStreamingReader:
        names = list(columns)
        return arrow_csv.open_csv(
            self._file,
            read_options=arrow_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=names,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    def _fault(self, error: Exception) -> SourceError:
        return SourceError(
            f"{self.named} is not CSV in UTF-8 with commas and a header: {error}. Correct it and put it again; "
            "nothing was published"
        )


class CsvRows:
    """The rows of a file as one segment."""

    def __init__(self, file: CsvFile, types: Mapping[str, ColumnType], day_column: str, limiter: RateLimiter) -> None:
        """`types` are the columns to read; the text of `day_column` places a row on its day."""
        self._file, self._types, self._day_column = file, types, day_column
        self.limiter = limiter

    def page(self, segment: int, segments: int, cursor: dict[str, Any] | None = None) -> SegmentPage:  # noqa: ARG002 - the interface of what is read in segments
        """Return the first part of the file."""
        return next(self._pages(), SegmentPage([], 0, 0.0, None))

    def pages(self, segment: int, segments: int, first: SegmentPage | None = None) -> Iterator[SegmentPage]:  # noqa: ARG002 - as above
        """Yield the file in parts; `first` has been read already."""
        pages = self._pages()
        if first:
            next(pages, None)
            yield first
        yield from pages

    def _pages(self) -> Iterator[SegmentPage]:
        number = 0
        for batch in self._file.batches(tuple(self._types)):
            columns = batch.to_pydict()
            days = columns[self._day_column]
            items = []
            for row in range(batch.num_rows):
                number += 1
                item = {
                    attribute_of(name): value
                    for name, column_type in self._types.items()
                    if (value := _stored(columns[name][row], column_type.row.dynamo)) is not None
                }
                item[FILE_LINE] = {"N": str(number)}
                if days[row] is not None:
                    item[FILE_DATE] = {"S": days[row]}
                items.append(msgspec.Raw(msgspec.json.encode(item)))
            yield SegmentPage(items, len(items), 0.0, None)


def _stored(text: str | None, kind: str | None) -> dict[str, Any] | None:
    """Return a cell as an attribute's value; what its column cannot hold stays text, which contradicts the column."""
    if text is None:
        return None
    if kind == "N" and is_number(text.strip()):
        return stored_value(Number(text.strip()))
    if kind == "BOOL" and text.strip().lower() in {"true", "false"}:
        return {"BOOL": text.strip().lower() == "true"}
    if kind is None:
        try:
            return stored_value(json.loads(text, parse_int=Number, parse_float=Number))
        except (ValueError, RecursionError):
            return {"S": text}
    return {"S": text}
