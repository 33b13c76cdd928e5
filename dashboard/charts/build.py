"""Drawings and Vega's own scripts flow in, the two files that the browser loads once flow out.

They are made at set-up and when an image is built. Vega-Lite is compiled here, so that the browser has less to do.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from dashboard.charts.registry import specifications

FOLDER: Final = Path(__file__).parents[1] / "static" / "board" / "made"
SCRIPT: Final = "vega.js"
DRAWINGS: Final = "drawings.json"
_ENTRY: Final = "window.vegaEmbed = vegaEmbed;"
_SOURCES: Final = Path(__file__).parent


class NotMade(Exception):
    """The files could not be made; says why and what to do."""


def make(folder: Path = FOLDER) -> None:
    """Write both files, the script also compressed."""
    import vl_convert

    drawings: dict[str, Any] = {
        name: vl_convert.vegalite_to_vega(specification) for name, specification in specifications().items()
    }
    folder.mkdir(exist_ok=True)
    script = vl_convert.javascript_bundle(_ENTRY).encode()
    _write(folder / SCRIPT, script)
    _write(folder / f"{SCRIPT}.gz", gzip.compress(script, mtime=0))
    found = json.dumps({"made_from": sources(), "drawings": drawings}, separators=(",", ":"))
    _write(folder / DRAWINGS, found.encode())


def is_current(folder: Path = FOLDER) -> bool:
    """Return whether the files are there, and made from the drawings as they are now."""
    try:
        found = json.loads((folder / DRAWINGS).read_bytes())
    except (OSError, ValueError):
        return False
    scripts = (folder / SCRIPT, folder / f"{SCRIPT}.gz")
    return all(path.is_file() for path in scripts) and isinstance(found, dict) and found.get("made_from") == sources()


def make_if_needed(folder: Path = FOLDER) -> None:
    """Make the files where they are missing or older than the drawings; raise NotMade where that fails.

    A process of its own makes them: Altair and the compiler would stay in the memory of this one.
    """
    if is_current(folder):
        return
    root = str(_SOURCES.parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "dashboard.charts", str(folder)]
    done = subprocess.run(  # noqa: S603 - our own module
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise NotMade(
            f"the scripts of the charts: expected to make them in {folder}; found {said}. "
            "Run `make setup`, or `python -m dashboard.charts` where vl-convert-python is installed, and start again."
        )


def sources() -> str:
    """Return a text that differs when the drawings differ."""
    found = hashlib.sha256()
    for path in sorted(_SOURCES.glob("*.py")):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def _write(path: Path, content: bytes) -> None:
    """Write a file at once: another process may make the same one."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
