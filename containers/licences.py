"""Lock files of the images flow in, `docs/licences.md` flows out: the licence of every package that an image holds.

`make lock` runs it. Licences are those that the installed packages declare.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from itertools import groupby
from pathlib import Path
from typing import Final

IMAGES: Final = ("exporter", "dashboard", "local")
ROOT: Final = Path(__file__).parents[1]


def names_of(lock: str) -> list[str]:
    """Return the names of a lock file's packages, each once."""
    return sorted(set(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==", lock, re.MULTILINE)))


def licence_of(name: str) -> str | None:
    """Return the licence that an installed package declares; None where it is for other platforms than this one."""
    try:
        found = distribution(name).metadata
    except PackageNotFoundError:
        return None
    declared = [text for text in found.get_all("Classifier", []) if text.startswith("License ::")]
    classified = [text.rpartition(" :: ")[2] for text in declared]
    # Some write the whole text of the licence into the field.
    first = (found.get("License") or "").partition("\n")[0]
    return found.get("License-Expression") or "; ".join(classified) or first


def table_of(names: Iterable[str]) -> Iterator[str]:
    """Yield the rows of a table: a licence, and the packages under it."""
    found = sorted((licence, name) for name in names if (licence := licence_of(name)) is not None)
    for licence, pairs in groupby(found, key=lambda pair: pair[0]):
        yield f"| {licence} | {', '.join(name for _, name in pairs)} |"


def text() -> str:
    """Return the document."""
    lines = [
        "# Licences",
        "",
        "What each image holds besides this product and its base image, from the image's lock file. `make lock` writes",
        "this page. `make sbom` writes a bill of materials per image, in CycloneDX's form, to `build/sbom/`.",
    ]
    for image in IMAGES:
        names = names_of((ROOT / f"requirements-{image}.lock").read_text(encoding="utf-8"))
        lines += ["", f"## {image}", "", "| licence | packages |", "|---|---|", *table_of(names)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
