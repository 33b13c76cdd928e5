"""The OpenID Connect provider: one record, from variables and a secret."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from dataset_model.faults import DatasetError, Fault

CALLBACK: Final = "/oauth2callback"
"""The path at which Streamlit takes the answer of the provider."""
DISCOVERY: Final = "/.well-known/openid-configuration"
SHORTEST_COOKIE_SECRET: Final = 32

FIELDS: Final = ("issuer", "metadata_url", "client_id", "client_secret", "redirect_uri", "cookie_secret")
_HIDDEN: Final = frozenset({"client_secret", "cookie_secret"})
_EXPECTED: Final = {
    "issuer": "an https address, such as https://login.example.com; or OIDC_METADATA_URL",
    "metadata_url": f"the https address of the provider's {DISCOVERY}",
    "client_id": "the id under which the provider knows the dashboard",
    "client_secret": "the secret that goes with OIDC_CLIENT_ID",
    "redirect_uri": f"the dashboard's own address as browsers see it, followed by {CALLBACK}",
    "cookie_secret": f"at least {SHORTEST_COOKIE_SECRET} random characters",
}


@dataclass(frozen=True)
class Provider:
    """The provider that signs people in, and the dashboard's registration there."""

    metadata_url: str
    issuer: str | None
    """As it stands in tokens; None where only the provider's own document says it."""
    client_id: str
    redirect_uri: str
    client_secret: str = field(repr=False)
    cookie_secret: str = field(repr=False)
    """Signs the cookie of a signed-in browser."""

    @property
    def origin(self) -> str:
        """Scheme and host of the dashboard as browsers see them."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"

    def streamlit_secrets(self) -> dict[str, dict[str, str]]:
        """Return what `st.login` reads from Streamlit's secrets."""
        return {
            "auth": {
                "redirect_uri": self.redirect_uri,
                "cookie_secret": self.cookie_secret,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "server_metadata_url": self.metadata_url,
            }
        }


def values_from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the `OIDC_` variables say, by field."""
    found = {name: environment.get(variable(name), "").strip() for name in FIELDS}
    return {name: value for name, value in found.items() if value}


def values_from_secret(content: Mapping[str, object]) -> dict[str, str]:
    """Return what a secret's JSON object says; its keys are spelled `client_id` or `OIDC_CLIENT_ID`.

    `server_metadata_url` is Streamlit's name for `metadata_url`.
    """
    named = {key.lower().removeprefix("oidc_").removeprefix("server_"): value for key, value in content.items()}
    return {name: str(named[name]).strip() for name in FIELDS if isinstance(named.get(name), str) and named[name]}


def variable(name: str) -> str:
    """Return the variable of a field."""
    return f"OIDC_{name.upper()}"


def provider_from(values: Mapping[str, str], where: str = "environment") -> Provider:
    """Return the provider; raise DatasetError with every fault. What is secret is never part of a message."""
    wrong = {name for name in ("client_id", "client_secret", "redirect_uri", "cookie_secret") if not values.get(name)}
    issuer, metadata_url = values.get("issuer", "").rstrip("/"), values.get("metadata_url", "")
    wrong |= {name for name in ("issuer", "metadata_url") if values.get(name) and not _is_safe(values[name])}
    if not issuer and not metadata_url:
        wrong.add("issuer")
    redirect_uri = values.get("redirect_uri", "")
    if not _is_safe(redirect_uri) or not redirect_uri.endswith(CALLBACK):
        wrong.add("redirect_uri")
    if len(values.get("cookie_secret", "")) < SHORTEST_COOKIE_SECRET:
        wrong.add("cookie_secret")
    if wrong:
        raise DatasetError(_fault(name, values.get(name), where) for name in FIELDS if name in wrong)
    return Provider(
        metadata_url=metadata_url or issuer + DISCOVERY,
        # A slash at its end is part of the issuer's name in tokens.
        issuer=values.get("issuer") or None,
        client_id=values["client_id"],
        client_secret=values["client_secret"],
        redirect_uri=redirect_uri,
        cookie_secret=values["cookie_secret"],
    )


def _fault(name: str, found: str | None, where: str) -> Fault:
    if found and name in _HIDDEN:
        found = f"{len(found)} characters"
    return Fault(where, variable(name), _EXPECTED[name], found or None)


def _is_safe(address: str) -> bool:
    """Return whether an address is https, or stays on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    try:
        return parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False
