"""`Authorization: Bearer` to a person: a JSON Web Token that the provider signed for this dashboard."""

from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError

from dashboard.sign_in.oidc.issuer import Issuer
from dashboard.sign_in.person import Person, person_from_claims

# Signatures that only the provider's private key can make: neither `none` nor HMAC.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LEEWAY_SECONDS: Final = 30
MOST_BYTES: Final = 16 * 1024


class TokenRefused(Exception):
    """A token that is not accepted; the message can be shown to the caller and repeats no part of the token."""


async def person_from_bearer(token: str, issuer: Issuer, client_id: str) -> Person:
    """Return who a token speaks for; raises TokenRefused, or IssuerUnreachable where the keys cannot be read."""
    key = _key_name(token)
    published = await issuer.published(key)
    if not published.has(key):
        raise TokenRefused("it is signed with a key that the provider does not publish")
    try:
        claims = jwt.decode(token, published.keys, algorithms=list(ALGORITHMS)).claims
        checks = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS, iss={"essential": True, "value": published.issuer}, exp={"essential": True}
        )
        checks.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefused(_REASONS.get(type(error).__name__, "its signature or claims do not hold")) from None
    if not _is_meant_for(claims, client_id):
        raise TokenRefused("it was issued for another application")
    return person_from_claims(claims)


_REASONS: Final = {
    "ExpiredTokenError": "it has expired",
    "UnsupportedAlgorithmError": "it is not signed with a public-key algorithm",
    "BadSignatureError": "its signature does not hold",
}


def _key_name(token: str) -> str | None:
    if len(token) > MOST_BYTES:
        raise TokenRefused("it is too long")
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("it is no JSON Web Token") from None
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused("it is not signed with a public-key algorithm")
    name = header.get("kid")
    return name if isinstance(name, str) else None


def _is_meant_for(claims: dict[str, Any], client_id: str) -> bool:
    audience = claims.get("aud")
    if audience is None:
        # Access tokens of Amazon Cognito name the application in `client_id` and have no audience.
        return bool(claims.get("client_id") == client_id)
    return client_id in (audience if isinstance(audience, list) else [audience])
