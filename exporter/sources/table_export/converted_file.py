"""Decoded rows of a data file, as `convert` writes them to S3: one object of Arrow streams by day, and its record.

The object has a name of its own for every attempt, and the record is written last and names it. So a worker may be
killed at any instant or run twice at once: a record always describes one whole object.
"""

import datetime as dt
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

import msgspec

from dataset_model import Dataset
from dataset_model.records.table_schema import TableSchema
from exporter.decoding.batch import AwaitedItem, QuarantinedItem
from exporter.decoding.late_columns import holds
from exporter.errors import SourceError
from exporter.sources.description import SourceDescription
from exporter.sources.table_export.manifests import ExportFile
from exporter.values.numbers import InexactDoubles

CONVERTED_FOLDER = "_converted"

VALUE = "converted:value"
"""Column of the partition value of each row; a column of a dataset has no colon in its name."""

_FORMAT: Literal[2] = 2

Part = tuple[int, int]
"""Offset and length in the object."""


class ConvertedDay(msgspec.Struct, frozen=True, array_like=True):
    """The rows of one day."""

    day: dt.date
    rows: int
    streams: tuple[Part, ...]
    """Each holds one batch, in the columns of a decoded page and `VALUE`."""
    nulled: tuple[Part, ...] = ()
    """Items with nulled values, as lines; all entries of a row are in one part."""
    awaited: tuple[Part, ...] = ()
    """Items with derived values that may come later, as lines."""
    inexact: dict[str, InexactDoubles] = {}
    """By column."""
    ignored: dict[str, int] = {}
    """By attribute."""


class ConvertedFile(msgspec.Struct, frozen=True):
    """What a data file was converted to."""

    source: str
    """Key of the data file."""
    md5: str
    data: str
    """Key of the object."""
    items: int
    """Rows and withheld items that the source holds."""
    columns: dict[str, str]
    """As `columns_of` returns them, of the schema under which it was decoded."""
    kinds: dict[str, tuple[str, ...]]
    """Attribute without a column -> DynamoDB types of its values; empty where the dataset adds no columns."""
    days: tuple[ConvertedDay, ...]
    """In order."""
    withheld: tuple[Part, ...]
    """Items without a readable day, as lines."""
    format: Literal[2] = _FORMAT


def conversion_folder(prefix: str, export_arn: str, dataset: Dataset, description: SourceDescription) -> str:
    """Return the folder of an export's converted files; another dataset file, or another index, has another."""
    about = (dataset.model_dump_json(), str(description.projected and sorted(description.projected)), str(_FORMAT))
    digest = blake2b("\n".join(about).encode(), digest_size=8).hexdigest()
    return f"{prefix}/{CONVERTED_FOLDER}/{export_arn.rpartition('/')[2]}/{digest}"


def record_key(folder: str, file: ExportFile) -> str:
    """Return the key of a data file's record."""
    return f"{folder}/{_name(file)}.json"


def data_key(folder: str, file: ExportFile, token: str) -> str:
    """Return the key of an object that no other attempt writes."""
    return f"{folder}/{_name(file)}-{token}.arrows"


def _name(file: ExportFile) -> str:
    return file.key.rpartition("/")[2].removesuffix(".json.gz")


def columns_of(schema: TableSchema) -> dict[str, str]:
    """Return column -> its attribute, path or derivation, and its type."""
    return {
        column.name: f"{column.attribute or column.derive or ''}: {column.type.athena}" for column in schema.columns
    }


def misfit(record: ConvertedFile, schema: TableSchema) -> str | None:
    """Return an attribute that got a column since, of a type that does not hold every value; None where all fit.

    Its values were read without a column, so the items are not there that would have to be quarantined.
    """
    types = {column.whole_attribute: column.type for column in schema.columns}
    found = (name for name, kinds in record.kinds.items() if name in types and not holds(types[name], kinds))
    return next(found, None)


def encoded(record: ConvertedFile) -> bytes:
    """Return a record as JSON."""
    return _encoder.encode(record)


def decoded_record(body: bytes, where: str, file: ExportFile) -> ConvertedFile:
    """Return a record; raise SourceError where it is not that of this data file."""
    try:
        record = _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise SourceError(f"{where} is not readable: {error}. Remove it, and run `convert` for {file.key}") from None
    if (record.source, record.md5) != (file.key, file.md5_checksum):
        raise SourceError(
            f"{where} is of {record.source} with MD5 {record.md5}; expected {file.key} with {file.md5_checksum}. "
            "Remove it, and run `convert` for that file"
        )
    return record


def lines_of(items: Sequence[QuarantinedItem | AwaitedItem]) -> bytes:
    """Return items as lines."""
    return _encoder.encode_lines(items)


def items_of(lines: bytes) -> tuple[QuarantinedItem, ...]:
    """Return the quarantined items of lines."""
    return tuple(_items.decode_lines(lines))


def awaited_of(lines: bytes) -> tuple[AwaitedItem, ...]:
    """Return the items of lines that wait for derived values."""
    return tuple(_awaited.decode_lines(lines))


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ConvertedFile)
_items = msgspec.json.Decoder(QuarantinedItem)
_awaited = msgspec.json.Decoder(AwaitedItem)
