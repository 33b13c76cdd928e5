"""Rows of a day flow in, the same rows with `_key` and `_as_of` flow out, for datasets that have changes.

The view of the present state joins a day's rows with the changes by the key's hash: columns may hold a key inexactly,
or not at all. `_as_of` is in the file itself: a reader sees old rows with the old instant or new rows with the new.
"""

import binascii
import datetime as dt

import pyarrow as pa

from dataset_model.records.changes import AS_OF_COLUMN, KEY_COLUMN, milliseconds

_BYTES = 16


def stamped_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema of a stamped file."""
    return schema.append(pa.field(KEY_COLUMN, pa.string())).append(pa.field(AS_OF_COLUMN, pa.int64()))


def stamps(keys: pa.Array, as_of: dt.datetime) -> list[pa.Array]:
    """Return the two columns for rows with these hashes of their keys."""
    return [key_texts(keys), pa.repeat(pa.scalar(milliseconds(as_of), pa.int64()), len(keys))]


def digests_of(texts: pa.StringArray) -> pa.Array:
    """Return the 16-byte hashes of texts of hexadecimal digits, none of them null: what `key_texts` was made from."""
    if not len(texts):
        return pa.array([], pa.binary(_BYTES))
    _, offsets, digits = texts.buffers()
    first = memoryview(offsets).cast("i")[texts.offset]
    digests = binascii.unhexlify(memoryview(digits)[first : first + 2 * _BYTES * len(texts)])
    return pa.Array.from_buffers(pa.binary(_BYTES), len(texts), [None, pa.py_buffer(digests)])


def key_texts(keys: pa.Array) -> pa.StringArray:
    """Return 16-byte hashes, none of them null, as hexadecimal digits."""
    if not len(keys):
        return pa.array([], pa.string())
    start, end = _BYTES * keys.offset, _BYTES * (keys.offset + len(keys))
    digits = binascii.hexlify(memoryview(keys.buffers()[1])[start:end])
    texts = pa.Array.from_buffers(pa.binary(2 * _BYTES), len(keys), [None, pa.py_buffer(digits)])
    return texts.cast(pa.binary()).cast(pa.string())
