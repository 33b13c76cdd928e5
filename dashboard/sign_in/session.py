"""Cookies to the person who is signed in: Streamlit signs and sets the cookie at sign-in."""

import json
from collections.abc import Mapping
from typing import Final

from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from dashboard.sign_in.oidc.provider import Provider
from dashboard.sign_in.person import Person, is_fresh, person_from_claims

COOKIE: Final = "_streamlit_user"


def person_from_cookies(cookies: Mapping[str, str], provider: Provider) -> Person | None:
    """Return who is signed in; None without a cookie, for a wrong signature, or for a sign-in that is too old."""

    def signed(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(provider.cookie_secret, name, value)

    content = get_cookie_with_chunks(signed, COOKIE)
    if content is None:
        return None
    try:
        claims = json.loads(content)
    except ValueError:
        return None
    if (
        not isinstance(claims, dict)
        or claims.get("is_logged_in") is not True
        or claims.get("origin") != provider.origin
    ):
        return None
    return person_from_claims(claims) if is_fresh(claims) else None
