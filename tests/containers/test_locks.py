"""What each image installs: enough for the programs in it, nothing of the other ones, all of it pinned."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROGRAMS = {
    "exporter": ("dataset_model", "sdk_session", "exporter"),
    "dashboard": ("dataset_model", "sdk_session", "dashboard"),
    "local": ("dataset_model", "sdk_session", "exporter", "local"),
}
OWN = {"dataset_model", "sdk_session", "exporter", "dashboard", "local"}

FOR_TYPE_CHECKERS = "mypy_boto3_"
"""Prefix of the modules that nothing imports when it runs."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(path: Path) -> dict[str, set[str]]:
    """Package -> its versions; several where they differ by Python."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9_.-]+)(?:\[.*?\])?==([^\s;\\]+)", path.read_text(), re.MULTILINE):
        versions.setdefault(normal(name), set()).add(version)
    return versions


def imported(folder: Path) -> Iterator[tuple[str, str]]:
    """Every module that a program's files import, with the file; relative imports are not used here."""
    for path in folder.rglob("*.py"):
        if "app_pages" in path.parts and path.name.startswith("_"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            yield from ((name.partition(".")[0], path.name) for name in names)


@pytest.mark.parametrize("image", PROGRAMS)
def test_every_import_is_installed(repository: Path, image: str) -> None:
    """A module that a program imports comes with a package of its image's lock file, not by luck of the common one."""
    distributions = packages_distributions()
    inside = locked(repository / f"requirements-{image}.lock")
    missing = {
        f"{module} ({file})"
        for program in PROGRAMS[image]
        for module, file in imported(repository / program)
        if module not in sys.stdlib_module_names | OWN
        and not module.startswith(FOR_TYPE_CHECKERS)
        and not any(normal(name) in inside for name in distributions.get(module, []))
    }
    assert missing == set()


@pytest.mark.parametrize("image", PROGRAMS)
def test_versions_are_those_that_the_tests_ran_with(repository: Path, image: str) -> None:
    """An image's lock file holds the common lock file's versions, hashes and no address."""
    path = repository / f"requirements-{image}.lock"
    common = locked(repository / "requirements.lock")
    assert {name: versions for name, versions in locked(path).items() if not versions <= common.get(name, set())} == {}
    text = path.read_text()
    entries = re.split(r"\n(?=[a-zA-Z0-9])", text.strip())
    assert [entry for entry in entries if not re.search(r"==\S+[^\n]*\\\n +--hash=sha256:[0-9a-f]{64}", entry)] == []
    assert "://" not in text


def test_no_image_carries_what_is_anothers(repository: Path) -> None:
    """Streamlit is the dashboard's alone, moto and DuckDB the stand-in's, Lambda's client of both programs.

    DuckDB imports numpy without asking for it: in an image without it every query of the stand-in fails.
    """
    holders = {
        package: {image for image in PROGRAMS if package in locked(repository / f"requirements-{image}.lock")}
        for package in ("streamlit", "moto", "duckdb", "numpy", "awslambdaric", "pytest", "uv")
    }
    assert holders == {
        "streamlit": {"dashboard"},
        "moto": {"local"},
        "duckdb": {"local"},
        "numpy": {"dashboard", "local"},
        "awslambdaric": {"dashboard", "exporter"},
        "pytest": set(),
        "uv": set(),
    }


def test_the_bill_of_materials_counts_what_is_locked(repository: Path) -> None:
    """The guide's table has a row for each image, with the number of packages that its lock file pins."""
    text = (repository / "docs" / "containers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| `requirements-\w+\.lock` \| (\d+) \|", text, re.MULTILINE)
    locks = {image: (repository / f"requirements-{image}.lock").read_text() for image in PROGRAMS}
    counts = {image: len(re.findall(r"^[a-zA-Z0-9]\S*==", lock, re.MULTILINE)) for image, lock in locks.items()}
    assert {image: int(count) for image, count in rows} == counts
