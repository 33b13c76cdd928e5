"""`/api/tokens`: a person's tokens for programs, made and revoked in a browser's session, never with a token."""

from collections.abc import Callable
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response

from dashboard.api.errors import ApiError, json_response
from dashboard.api.requests import id_in, json_object, one_of, refuse_other_sites, text_or_none, texts, wrong
from dashboard.api.turns import Turns
from dashboard.model.access.api_token import MOST_DAYS, ApiToken, Scope
from dashboard.model.access.requester import current_requester
from dashboard.services.service import Service
from dashboard.sign_in.tokens import Tokens, require_browser

USUAL_DAYS = 90


class TokensApi:
    """The endpoints; without tokens, where sign-in is off, each answers 404."""

    def __init__(self, provider: Callable[[], Service], tokens: Tokens | None) -> None:
        self._provider = provider
        self._tokens = tokens
        # Writes of tokens wait for one another, and every request with a token waits for them.
        self._turns = Turns(threads=4, per_person=1)

    async def listed(self, _: Request) -> Response:
        """Answer the requester's tokens; an admin gets everyone's."""
        asks, tokens = current_requester(), self._needed()
        require_browser(asks)
        person = None if asks.roles.has("admin") else asks.person
        found = await self._turns.run(lambda: tokens.listed(person))
        return json_response({"tokens": [_described(token) for token in found]})

    async def make(self, request: Request) -> Response:
        """Make a token and answer its secret, this once: `name`, `scope`, `days` and `datasets` of the body."""
        refuse_other_sites(request)
        asks, tokens = current_requester(), self._needed()
        require_browser(asks)
        body = await json_object(request)
        name = text_or_none(body, "name") or ""
        scope: Scope = one_of(text_or_none(body, "scope") or "read", "scope", get_args(Scope))
        days, datasets = body.pop("days", USUAL_DAYS), texts(body.pop("datasets", None), "datasets") or []
        if type(days) is not int:
            raise wrong("days", f"expected a whole number from 1 to {MOST_DAYS}; found {days!r:.60}")
        if body:
            raise wrong(next(iter(body)), "unknown; expected name, scope, days and datasets")
        service = await self._turns.run(self._provider)
        for dataset in datasets:
            service.dataset(dataset)
        token, secret = await self._turns.run(lambda: tokens.make(asks, name, scope, days, datasets))
        return json_response({**_described(token), "token": secret}, 201)

    async def revoke(self, request: Request) -> Response:
        """Revoke the token `id` at once: one's own, or as an admin anybody's."""
        refuse_other_sites(request)
        asks, tokens = current_requester(), self._needed()
        found = await self._turns.run(lambda: tokens.revoke(id_in(request), asks))
        return json_response(_described(found))

    def _needed(self) -> Tokens:
        if self._tokens is None:
            raise ApiError(404, "There are no personal tokens: sign-in is off.")
        return self._tokens


def _described(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "person": token.person,
        "name": token.name,
        "scope": token.scope,
        "datasets": list(token.datasets),
        "createdAt": token.created_at.isoformat(timespec="seconds"),
        "expiresAt": token.expires_at.isoformat(timespec="seconds"),
    }
