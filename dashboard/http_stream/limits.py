"""Limits of the stream: durations, sizes and counts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of the stream. Seconds and bytes; the defaults suit an edge that cuts every request at 120 s."""

    stream_seconds: float = 100.0
    """A streaming GET ends itself before the edge cuts it."""
    poll_seconds: float = 25.0
    """A long poll without news ends below the 30 s at which proxies give up."""
    ping_seconds: float = 15.0
    """Silence on a stream is broken this often, or idle connections are dropped on the way."""
    grace_seconds: float = 90.0
    """A channel without a reader lives this long; browsers wake hidden tabs once a minute."""
    body_bytes: int = 16 * 1024 * 1024
    """The largest POST; file uploads do not pass here."""
    inbox_bytes: int = 16 * 1024 * 1024
    """What may wait for Streamlit to take it, per channel; beyond it a POST waits."""
    unread_bytes: int = 32 * 1024 * 1024
    """What may wait for the browser to acknowledge it, per channel; beyond it Streamlit waits."""
    channels: int = 400
    """Channels in total."""
    channels_per_browser: int = 20
    """Tabs of one browser; a tab that has gone without closing its channel makes room."""
    channels_per_address: int = 100
    """Channels from one network address, which an office may share."""
