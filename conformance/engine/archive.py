"""Fetches Trino's server by its Maven coordinates and unpacks the part of it that reads Hive tables."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

VERSION = "476"
"""The last release with a server archive on Maven Central. It needs Java 24 or newer."""
COORDINATES = f"io.trino:trino-server:{VERSION}:tar.gz"
ARCHIVE_MEGABYTES = 821
PARTS = ("bin/", "lib/", "plugin/hive/", "plugin/geospatial/")
"""Of the archive's 6 GB the engine and the plugins in use; Athena has Trino's geospatial functions built in."""


class EngineUnavailable(Exception):
    """Trino cannot be had or started; the message says what to install or free."""


def fetch(folder: Path) -> Path:
    """Return the folder of an unpacked server, downloading it first where it is missing; raise EngineUnavailable."""
    home = folder / f"trino-server-{VERSION}"
    if (home / "complete").exists():
        return home
    folder.mkdir(parents=True, exist_ok=True)
    archive = _download(folder)
    shutil.rmtree(home, ignore_errors=True)
    with tarfile.open(archive) as packed:
        wanted = [member for member in packed.getmembers() if member.name.partition("/")[2].startswith(PARTS)]
        # Libraries that plugins share are hard links to one plugin's copy, which the filter follows inside the archive.
        packed.extractall(folder, members=wanted, filter="data")
    (home / "secrets-plugin").mkdir(exist_ok=True)
    archive.unlink()
    (home / "complete").touch()
    return home


def _download(folder: Path) -> Path:
    maven = shutil.which("mvn")
    if maven is None:
        raise EngineUnavailable("mvn was not found on PATH. Install Maven 3.6 or newer: it fetches Trino's server.")
    done = subprocess.run(
        [
            *(maven, "--batch-mode", "--quiet", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"),
            *(f"-Dartifact={COORDINATES}", f"-DoutputDirectory={folder.resolve()}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    archive = folder / f"trino-server-{VERSION}.tar.gz"
    if done.returncode or not archive.exists():
        found = "\n".join((done.stdout + done.stderr).splitlines()[:5])
        raise EngineUnavailable(f"Maven could not fetch {COORDINATES} ({ARCHIVE_MEGABYTES} MB):\n{found}")
    return archive
