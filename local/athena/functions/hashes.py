"""Hashes of bytes, and checksum(), which adds up the hashes of a column's values."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from collections.abc import Iterable

_MASK = (1 << 64) - 1
_PRIMES = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5,
)  # fmt: skip


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK


def _round(total: int, lane: int) -> int:
    return (_rotated((total + lane * _PRIMES[1]) & _MASK, 31) * _PRIMES[0]) & _MASK


def xxhash64(data: bytes) -> int:
    """XXH64 with seed 0. Source: the algorithm's specification by its author."""
    size, at = len(data), 0
    if size >= 32:
        lanes = [(_PRIMES[0] + _PRIMES[1]) & _MASK, _PRIMES[1], 0, -_PRIMES[0] & _MASK]
        while at <= size - 32:
            lanes = [_round(lane, word) for lane, word in zip(lanes, struct.unpack_from("<4Q", data, at), strict=True)]
            at += 32
        total = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            total = ((total ^ _round(0, lane)) * _PRIMES[0] + _PRIMES[3]) & _MASK
    else:
        total = _PRIMES[4]
    total = (total + size) & _MASK
    while at <= size - 8:
        total = (
            _rotated(total ^ _round(0, struct.unpack_from("<Q", data, at)[0]), 27) * _PRIMES[0] + _PRIMES[3]
        ) & _MASK
        at += 8
    if at <= size - 4:
        word = struct.unpack_from("<I", data, at)[0]
        total = (_rotated(total ^ (word * _PRIMES[0] & _MASK), 23) * _PRIMES[1] + _PRIMES[2]) & _MASK
        at += 4
    for byte in data[at:]:
        total = (_rotated(total ^ (byte * _PRIMES[4] & _MASK), 11) * _PRIMES[0]) & _MASK
    return _avalanche(total)


def _avalanche(total: int) -> int:
    total = ((total ^ (total >> 33)) * _PRIMES[1]) & _MASK
    total = ((total ^ (total >> 29)) * _PRIMES[2]) & _MASK
    return total ^ (total >> 32)


def xxhash64_bytes(data: bytes) -> bytes:
    """The hash as Trino's function gives it."""
    return xxhash64(data).to_bytes(8, "big")


def crc32(data: bytes) -> int:
    """CRC-32."""
    return zlib.crc32(data)


def digest(name: str, data: bytes) -> bytes:
    """A digest by its name: md5, sha1, sha256, sha512."""
    return hashlib.new(name, data, usedforsecurity=False).digest()


def keyed_digest(name: str, data: bytes, key: bytes) -> bytes:
    """An HMAC by the name of its digest."""
    return hmac.digest(key, data, name)


def checksum_of_texts(values: Iterable[str | None]) -> bytes:
    """checksum() of a varchar column."""
    return _sum(None if value is None else xxhash64(value.encode()) for value in values)


def checksum_of_integers(values: Iterable[int | None]) -> bytes:
    """checksum() of a column of whole numbers, or of dates as days since 1970."""
    return _sum(None if value is None else xxhash64(struct.pack("<q", value)) for value in values)


def checksum_of_doubles(values: Iterable[float | None]) -> bytes:
    """checksum() of a column of doubles."""
    return _sum(None if value is None else xxhash64(struct.pack("<d", value + 0.0)) for value in values)


def _sum(hashes: Iterable[int | None]) -> bytes:
    total = sum(_PRIMES[0] if one is None else one * _PRIMES[0] for one in hashes)
    return (total & _MASK).to_bytes(8, "little")
