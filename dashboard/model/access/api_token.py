"""Personal API tokens: what a person's program may do, for how long, and as whom."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from dashboard.model.access.roles import Role

Scope = Literal["read", "sql"]
"""read: figures and ready queries, as a viewer. sql: also custom SQL and files, as an analyst."""

ROLES: Final[Mapping[Scope, Role]] = {"read": "viewer", "sql": "analyst"}
"""The most that a token may do; its person may be allowed less."""
MOST_DAYS: Final = 365
MOST_TOKENS: Final = 20
"""Of one person."""
HOLDER_DAYS: Final = 30
"""Days after a person's last sign-in for which their tokens are good: what is known of them is not older."""


@dataclass(frozen=True)
class ApiToken:
    """A token without its secret."""

    id: str
    digest: str = field(repr=False)
    """SHA-256 of the secret, which has 256 random bits and cannot be found by trying."""
    person: str
    """Subject of the sign-in."""
    name: str
    """What the person calls it."""
    scope: Scope
    datasets: tuple[str, ...]
    """Names of the datasets that it is for; empty: all that its person may see."""
    created_at: dt.datetime
    expires_at: dt.datetime

    @property
    def label(self) -> str:
        """What the audit log calls it."""
        return f"{self.id} {self.name}"


@dataclass(frozen=True)
class Holder:
    """A person with tokens, as of their last sign-in."""

    name: str
    signed_in_at: float
    """`iat` of the claims, in seconds."""
    claims: Mapping[str, object]
    """Those that roles and row rules read, and the address; no others."""


@dataclass(frozen=True)
class TokenBook:
    """All tokens, and the people for whom something runs while they are away, by subject."""

    tokens: tuple[ApiToken, ...] = ()
    holders: Mapping[str, Holder] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    """People of whom a sign-in is kept also without a token: their alerts and reports are sent with their rights."""
    ended: Mapping[str, float] = field(default_factory=dict)
    """By subject, when an admin ended the sessions of a person: an earlier sign-in makes no token any more."""

    def knows(self, person: str) -> bool:
        """Return whether the sign-ins of a person are kept."""
        return person in self.holders or person in self.kept

    def is_ended(self, person: str, holder: Holder) -> bool:
        """Return whether an admin has ended the sessions of a person since a sign-in."""
        return holder.signed_in_at <= self.ended.get(person, float("-inf"))

    def of(self, person: str) -> tuple[ApiToken, ...]:
        """Return the tokens of a person, the latest first."""
        own = (token for token in self.tokens if token.person == person)
        return tuple(sorted(own, key=lambda token: token.created_at, reverse=True))

    def found(self, digest: str) -> ApiToken | None:
        """Return the token with this digest."""
        return next((token for token in self.tokens if token.digest == digest), None)

    def with_token(self, token: ApiToken, holder: Holder, now: dt.datetime) -> "TokenBook":
        """Return the book with a token of a person more; tokens that ended a month ago go."""
        kept = (each for each in self.tokens if now - each.expires_at < dt.timedelta(days=30))
        # A session that is still open may be older than the last sign-in.
        known = self.with_holder(token.person, holder).holders.get(token.person, holder)
        return replace(self, tokens=(*kept, token), holders={**self.holders, token.person: known})

    def with_kept(self, person: str, holder: Holder) -> "TokenBook":
        """Return the book with a person of whom sign-ins are kept from now on."""
        return replace(self, kept=self.kept | {person}).with_holder(person, holder)

    def with_holder(self, person: str, holder: Holder) -> "TokenBook":
        """Return the book with what a sign-in says of a person; the same where none is kept, or a later one.

        An ended sign-in changes nothing.
        """
        known = self.holders.get(person)
        is_older = known is not None and known.signed_in_at >= holder.signed_in_at
        if is_older or not self.knows(person) or self.is_ended(person, holder):
            return self
        return replace(self, holders={**self.holders, person: holder})

    def without(self, *, token: str | None = None, person: str | None = None) -> "TokenBook":
        """Return the book without one token, or without any token of a person."""
        kept = tuple(each for each in self.tokens if each.id != token and each.person != person)
        left = ({each.person for each in kept} | self.kept) - {person}
        holders = {name: holder for name, holder in self.holders.items() if name in left}
        return replace(self, tokens=kept, holders=holders)

    def closed(self, person: str, now: float, oldest: float) -> "TokenBook":
        """Return the book without any token of a person, in which their sign-ins up to now make none.

        `oldest` is when the earliest sign-in that still holds was issued: what ended before it says nothing.
        """
        ended = {name: at for name, at in self.ended.items() if at > oldest}
        return replace(self.without(person=person), ended={**ended, person: now})
