"""Bodies of any bytes at the parser of frames."""

import contextlib

from dashboard.http_stream.frames import Frame, Kind, MalformedFrames, frames_from


def seeds() -> list[bytes]:
    """Return bodies of one frame and of several."""
    one, empty, long = Frame(1, Kind.DATA, b"hello"), Frame(2, Kind.CLOSE, b""), Frame(3, Kind.DATA, b"x" * 300)
    return [one.encoded(), empty.encoded(), one.encoded() + empty.encoded() + long.encoded()]


def hold(data: bytes) -> None:
    """Any bytes are whole frames, which make the same bytes, or are refused."""
    with contextlib.suppress(MalformedFrames):
        assert b"".join(frame.encoded() for frame in frames_from(data)) == data
