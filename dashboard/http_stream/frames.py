"""Frames to bytes and back: a fixed head, then the payload."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

HEAD: Final = struct.Struct(">IQB")
"""Payload length, number, kind: 13 bytes, big-endian."""
CLOSE_CODE: Final = struct.Struct(">H")


class Kind(IntEnum):
    """The kinds of frames."""

    HELLO = 0
    """First on every stream: it arrives at once, or something on the way buffers."""
    DATA = 1
    """One WebSocket message."""
    CLOSE = 2
    """The last of a channel; its payload is the WebSocket close code."""
    PING = 3
    """Nothing new."""


_KINDS: Final = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. DATA and CLOSE are numbered from 1 in each direction, HELLO and PING are 0."""

    number: int
    kind: Kind
    payload: bytes = b""

    def encoded(self) -> bytes:
        """Return the frame as it travels."""
        return HEAD.pack(len(self.payload), self.number, self.kind) + self.payload


class MalformedFrames(ValueError):
    """Bytes that are no sequence of whole frames."""


def close_frame(number: int, code: int) -> Frame:
    """Return the frame that ends a channel with a WebSocket close code."""
    return Frame(number, Kind.CLOSE, CLOSE_CODE.pack(code))


def frames_from(body: bytes) -> list[Frame]:
    """Return the frames of a body; raise MalformedFrames unless it is whole frames of known kinds and nothing else."""
    frames = []
    place = 0
    while place < len(body):
        if len(body) - place < HEAD.size:
            raise MalformedFrames(f"byte {place}: a head needs {HEAD.size} bytes, {len(body) - place} are left")
        size, number, kind = HEAD.unpack_from(body, place)
        start = place + HEAD.size
        if size > len(body) - start:
            raise MalformedFrames(f"byte {place}: a payload of {size} bytes is announced, {len(body) - start} are left")
        if kind not in _KINDS:
            raise MalformedFrames(f"byte {place}: there is no kind {kind}")
        frames.append(Frame(number, Kind(kind), body[start : start + size]))
        place = start + size
    return frames
