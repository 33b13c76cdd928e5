"""Specifications of charts flow in, their pictures in a theme flow out; a process of its own makes them.

The compiler of pictures takes some 100 MB, which would stay in the server's memory, and its crash would end the server.
"""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dashboard.charts.png import DRAWN_FONT, png_of
from dashboard.errors import ServiceError
from dashboard.themes import LIGHT, Theme

_SECONDS: Final = 90
_one_at_a_time: Final = threading.Semaphore(1)


def pictures_of(specs: Sequence[Mapping[str, Any]], theme: Theme = LIGHT) -> list[bytes]:
    """Return a PNG for each specification, which has its width and height; raises ServiceError where that fails."""
    if not specs:
        return []
    asked = json.dumps([{**spec, "config": _config(theme)} for spec in specs])
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    with _one_at_a_time:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "dashboard.boards.pictures"],
                input=asked,
                capture_output=True,
                text=True,
                check=True,
                timeout=_SECONDS,
                env={**os.environ, "PYTHONPATH": path},
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            last = str(said).strip().splitlines()[-1][:200]
            raise ServiceError(f"The pictures of {len(specs)} charts could not be made: {last}. Try again.") from None
    return [base64.b64decode(text) for text in json.loads(done.stdout)]


def _config(theme: Theme) -> dict[str, Any]:
    axis = {
        "labelColor": theme.muted,
        "titleColor": theme.muted,
        "gridColor": theme.border,
        "domain": False,
        "ticks": False,
    }
    return {
        "background": theme.card,
        "font": DRAWN_FONT,
        "view": {"stroke": None},
        "axis": {**axis, "labelPadding": 6, "titleFontWeight": "normal"},
        "legend": {"labelColor": theme.text, "titleColor": theme.muted},
        "mark": {"color": theme.categories[0]},
        "range": {"category": list(theme.categories), "heatmap": list(theme.ramp), "ramp": list(theme.ramp)},
    }


def _main() -> None:
    pictures = map(png_of, json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps([base64.b64encode(picture).decode() for picture in pictures]))


if __name__ == "__main__":
    _main()
