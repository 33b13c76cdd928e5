"""A notice and an address flow in, the link that ends it for this reader flows out; and a link's reader again.

A link has neither the address nor what the notice is about. It is signed: a person cannot make one for another.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

PATH: Final = "unsubscribe"
PARAMETER: Final = "t"
_LINK: Final = re.compile(r"([a-z_][a-z0-9_]{0,127})\.([0-9a-f]{32})\.([0-9a-f]{32})")


@dataclass(frozen=True)
class Reader:
    """One who gets a notice of a dataset."""

    dataset: str
    digest: str
    """Stands for the notice and the address."""


def reader_of(key: str, dataset: str, notice: str, address: str) -> Reader:
    """Return the reader of an address; `key` is the deployment's."""
    return Reader(dataset, _digest(key, "reader", dataset, notice, address.lower()))


def unsubscribe_link(key: str, reader: Reader, dashboard_url: str) -> str:
    """Return the address that ends a notice for a reader."""
    text = f"{reader.dataset}.{reader.digest}.{_signature(key, reader)}"
    return f"{dashboard_url}/{PATH}?{urlencode({PARAMETER: text})}"


def reader_from(key: str, text: str) -> Reader | None:
    """Return the reader of a link's parameter; None for one that was not made here."""
    found = _LINK.fullmatch(text)
    if found is None:
        return None
    reader = Reader(found[1], found[2])
    return reader if hmac.compare_digest(found[3], _signature(key, reader)) else None


def _signature(key: str, reader: Reader) -> str:
    return _digest(key, "unsubscribe", reader.dataset, reader.digest)


def _digest(key: str, *parts: str) -> str:
    return hmac.new(key.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()[:32]
