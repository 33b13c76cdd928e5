"""A small OpenID Connect provider on a free port: discovery, sign-in page, token, keys, sign-out."""

import base64
import contextlib
import hashlib
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from server_thread import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "reporting"
CLIENT_SECRET = "the-client's-own-secret-4711"
COOKIE_SECRET = "cookie-secret-of-more-than-32-characters"


def new_key(name: str) -> RSAKey:
    """Return a fresh signing key."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@dataclass
class OidcProvider:
    """Signs in one person at every request."""

    url: str
    key: RSAKey = field(default_factory=lambda: new_key("first"))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    """Every code and token that was given out."""
    asked_for_keys: int = 0

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of an ID token; None takes one out."""
        now = int(time.time())
        person = {"sub": "ann-1", "name": "Ann Example", "email": "ann@example.com"}
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 3600, **person, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key: RSAKey | None = None, **changes: Any) -> str:
        """Return a signed token."""
        used = key or self.key
        return jwt.encode({"alg": "RS256", "kid": used.kid}, self.claims(**changes), used)

    async def discovery(self, _: Request) -> Response:
        """Say where everything is."""
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "end_session_endpoint": f"{self.url}/logout",
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def jwks(self, _: Request) -> Response:
        """Publish the key."""
        self.asked_for_keys += 1
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """Show the provider's own page, with the way back to the application."""
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code":
            return Response("unknown client", 400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        self.issued.append(code)
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        return HTMLResponse(
            f'<h1>Provider</h1><a id="continue" href="{back.replace("&", "&amp;")}">Continue as Ann</a>'
        )

    async def give_token(self, request: Request) -> Response:
        """Change a code into tokens, once, for the client that proves itself."""
        form = await request.form()
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        proven = request.headers.get("authorization") == f"Basic {basic}" or form.get("client_secret") == CLIENT_SECRET
        asked = self.codes.pop(str(form.get("code")), None)
        if not proven or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        verifier = str(form.get("code_verifier", "")).encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if challenge != asked.get("code_challenge"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        id_token, access_token = self.token(nonce=asked.get("nonce")), self.token(scope="openid")
        self.issued += [id_token, access_token]
        return JSONResponse({"access_token": access_token, "id_token": id_token, "token_type": "Bearer"})

    async def logout(self, request: Request) -> Response:
        """End the provider's own session and send people back."""
        return RedirectResponse(request.query_params["post_logout_redirect_uri"])


@contextlib.contextmanager
def oidc_provider() -> Iterator[OidcProvider]:
    """Run a provider on loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    provider = OidcProvider(f"http://127.0.0.1:{listener.getsockname()[1]}")
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", provider.discovery),
            Route("/authorize", provider.authorize),
            Route("/token", provider.give_token, methods=["POST"]),
            Route("/jwks", provider.jwks),
            Route("/logout", provider.logout),
        ]
    )
    with served(app, listener, lifespan="off"):
        yield provider


def environment_of(provider: OidcProvider, origin: str) -> dict[str, str]:
    """Return the variables with which a dashboard at `origin` signs people in there."""
    return {
        "OIDC_ISSUER": provider.url,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_REDIRECT_URI": f"{origin}/oauth2callback",
        "OIDC_COOKIE_SECRET": COOKIE_SECRET,
    }
