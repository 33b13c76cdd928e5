"""The lists of CONTRIBUTING.md: which files change when something is added."""

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
