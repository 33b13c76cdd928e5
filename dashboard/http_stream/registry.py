"""The channels of this process, by id: quotas, look-up by owner, removal after the grace period."""

import asyncio
import secrets
import time
from typing import Final

from dashboard.http_stream.channel import GOING_AWAY, SERVICE_RESTART, Channel
from dashboard.http_stream.limits import Limits

_SWEEP_SECONDS: Final = 5.0


class TooMany(Exception):
    """A quota is used up; `status` is 429 for the caller's own quota and 503 for the common one."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class Registry:
    """Channels by id."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._channels: dict[str, Channel] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._is_ending = False

    def find(self, name: str, owner: bytes) -> Channel | None:
        """Return a channel to the browser that opened it; None for any other caller."""
        channel = self._channels.get(name)
        return channel if channel is not None and secrets.compare_digest(channel.owner, owner) else None

    def make_room(self, owner: bytes, address: str) -> None:
        """Raise TooMany unless one more channel fits; an abandoned one of the same browser is removed."""
        if self._is_ending:
            raise TooMany(503)
        self._make_room_among([one for one in self._channels.values() if one.owner == owner])
        if sum(one.address == address for one in self._channels.values()) >= self._limits.channels_per_address:
            raise TooMany(429)
        if len(self._channels) >= self._limits.channels:
            raise TooMany(503)

    def add(self, channel: Channel) -> None:
        """Hold a channel until it is removed or abandoned."""
        self._channels[channel.id] = channel
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())

    def remove(self, channel: Channel, code: int = GOING_AWAY) -> None:
        """Remove a channel and report to Streamlit that its browser has gone."""
        self._channels.pop(channel.id, None)
        channel.drop(code)

    def end_all(self) -> None:
        """End every channel: the server stops. Readers get the last frame, and their requests end."""
        self._is_ending = True
        for channel in self._channels.values():
            channel.drop(SERVICE_RESTART)

    def _make_room_among(self, own: list[Channel]) -> None:
        if len(own) < self._limits.channels_per_browser:
            return
        abandoned = [one for one in own if not one.is_read]
        if not abandoned:
            raise TooMany(429)
        self.remove(min(abandoned, key=lambda one: one.last_read))

    async def _sweep(self) -> None:
        while self._channels:
            await asyncio.sleep(_SWEEP_SECONDS)
            latest = time.monotonic() - self._limits.grace_seconds
            for channel in list(self._channels.values()):
                if not channel.is_read and channel.last_read < latest:
                    self.remove(channel)
