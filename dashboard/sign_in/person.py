"""Claims to the person they describe."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import RoleMap

SESSION_SECONDS: Final = 12 * 3600
"""How long a sign-in holds: Streamlit's own cookie lasts thirty days, in which people leave a company."""

_LATEST: Final = 10**12
"""No moment of a sign-in: what is at or beyond it, and what is no number, would never end."""

_NAMES: Final = ("name", "preferred_username", "email", "cognito:username", "username", "sub", "client_id")


@dataclass(frozen=True)
class Person:
    """A person who signed in, or a program with a token."""

    subject: str
    name: str
    """Display name; never empty."""
    email: str | None = None
    claims: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def issued(self) -> float:
        """When the provider issued the sign-in or token (`iat`), in seconds; 0 where the claims do not say."""
        return issued_at(self.claims) or 0.0

    def requester(self, role_map: RoleMap, address: str = "") -> Requester:
        """Return who asks, with the roles that the person's claims give."""
        return Requester(self.subject, self.name, address, role_map.roles_of(self.claims), self.claims)


def person_from_claims(claims: Mapping[str, object]) -> Person:
    """Return the person that the claims describe."""
    # JSON may hold half a character, which no digest, log or file can take.
    texts = {
        key: value.encode("utf-8", "backslashreplace").decode()
        for key, value in claims.items()
        if isinstance(value, str) and value.strip()
    }
    name = next((texts[key] for key in _NAMES if key in texts), "Signed in")
    return Person(texts.get("sub", name), name, texts.get("email"), dict(claims))


def issued_at(claims: Mapping[str, object]) -> float | None:
    """Return when claims were issued (`iat`), in seconds; None where they name no moment."""
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float) or not abs(issued) < _LATEST:
        return None
    return float(issued)


def is_fresh(claims: Mapping[str, object], now: float | None = None) -> bool:
    """Return whether a sign-in still holds, by the moment at which its token was issued (`iat`)."""
    issued = issued_at(claims)
    return issued is not None and (time.time() if now is None else now) - issued < SESSION_SECONDS
