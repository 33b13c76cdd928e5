"""The kind of access that the environment sets: sign-in, loopback, or everyone."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from dashboard.model.access.roles import RoleMap, grants_from
from dashboard.sign_in.oidc.provider import FIELDS, variable
from dataset_model.faults import DatasetError, Fault

SECRETS: Final = ("AUTH_SECRET_ARN", "SIGN_IN_SECRET")
"""Variables that name the secret: by its ARN, or by a name that a template knows before the secret is there."""
UNAUTHENTICATED: Final = "DASHBOARD_ALLOW_UNAUTHENTICATED"
IDLE: Final = "SIGN_IN_IDLE_MINUTES"
IDLE_MINUTES: Final = 120
MOST_IDLE_MINUTES: Final = 720
STRANGERS: Final = "STRANGERS"
YES: Final = "yes-anyone-can-read-everything"


class Access(Enum):
    """Who gets in."""

    SIGN_IN = "sign-in"
    """People and programs that the provider knows."""
    LOOPBACK = "loopback"
    """Connections to a loopback address; every other address is refused."""
    EVERYBODY = "everybody"
    """Anyone who reaches the address; the operator has set this explicitly."""


def access_from_environment(environment: Mapping[str, str]) -> Access:
    """Return who gets in; raise DatasetError where the variable that opens the dashboard holds any other value."""
    allowed = environment.get(UNAUTHENTICATED, "").strip()
    if allowed not in {"", YES}:
        raise DatasetError([Fault("environment", UNAUTHENTICATED, f"nothing, or {YES}", allowed)])
    if any(environment.get(name, "").strip() for name in (*SECRETS, *map(variable, FIELDS))):
        return Access.SIGN_IN
    return Access.EVERYBODY if allowed else Access.LOOPBACK


def secret_from_environment(environment: Mapping[str, str]) -> str | None:
    """Return the ARN or name of the secret that holds the provider, None where variables hold all of it."""
    return next((text for name in SECRETS if (text := environment.get(name, "").strip())), None)


def role_map_from_environment(environment: Mapping[str, str]) -> RoleMap:
    """Return the map of ROLE_CLAIM and ROLE_MAP; raise DatasetError where it cannot be read."""
    claim, text = environment.get("ROLE_CLAIM", "").strip() or "groups", environment.get("ROLE_MAP", "").strip()
    try:
        return RoleMap(claim, grants_from(text))
    except (ValueError, AttributeError) as error:
        expected = f"group=role or group=role@dataset, separated by commas ({error})"
        raise DatasetError([Fault("environment", "ROLE_MAP", expected, text)]) from None


def idle_seconds_from_environment(environment: Mapping[str, str]) -> float:
    """Return the idle time of SIGN_IN_IDLE_MINUTES in seconds; raise DatasetError where it is no whole number."""
    text = environment.get(IDLE, "").strip() or str(IDLE_MINUTES)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_IDLE_MINUTES:
        raise DatasetError([Fault("environment", IDLE, f"whole minutes from 1 to {MOST_IDLE_MINUTES}", text)])
    return int(text) * 60.0


def sends_strangers_to_sign_in(environment: Mapping[str, str]) -> bool:
    """Return whether STRANGERS is "redirect"; raise DatasetError where it is neither that nor "refuse"."""
    text = environment.get(STRANGERS, "").strip() or "refuse"
    if text not in {"refuse", "redirect"}:
        raise DatasetError([Fault("environment", STRANGERS, "refuse or redirect", text)])
    return text == "redirect"


def refusal(addresses: str) -> str:
    """Return the reason why the process does not start on an address that others can reach."""
    return (
        f"The dashboard does not start on {addresses}: others could read everything there without signing in.\n"
        "Either set up sign-in (OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_REDIRECT_URI, "
        f"OIDC_COOKIE_SECRET, or {SECRETS[0]}),\n"
        "or serve this machine alone (--server.address 127.0.0.1; --host 127.0.0.1 with uvicorn),\n"
        f"or, where something else keeps strangers out, set {UNAUTHENTICATED}={YES}."
    )
