"""Middleware that checks every request before it reaches pages, API or files."""

import asyncio
import functools
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.errors import DashboardError, IssuerUnreachable
from dashboard.http_stream.browser import address_from_scope
from dashboard.log import LogLines
from dashboard.model.access.requester import PROVIDER, Requester, acting_for
from dashboard.model.access.roles import RoleMap
from dashboard.sign_in.access import Access, refusal
from dashboard.sign_in.addresses import foreign_listeners, is_loopback
from dashboard.sign_in.answers import (
    completing,
    is_stranger,
    not_set_up,
    refuse,
    serve_while_good,
    to_sign_in,
    two_lengths,
    unauthorized,
)
from dashboard.sign_in.guarded_paths import (
    MCP,
    PASSIVE,
    SIGN_OUT,
    is_api,
    is_document,
    is_guarded,
    is_one_of,
    needs_sign_in,
)
from dashboard.sign_in.hosts import Hosts, refusal_of_name
from dashboard.sign_in.oidc.provider import Provider
from dashboard.sign_in.oidc.source import ProviderSource
from dashboard.sign_in.person import Person
from dashboard.sign_in.session import person_from_cookies
from dashboard.sign_in.sessions import Sessions
from dashboard.sign_in.sign_in_page import SIGNED_OUT
from dashboard.sign_in.tokens import PREFIX, TokenRejected, Tokens
from dataset_model.faults import DatasetError

if TYPE_CHECKING:
    from dashboard.sign_in.oidc.issuer import Issuer

HEALTH: Final = "/healthz"
_LISTENER_CHECK_SECONDS: Final = 5.0
"""How long the listening sockets are checked after the start; each request is checked as well."""

_log = LogLines(__name__)


