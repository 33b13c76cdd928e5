"""The scripts and styles that draw the board, served from our own origin.

Streamlit's static files come as plain text, which no browser runs as a script.
"""

from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

_FOLDER = Path(__file__).parents[1] / "static" / "board"


class BoardFiles(StaticFiles):
    """Files that a browser keeps and asks about each time: an update of the dashboard shows at once."""

    def __init__(self) -> None:
        super().__init__(directory=_FOLDER)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a file, or that the browser's own is still right."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
