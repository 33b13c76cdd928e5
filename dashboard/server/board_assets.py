"""The scripts and styles that draw the board, served from our own origin.

Streamlit's static files come as plain text, which no browser runs as a script.
"""

from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOLDER = Path(__file__).parents[1] / "static" / "board"


class BoardFiles(StaticFiles):
    """Files that a browser keeps and asks about each time: an update of the dashboard shows at once.

    Those that are made at set-up are made when they are asked for, where they are not there or out of date.
    """

    def __init__(self) -> None:
        super().__init__(directory=_FOLDER)
        self._lock = anyio.Lock()
        self._is_tried = False
        self._fault: str | None = None

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file."""
        if Path(path).parts[:1] == ("made",):
            async with self._lock:
                if not self._is_tried:
                    self._fault = await anyio.to_thread.run_sync(_fault)
                    self._is_tried = True
            if self._fault:
                return PlainTextResponse(self._fault, status_code=503)
        if path == "made/vega.js" and b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b""):
            response = await super().get_response(f"{path}.gz", scope)
            response.headers.update({"Content-Encoding": "gzip", "Content-Type": "text/javascript"})
            return response
        return await super().get_response(path, scope)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a file, or that the browser's own is still right."""
        response = super().file_response(*args, **kwargs)
        response.headers.update({"Cache-Control": "no-cache", "Vary": "Accept-Encoding"})
        return response


def _fault() -> str | None:
    from dashboard.charts.build import NotMade, make_if_needed

    try:
        make_if_needed()
    except NotMade as error:
        return str(error)
    return None
