"""The cookie of a signed-in browser, as Streamlit makes it."""

import json
import time

from oidc_provider import COOKIE_SECRET
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

ORIGIN = "https://reports.example.com"


def cookie(secret: str = COOKIE_SECRET, name: str = "_streamlit_user", **changes: object) -> str:
    """Return a Cookie header with Ann's claims, some of them changed."""
    claims = {"sub": "ann-1", "name": "Ann", "iat": int(time.time()), "origin": ORIGIN, "is_logged_in": True, **changes}
    return f"{name}={create_signed_value(secret, '_streamlit_user', json.dumps(claims)).decode()}"
