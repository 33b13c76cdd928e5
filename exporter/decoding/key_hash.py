"""The hash of a day's primary keys, equal for the same keys in any order."""

import pyarrow as pa

from exporter.native.library import library


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
