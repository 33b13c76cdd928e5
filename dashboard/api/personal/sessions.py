"""`/api/sessions`: who is signed in, and the end of their sessions; one's own for everyone, all of them for admins."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from dashboard.api.errors import ApiError, json_response
from dashboard.api.requests import refuse_other_sites
from dashboard.errors import Forbidden
from dashboard.model.access.requester import Requester, current_requester
from dashboard.services.service import Service
from dashboard.sign_in.sessions import Session, Sessions
from dashboard.sign_in.tokens import Tokens


class SessionsApi:
    """The endpoints; without sessions, where sign-in is off, each answers 404."""

    def __init__(
        self, provider: Callable[[], Service], sessions: Sessions | None, tokens: Tokens | None = None
    ) -> None:
        self._provider = provider
        self._sessions, self._tokens = sessions, tokens

    async def listed(self, _: Request) -> Response:
        """Answer the requester's sessions; an admin gets everyone's."""
        asks, sessions = _without_token(), self._needed()
        own = sessions.listed()
        if not asks.roles.has("admin"):
            own = [one for one in own if one.person.subject == asks.person]
        return json_response({"sessions": [_described(one) for one in own]})

    async def end(self, request: Request) -> Response:
        """End every session of a person: `person`, by default the requester.

        Another's takes the role admin, and ends the person's own tokens as well.
        """
        refuse_other_sites(request)
        asks, sessions = _without_token(), self._needed()
        person = request.query_params.get("person") or asks.person
        if person != asks.person:
            service = await anyio.to_thread.run_sync(self._provider)
            service.permissions.require_admin("ending the sessions of other people")
        ended = await sessions.end_person(person)
        # After the sessions: those end although storage, which keeps the tokens, is out of reach.
        if person != asks.person and self._tokens is not None:
            await anyio.to_thread.run_sync(self._tokens.revoke_person, person)
        return json_response({"person": person, "ended": ended})

    def _needed(self) -> Sessions:
        if self._sessions is None:
            raise ApiError(404, "There are no sessions: sign-in is off.")
        return self._sessions


def _without_token() -> Requester:
    """Return who asks; raise Forbidden for a personal token, which has no scope for its person's browsers."""
    asks = current_requester()
    if asks.is_limited:
        raise Forbidden("Sessions are listed and ended by a person who is signed in, not with a personal token.")
    return asks


def _described(session: Session) -> dict[str, Any]:
    return {
        "person": session.person.subject,
        "name": session.person.name,
        "signedInAt": _instant(session.person.issued),
        "lastActive": _instant(session.last_active),
        "openPages": len(session.enders),
    }


def _instant(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
