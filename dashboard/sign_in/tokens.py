"""Secrets of personal API tokens in, who asks out; tokens are made, listed and revoked here.

What a token may do is decided at each request: by the claims that its person had at their last sign-in, by the role map
of now, and by its scope. The secret is shown once; what is stored cannot be used to sign in.
"""

import datetime as dt
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol

from dashboard.errors import DashboardError, FieldFault, Forbidden, InvalidRequest, StorageFailed
from dashboard.log import LogLines
from dashboard.model.access.api_token import (
    HOLDER_DAYS,
    MOST_DAYS,
    MOST_TOKENS,
    ROLES,
    ApiToken,
    Holder,
    Scope,
    TokenBook,
)
from dashboard.model.access.requester import Requester
from dashboard.model.access.roles import RoleMap
from dashboard.sign_in.person import SESSION_SECONDS, Person, issued_at
from dataset_model.faults import DatasetError

PREFIX: Final = "rpt_"
"""Of every secret: scanners of source code find it by this, and the gate tells it from a token of the provider."""
REFRESH_SECONDS: Final = 10.0
"""How late another task knows of a token that was revoked."""
RETRY_SECONDS: Final = 2.0
"""After a reading that failed: until then requests with any token fail at once, and no thread waits for the store."""
MOST_NAME: Final = 60

_log = LogLines(__name__)


class TokenRejected(Exception):
    """A token that is not good; the message can be shown to the caller and repeats no part of the token."""


class Store(Protocol):
    """Keeps the tokens."""

    def load(self) -> TokenBook:
        """Return all tokens; raises DashboardError."""
        ...

    def change(self, changed: Callable[[TokenBook], TokenBook]) -> TokenBook:
        """Write what `changed` makes of the tokens, and return it; raises DashboardError."""
        ...


