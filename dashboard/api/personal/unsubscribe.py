"""The link of a mail flows in, a page flows out; a POST ends the mails of that notice for that reader.

It works without sign-in, and names neither reader, dataset nor notice. A GET changes nothing: programs that check links
follow them.
"""

from collections.abc import Callable

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.errors import DashboardError
from dashboard.log import LogLines
from dashboard.reports.unsubscribing import PARAMETER, PATH, reader_from
from dashboard.services.service import Service
from dashboard.stores.mask_key import StoredKey
from dashboard.stores.notices.unsubscribed import Unsubscribed, reader_key

_log = LogLines(__name__)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
}
_STYLE = (
    "body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;"
    "color-scheme:light dark}main{width:min(420px,calc(100vw - 2rem));text-align:center}"
    "h1{font-size:1.4rem}button{font:inherit;padding:.5rem 1.2rem;border-radius:8px;border:1px solid;cursor:pointer}"
)


def unsubscribe_routes(provider: Callable[[], Service]) -> list[BaseRoute]:
    """Return the route; `provider` gives the service when a request needs it."""
    return [Route(f"/{PATH}", _Links(provider).answer, methods=["GET", "POST"])]


class _Links:
    """The links of one deployment. Strangers can ask for any, so they cost no reading each, and few threads."""

    def __init__(self, provider: Callable[[], Service]) -> None:
        self._provider = provider
        # Apart from those that send the pages' files: while storage is out of reach, each is held for long.
        self._threads = anyio.CapacityLimiter(2)
        self._key: StoredKey | None = None

    async def answer(self, request: Request) -> Response:
        """Answer a page: with a button, or with what was done."""
        text, acts = request.query_params.get(PARAMETER, ""), request.method == "POST"
        try:
            found = await anyio.to_thread.run_sync(self._found, text, acts, limiter=self._threads)
        except DashboardError as error:
            _log.error("unsubscribing failed", reason=str(error))
            return _page("Try again later", "The mails could not be stopped: storage is out of reach.", 503)
        if not found:
            return _page("This link is not valid", "Use the whole link of the mail.", 404)
        if acts:
            return _page("You are unsubscribed", "You get no more mails of this alert or report.")
        button = '<form method="post"><button type="submit">Unsubscribe</button></form>'
        return _page("Unsubscribe", "You then get no more mails of this alert or report.", more=button)

    def _found(self, text: str, acts: bool) -> bool:
        """Return whether a link is one of ours; with `acts`, end the mails for its reader."""
        service = self._provider()
        settings = service.settings
        if self._key is None:
            self._key = reader_key(service.objects, settings.bucket, settings.datasets[0].target.prefix)
        reader = reader_from(self._key.text(), text)
        own = [each.target.prefix for each in settings.datasets if reader is not None and each.name == reader.dataset]
        if reader is None or not own:
            return False
        if acts:
            Unsubscribed(service.objects, settings.bucket, own[0]).add(reader.digest)
        return True


def _page(title: str, text: str, status: int = 200, more: str = "") -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1><p>{text}</p>{more}</main></body></html>",
        status,
        _HEADERS,
    )
