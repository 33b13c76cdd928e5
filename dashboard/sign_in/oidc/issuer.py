"""What the provider publishes: its name in tokens, and the keys that its signatures are checked with."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dashboard.errors import IssuerUnreachable
from dashboard.sign_in.oidc.provider import Provider

FRESH_SECONDS: Final = 3600.0
LOOK_AGAIN_SECONDS: Final = 60.0
"""Shortest time between two requests for keys that unknown key names cause: a caller can invent names."""


@dataclass(frozen=True)
class Published:
    """What the provider said, and when by our clock."""

    issuer: str
    keys: KeySet
    at: float

    def has(self, name: str | None) -> bool:
        """Return whether there is a key of that name; None fits where there is only one."""
        names = [key.kid for key in self.keys]
        return name in names if name is not None else len(names) == 1


class Issuer:
    """The provider's documents, read over HTTPS and cached."""

    def __init__(self, provider: Provider, clock: Callable[[], float] = time.monotonic) -> None:
        self._provider = provider
        self._clock = clock
        self._lock = asyncio.Lock()
        self._published: Published | None = None

    async def published(self, key: str | None) -> Published:
        """Return what is published, requested again where it is old or lacks the key; raises IssuerUnreachable."""
        async with self._lock:
            known = self._published
            if known is not None:
                age = self._clock() - known.at
                if age < LOOK_AGAIN_SECONDS or (age < FRESH_SECONDS and known.has(key)):
                    return known
            try:
                self._published = await self._ask()
            except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
                if known is not None and known.has(key):
                    return known
                raise IssuerUnreachable(
                    f"The sign-in provider's keys cannot be read from {self._provider.metadata_url} "
                    f"({type(error).__name__}). Try again in a minute."
                ) from error
            return self._published

    async def _ask(self) -> Published:
        async with httpx.AsyncClient(timeout=5.0, follow_redirects=False) as client:
            document = await _json(client, self._provider.metadata_url)
            issuer = str(document["issuer"])
            if self._provider.issuer is not None and issuer.rstrip("/") != self._provider.issuer.rstrip("/"):
                raise ValueError("the document is another issuer's")
            keys = await _json(client, str(document["jwks_uri"]))
        signing = [key for key in keys["keys"] if key.get("use", "sig") == "sig" and key.get("kty") in {"RSA", "EC"}]
        return Published(issuer, KeySet.import_key_set({"keys": signing}), self._clock())


async def _json(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    answer = await client.get(address)
    answer.raise_for_status()
    content = answer.json()
    if not isinstance(content, dict):
        raise TypeError("expected a JSON object")
    return content
