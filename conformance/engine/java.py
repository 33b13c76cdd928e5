"""Finds a Java that is new enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from conformance.engine.archive import EngineUnavailable

LEAST_MAJOR = 24
_PLACES = ("/usr/lib/jvm", "/Library/Java/JavaVirtualMachines")


def java_command() -> str:
    """Return the path of a Java of at least LEAST_MAJOR; JAVA_HOME first."""
    found: list[str] = []
    for candidate in _candidates():
        major = _major(candidate)
        if major is not None and major >= LEAST_MAJOR:
            return candidate
        found.append(f"{candidate} (Java {major or 'unknown'})")
    looked = ", ".join(found) or "none at all"
    raise EngineUnavailable(f"Trino needs Java {LEAST_MAJOR} or newer; found {looked}. Set JAVA_HOME to one.")


def _candidates() -> Iterator[str]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield str(Path(home) / "bin" / "java")
    on_path = shutil.which("java")
    if on_path:
        yield on_path
    for place in _PLACES:
        for java in sorted(Path(place).glob("*/**/bin/java"), reverse=True):
            yield str(java)


def _major(java: str) -> int | None:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=30).stderr
    except OSError:
        return None
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else None