class Tokens:
    """The personal tokens of all people. Safe to use from any thread; calls read and write the store."""

    def __init__(
        self,
        store: Callable[[], Store],
        kept_claims: Callable[[], Collection[str]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Set where tokens are kept, and `kept_claims`: names of the claims that roles and row rules read."""
        self._store, self._kept, self._clock = store, kept_claims, clock
        self._lock = threading.Lock()
        self._book = TokenBook()
        self._read_at = self._failed_at = float("-inf")
        self._failure = ""
        self._noted: dict[str, float] = {}

    def requester(self, secret: str, role_map: RoleMap, address: str = "") -> Requester:
        """Return who asks with a token; raises TokenRejected, or DashboardError where the tokens cannot be read."""
        book = self._fresh()
        token = book.found(_digest(secret))
        holder = None if token is None else book.holders.get(token.person)
        if token is None or holder is None:
            raise TokenRejected("it is unknown, or was revoked")
        now = self._now()
        if now >= token.expires_at:
            raise TokenRejected(f"it expired on {token.expires_at:%Y-%m-%d}")
        if now.timestamp() - holder.signed_in_at > HOLDER_DAYS * 86_400:
            raise TokenRejected(
                f"its person has not signed in for {HOLDER_DAYS} days; it is good again after they have signed in"
            )
        roles = role_map.roles_of(holder.claims).at_most(ROLES[token.scope], token.datasets)
        return Requester(token.person, holder.name, address, roles, holder.claims, token.label)

    def make(
        self, asks: Requester, name: str, scope: Scope, days: int, datasets: Sequence[str] = ()
    ) -> tuple[ApiToken, str]:
        """Make a token of a person who is signed in; return it and its secret, which is kept nowhere.

        Raises InvalidRequest naming the field.
        """
        require_browser(asks)
        shown = " ".join(name.split())
        if not shown or len(shown) > MOST_NAME or not shown.isprintable():
            raise InvalidRequest((FieldFault("name", f"expected 1 to {MOST_NAME} printable characters"),))
        if not 1 <= days <= MOST_DAYS:
            raise InvalidRequest((FieldFault("days", f"expected 1 to {MOST_DAYS}; found {days}"),))
        now, secret = self._now(), PREFIX + secrets.token_urlsafe(32)
        token = ApiToken(
            secrets.token_hex(4), _digest(secret), asks.person, shown, scope, tuple(dict.fromkeys(datasets)), now,
            now + dt.timedelta(days=days),
        )  # fmt: skip
        holder = self._holder(asks.name, asks.claims)

        def with_one_more(book: TokenBook) -> TokenBook:
            # Asked of the stored book: another task may have ended the sessions while this request was under way.
            _require_open(book, asks.person, holder)
            if sum(each.expires_at > now for each in book.of(asks.person)) >= MOST_TOKENS:
                raise InvalidRequest((FieldFault("name", f"you have {MOST_TOKENS} tokens; revoke one first"),))
            return book.with_token(token, holder, now)

        self._change(with_one_more)
        _log.info(
            "token made", person=asks.person, token=token.label, scope=scope, expires=token.expires_at.isoformat()
        )
        return token, secret

    def listed(self, person: str | None = None) -> tuple[ApiToken, ...]:
        """Return the tokens of a person, the latest first; None: of all people."""
        book = self._fresh()
        return book.tokens if person is None else book.of(person)

    def revoke(self, token: str, asks: Requester) -> ApiToken:
        """End a token at once: one's own, or as an admin anybody's; raises InvalidRequest for any other."""
        require_browser(asks)
        found = next((each for each in self._fresh().tokens if each.id == token), None)
        if found is None or not (found.person == asks.person or asks.roles.has("admin")):
            raise InvalidRequest((FieldFault("id", "expected the id of one of your tokens"),))
        self._change(lambda book: book.without(token=token))
        _log.info("token revoked", person=found.person, token=found.label, by=asks.person)
        return found

    def revoke_person(self, person: str) -> int:
        """End every token of a person at once, those that other tasks made included; return how many there were.

        None is made by a sign-in from before that, and their alerts and reports wait for the next one.
        """
        now, own = self._clock(), 0

        def closed(book: TokenBook) -> TokenBook:
            nonlocal own
            own = len(book.of(person))
            return book.closed(person, now, now - SESSION_SECONDS)

        self._change(closed)
        _log.info("tokens revoked", person=person, tokens=own)
        return own

    def keep(self, asks: Requester) -> None:
        """Keep what sign-ins say of a person, so that their alerts and reports are sent while they are away."""
        require_browser(asks)
        holder = self._holder(asks.name, asks.claims)

        def with_person(book: TokenBook) -> TokenBook:
            _require_open(book, asks.person, holder)
            return book.with_kept(asks.person, holder)

        self._change(with_person)

    def note(self, person: Person) -> None:
        """Keep what a sign-in says of a person of whom sign-ins are kept; once per sign-in."""
        if self.is_noted(person):
            return
        holder = self._holder(person.name, person.claims)
        if self._fresh().knows(person.subject):
            self._change(lambda book: book.with_holder(person.subject, holder))
        self._noted[person.subject] = person.issued

    def is_noted(self, person: Person) -> bool:
        """Return whether `note` has nothing to do for a sign-in."""
        return self._noted.get(person.subject, 0.0) >= person.issued

    def _holder(self, name: str, claims: object) -> Holder:
        given = claims if isinstance(claims, dict) else {}
        signed_in_at = issued_at(given)
        return Holder(
            name,
            self._clock() if signed_in_at is None else signed_in_at,
            {key: given[key] for key in self._kept() if key in given},
        )

    def _fresh(self) -> TokenBook:
        with self._lock:
            # A clock that was set back makes what was read look as if it came from the future, and that is old as well.
            if 0 <= self._clock() - self._read_at < REFRESH_SECONDS:
                return self._book
            if 0 <= self._clock() - self._failed_at < RETRY_SECONDS:
                raise StorageFailed(self._failure)
            try:
                self._book, self._read_at = self._store().load(), self._clock()
            except (DashboardError, DatasetError) as error:
                self._failure, self._failed_at = str(error), self._clock()
                raise
            return self._book

    def _change(self, changed: Callable[[TokenBook], TokenBook]) -> None:
        with self._lock:
            self._book, self._read_at = self._store().change(changed), self._clock()

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock(), dt.UTC)


def _require_open(book: TokenBook, person: str, holder: Holder) -> None:
    if book.is_ended(person, holder):
        raise Forbidden("An admin has ended your sessions. Sign in again first.")


def require_browser(asks: Requester) -> None:
    """Raise Forbidden unless a person is signed in by a browser: a token makes and ends no tokens."""
    if not asks.person or asks.token:
        raise Forbidden("Personal tokens are made and revoked by a person who is signed in, not with a token.")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
