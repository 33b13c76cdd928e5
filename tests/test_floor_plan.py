"""The lists of CONTRIBUTING.md and docs/architecture.md: where things are, and which files change with them."""

import re
import subprocess
from pathlib import Path

import pytest

TASKS = ["a column type", "a date format", "a query type", "an API route", "a chart kind", "a CloudFormation parameter"]


def floor_plan(repository: Path) -> dict[str, tuple[str, list[str]]]:
    """Return what is added -> (the example to look for, the files that change)."""
    text = (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (an? [^|]+?) \| `([^`]+)` \| (.+?) \|$", text, re.MULTILINE)
    return {task: (example, re.findall(r"`([^`]+)`", files)) for task, example, files in rows}


def files_with(repository: Path, example: str) -> set[str]:
    """Return the files of the programs that mention an example; dataset files are data and do not count."""
    programs = ["dataset_model", "exporter", "dashboard", "infra", "datasets/*.json"]
    command = ["git", "grep", "--untracked", "-lF", "-e", example, "--", *programs]
    found = subprocess.run(command, cwd=repository, check=False, capture_output=True, text=True)
    return set(found.stdout.split())


def test_every_usual_task_is_listed(repository: Path) -> None:
    """A contributor finds the tasks that come up most."""
    assert list(floor_plan(repository)) == TASKS


@pytest.mark.parametrize("task", TASKS)
def test_the_files_that_change_are_those_that_know_an_example(repository: Path, task: str) -> None:
    """A file that knows one column type (query type, route ...) by name must change for another, and is listed."""
    example, files = floor_plan(repository)[task]
    assert set(files) == files_with(repository, example)


PROGRAMS = ["dataset_model", "sdk_session", "exporter", "dashboard", "local", "infra", "conformance"]


def folders(repository: Path) -> dict[str, int]:
    """Return each package -> how many modules it has, without `__init__`."""
    found = [path.parent for program in PROGRAMS for path in (repository / program).rglob("__init__.py")]
    return {str(path.relative_to(repository)): len(list(path.glob("*.py"))) - 1 for path in found}


def test_the_architecture_names_every_folder(repository: Path) -> None:
    """A contributor finds each package of the programs in docs/architecture.md."""
    text = (repository / "docs/architecture.md").read_text(encoding="utf-8")
    assert [folder for folder in folders(repository) if f"{folder.rpartition('/')[2]}/`" not in text] == []


def test_a_listing_of_a_folder_is_short(repository: Path) -> None:
    """A package has about a dozen modules, and the root of a program at most seven."""
    assert {folder: count for folder, count in folders(repository).items() if count > 14} == {}
    assert {program: folders(repository)[program] for program in PROGRAMS if folders(repository)[program] > 7} == {}