class _Refused(Exception):
    """A request that does not pass; carries the answer."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer
        super().__init__(answer.status_code)


class Gate:
    """Lets a request pass, or answers it with why not."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        source: ProviderSource | None = None,
        names: frozenset[str] = frozenset(),
        role_map: RoleMap | None = None,
        sessions: Sessions | None = None,
        tokens: Tokens | None = None,
        *,
        redirects_strangers: bool = False,
    ) -> None:
        self._app = app
        self._redirects_strangers = redirects_strangers
        self._tokens = tokens
        self._noting: set[asyncio.Task[None]] = set()
        self._access = access
        self._source = source
        self._role_map = role_map or RoleMap()
        self._sessions = sessions or Sessions(float("inf"))
        self._hosts = Hosts(names, any_address=access is Access.EVERYBODY)
        self._issuer: tuple[Provider, Issuer] | None = None
        self._listener_check: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, self._observing(receive), send)
        elif _has_two_lengths(scope):
            await refuse(two_lengths(), scope, receive, send)
        elif scope["path"] == HEALTH:
            await self._app(scope, receive, send)
        elif self._access is Access.SIGN_IN:
            await self._pass_signed_in(scope, receive, send)
        elif reason := self._reason_against(scope):
            await refuse(PlainTextResponse(reason, 403), scope, receive, send)
        else:
            with acting_for(Requester(address=address_from_scope(scope))):
                await self._app(scope, receive, send)

    def _observing(self, receive: Receive) -> Receive:
        async def observed() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup" and self._access is Access.LOOPBACK:
                self._listener_check = asyncio.create_task(_refuse_foreign_listeners())
            elif message["type"] == "lifespan.shutdown" and self._listener_check is not None:
                self._listener_check.cancel()
            return message

        return observed

    def _reason_against(self, scope: Scope) -> str | None:
        """Return None for a request that is served without sign-in, otherwise why it is refused."""
        server = scope.get("server")
        # The address at which this connection arrived, from the socket; a path where it is a socket file.
        local = server is not None and (is_loopback(server[0]) or (server[1] is None and server[0].startswith("/")))
        if self._access is Access.LOOPBACK and not local:
            return refusal(server[0] if server else "an unknown address")
        host = Headers(scope=scope).get("host")
        # No browser leaves the header out.
        return refusal_of_name() if host is not None and not self._hosts.admit(host) else None

    async def _pass_signed_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        provider = await self._provider()
        if provider is None:
            await refuse(not_set_up(Headers(scope=scope)), scope, receive, send)
            return
        await self._sessions.refresh()
        if self._redirects_strangers and is_stranger(scope) and needs_sign_in(scope):
            await refuse(to_sign_in(), scope, receive, send)
            return
        if not is_guarded(scope["path"]):
            if is_one_of(scope["path"], (SIGN_OUT,)) and scope["type"] == "http":
                await self._sign_out(scope, provider)
            elif is_document(scope) and self._signed_in(scope, provider, active=True) is None:
                scope[SIGNED_OUT] = True
            await self._app(scope, receive, completing(send, provider) if scope["type"] == "http" else send)
            return
        try:
            requester = await self._requester(scope, provider)
        except _Refused as refused:
            await refuse(refused.answer, scope, receive, send)
            return
        with acting_for(requester):
            if scope["type"] == "http":
                refusal = functools.partial(self._refusal, scope, provider)
                await serve_while_good(self._app, scope, receive, send, refusal)
            else:
                await self._app(scope, receive, send)

    async def _refusal(self, scope: Scope, provider: Provider) -> Response | None:
        """Return the answer to a request that passed and would not pass now; None where it would."""
        await self._sessions.refresh()
        try:
            await self._requester(scope, provider)
        except _Refused as refused:
            return refused.answer
        return None

    async def _provider(self) -> Provider | None:
        source = self._source
        if source is None:
            return None
        return source.known or await asyncio.to_thread(source.current)

    async def _requester(self, scope: Scope, provider: Provider) -> Requester:
        """Return who asks; raise _Refused with the answer for everyone else."""
        connection, address = HTTPConnection(scope), address_from_scope(scope)
        scheme, _, rest = connection.headers.get("authorization", "").partition(" ")
        token = rest.strip()
        if scheme.lower() == "bearer":
            if self._tokens is not None and token.startswith(PREFIX):
                if not is_api(scope["path"]):
                    raise _Refused(unauthorized("A personal token is for the API alone.", "Bearer"))
                requester = await self._token_owner(token, self._tokens, address)
            else:
                holder = await self._token_holder(token, provider)
                requester = replace(holder.requester(self._role_map, address), token=PROVIDER)
        else:
            person = self._signed_in(scope, provider, active=not PASSIVE.search(scope["path"]))
            if person is None:
                raise _Refused(
                    unauthorized(
                        "Sign in, or send a personal token or one of the sign-in provider as Authorization: Bearer.",
                        "Bearer",
                    )
                )
            self._note(person)
            requester = person.requester(self._role_map, address)
        if requester.roles.is_empty and ("/api/" in scope["path"] or scope["path"].endswith(f"/{MCP}")):
            message = "Your account has no role in this dashboard. Ask an admin for one (ROLE_MAP)."
            raise _Refused(JSONResponse({"error": message}, 403))
        return requester

    async def _token_owner(self, token: str, tokens: Tokens, address: str) -> Requester:
        try:
            return await asyncio.to_thread(tokens.requester, token, self._role_map, address)
        except TokenRejected as error:
            answer = unauthorized(f"The token is refused: {error}.", 'Bearer error="invalid_token"')
            raise _Refused(answer) from None
        except (DashboardError, DatasetError) as error:
            _log.error("personal tokens cannot be read", reason=str(error))
            message = "Personal tokens cannot be checked now; the cause is in the log."
            raise _Refused(JSONResponse({"error": message}, 503, {"Retry-After": "30"})) from None

    def _note(self, person: Person) -> None:
        """Keep what a new sign-in says of a person with tokens, without making the request wait."""
        if self._tokens is not None and not self._tokens.is_noted(person):
            task = asyncio.create_task(asyncio.to_thread(_noted, self._tokens, person))
            self._noting.add(task)
            task.add_done_callback(self._noting.discard)

    async def _token_holder(self, token: str, provider: Provider) -> Person:
        # Tokens need a library of their own, and a dashboard without programs starts sooner without it.
        from dashboard.sign_in.oidc.bearer import TokenRefused, person_from_bearer

        try:
            person = await person_from_bearer(token, self._issuer_of(provider), provider.client_id)
        except TokenRefused as error:
            answer = unauthorized(f"The token is refused: {error}.", 'Bearer error="invalid_token"')
            raise _Refused(answer) from None
        except IssuerUnreachable as error:
            _log.warning("tokens cannot be checked", reason=str(error))
            raise _Refused(JSONResponse({"error": str(error)}, 503, {"Retry-After": "30"})) from None
        if self._sessions.is_ended(person):
            raise _Refused(unauthorized("The person's sessions were ended. Get a new token.", "Bearer"))
        return person

    def _signed_in(self, scope: Scope, provider: Provider, *, active: bool) -> Person | None:
        person = person_from_cookies(HTTPConnection(scope).cookies, provider)
        session = self._sessions.admit(person, active=active) if person is not None else None
        return session.person if session is not None else None

    async def _sign_out(self, scope: Scope, provider: Provider) -> None:
        """End the person's sessions before Streamlit clears the cookie; a link on another site's page ends nothing."""
        person = person_from_cookies(HTTPConnection(scope).cookies, provider)
        if person is not None and Headers(scope=scope).get("sec-fetch-site") not in {"cross-site", "same-site"}:
            await self._sessions.end_person(person.subject)

    def _issuer_of(self, provider: Provider) -> "Issuer":
        from dashboard.sign_in.oidc.issuer import Issuer

        if self._issuer is None or self._issuer[0] is not provider:
            self._issuer = (provider, Issuer(provider))
        return self._issuer[1]


def _has_two_lengths(scope: Scope) -> bool:
    # A proxy that believes the other one sees another request in what follows: it may be answered to another person.
    names = Headers(scope=scope)
    return "content-length" in names and "transfer-encoding" in names


def _noted(tokens: Tokens, person: Person) -> None:
    try:
        tokens.note(person)
    except (DashboardError, DatasetError) as error:
        _log.warning("what a sign-in says of a person is not kept for their tokens", reason=str(error))


async def _refuse_foreign_listeners() -> None:
    """End the process, status 2, if its server listens where others reach it."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _LISTENER_CHECK_SECONDS
    while loop.time() < end:
        if found := foreign_listeners():
            sys.stderr.write(refusal(", ".join(found)) + "\n")
            sys.stderr.flush()
            # Nothing has been served, so nothing needs cleaning up; an exception would print every task's traceback.
            os._exit(2)
        await asyncio.sleep(0.05)
