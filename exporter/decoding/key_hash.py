"""What identifies a row, and the hash of a day's keys, equal for the same keys in any order."""

import pyarrow as pa

from dataset_model import Dataset
from dataset_model.columns.attribute_paths import NUMBER
from exporter.native.library import library


def row_key(dataset: Dataset, table_key: tuple[str, ...]) -> tuple[str, ...]:
    """Return the attributes that identify a row: the table's key, and an element's number where a row is one."""
    return (*table_key, f"{dataset.exploded}{NUMBER}") if dataset.exploded else table_key


class KeyHash:
    """An order-free hash of primary keys: the sum of their 128-bit hashes, modulo 2**128."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, keys: pa.Array) -> None:
        """Add a column of 16-byte hashes."""
        compiled = library()
        if compiled is not None:
            self._sum += compiled.key_sum(keys)
        else:
            self._sum += sum(int.from_bytes(key, "little") for key in keys.to_pylist())

    def hexadecimal(self) -> str:
        """Return the sum as 32 hexadecimal digits."""
        return f"{self._sum % (1 << 128):032x}"
