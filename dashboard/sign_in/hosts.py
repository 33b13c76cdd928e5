"""The Host headers that the dashboard accepts where sign-in is off.

A page from elsewhere can have its own name lead to this machine (DNS rebinding). The browser then takes the dashboard
for that page's server, and the page reads the figures. Such requests carry the page's name in their Host header.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.sign_in.addresses import is_loopback
from dataset_model.faults import DatasetError, Fault

HOSTS: Final = "DASHBOARD_HOSTS"

_HEADER: Final = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<name>[^:]*))(?::[0-9]{0,5})?")
_NAME: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*")


@dataclass(frozen=True)
class Hosts:
    """Names that are this dashboard's own."""

    names: frozenset[str] = frozenset()
    """Names that the operator gave, in lower case."""
    any_address: bool = False
    """Whether every IP address is one, since no page can call itself so; otherwise loopback ones alone."""

    def admit(self, header: str) -> bool:
        """Return whether a Host header names this dashboard."""
        found = _HEADER.fullmatch(header.strip().lower())
        host = (found["v6"] or found["name"] or "").removesuffix(".") if found else ""
        return is_loopback(host) or host in self.names or (self.any_address and _is_address(host))


def names_from_environment(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the names of DASHBOARD_HOSTS; raise DatasetError where one of them is no name."""
    given = environment.get(HOSTS, "")
    names = frozenset(name.strip().lower() for name in given.split(",") if name.strip())
    if any(not _NAME.fullmatch(name) for name in names):
        expected = "names without scheme and port, separated by commas, such as reports.example.com"
        raise DatasetError([Fault("environment", HOSTS, expected, given)])
    return names


def refusal_of_name() -> str:
    """Return why a request under another name is not answered."""
    return (
        "This dashboard does not answer under this host name: sign-in is off, and a page of another site could "
        f"read it.\nOpen it by its address (http://localhost:8501), or set {HOSTS} to the name if it is yours."
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
