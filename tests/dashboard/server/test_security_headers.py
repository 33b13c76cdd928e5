"""Headers of every answer."""

import asyncio

import httpx
from starlette.responses import PlainTextResponse

from dashboard.server.security_headers import SecurityHeaders


def test_every_answer_says_who_may_embed_open_or_load_it():
    """No frame, no handle for a page that opened it, no use by other sites, no guessing of types."""

    async def asking():
        transport = httpx.ASGITransport(app=SecurityHeaders(PlainTextResponse("x")))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.get("/")).headers

    headers = asyncio.run(asking())
    assert {name: headers[name] for name in headers if name not in {"content-length", "content-type"}} == {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
    }
