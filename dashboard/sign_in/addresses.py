"""Which addresses are this machine's own, and on which ones this process listens."""

import contextlib
import ipaddress
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_DESCRIPTORS: Final = Path("/dev/fd")


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def foreign_listeners() -> list[str]:
    """Return the addresses other than loopback on which this process listens, or is bound to and about to.

    Asking the sockets works whatever started the server, and with whatever option. Where the system does not list a
    process's descriptors the answer is empty, and the check of each request remains.
    """
    return sorted({host for host in _bound_hosts() if not is_loopback(host)})


def _bound_hosts() -> Iterator[str]:
    try:
        numbers = [int(name) for name in os.listdir(_DESCRIPTORS) if name.isdigit()]  # noqa: PTH208 - names alone
    except OSError:
        return
    for number in numbers:
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as one:
                if _serves(one):
                    yield one.getsockname()[0]


def _serves(one: socket.socket) -> bool:
    if one.family not in {socket.AF_INET, socket.AF_INET6} or one.type != socket.SOCK_STREAM:
        return False
    if one.getsockname()[1] == 0:
        return False
    try:
        one.getpeername()
    except OSError:
        return True
    return False
