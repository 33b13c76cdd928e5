"""Promises of the repository as a whole: dependencies, boundaries, verbs, decisions."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PACKAGES = ("dataset_model", "sdk_session", "exporter", "dashboard", "local", "infra")


@pytest.fixture(scope="module")
def dependencies(repository: Path) -> list[Requirement]:
    """Every requirement of `pyproject.toml`, extras included."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [line for extra in project["optional-dependencies"].values() for line in extra]
    return [Requirement(line) for line in lines]


@pytest.fixture(scope="module")
def locked(repository: Path) -> dict[str, str]:
    """Package -> pinned version."""
    text = (repository / "requirements.lock").read_text()
    return dict(re.findall(r"^([a-z0-9_.-]+)(?:\[.*?\])?==([^\s;\\]+)", text, re.MULTILINE))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_lock_file_pins_by_hash_alone(repository: Path) -> None:
    """Every locked package has a version and a hash, and the file does not say where to fetch it."""
    text = (repository / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-zA-Z0-9])", text.strip())
    assert len(entries) > 100
    assert [entry for entry in entries if not re.search(r"==\S+[^\n]*\\\n +--hash=sha256:[0-9a-f]{64}", entry)] == []
    assert "://" not in text


def test_lock_file_fits_the_declared_dependencies(dependencies: list[Requirement], locked: dict[str, str]) -> None:
    """A changed dependency needs `make lock`."""
    missing = [str(one) for one in dependencies if locked.get(normal(one.name)) not in one.specifier]
    assert missing == []


def test_dependencies_are_bounded_or_say_why(repository: Path, dependencies: list[Requirement]) -> None:
    """A dependency without an upper bound has a comment next to it, at least once."""
    text = (repository / "pyproject.toml").read_text()
    unbounded = [one for one in dependencies if not any(part.operator in {"<", "<=", "=="} for part in one.specifier)]
    silent = [one.name for one in unbounded if not re.search(rf'"{re.escape(one.name)}\W[^\n]*",\s+#\s*\S', text)]
    assert silent == []


@pytest.mark.parametrize("name", ["Makefile", "local/setup.sh", ".ci/run", "pyproject.toml"])
def test_set_up_names_no_address(repository: Path, name: str) -> None:
    """Where packages come from is the user's own setting, a mirror for example, and no file here overrides it."""
    assert "://" not in (repository / name).read_text().replace("http://localhost:8501", "")


def test_import_boundaries(repository: Path) -> None:
    """Who may import whom is a law that the linter keeps."""
    linter = repository / ".venv" / "bin" / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=repository, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


MISPLACED = {
    "exporter/planning/misplaced.py": "from exporter.storage import object_store",
    "exporter/sources/misplaced.py": "from exporter.storage import object_store",
    "dashboard/model/misplaced.py": "from dashboard.services import job",
    "dashboard/api/misplaced.py": "from dashboard.ui.page import cached_service",
    "dashboard/results/misplaced.py": "import botocore.session",
    "dashboard/stores/misplaced.py": "import streamlit",
    "local/athena/catalog/misplaced.py": "from local.athena.engine import scan",
    "local/misplaced.py": "import exporter.errors",
}
"""A module on the wrong floor -> what it imports."""


def test_a_module_on_the_wrong_floor_breaks_its_contract(repository: Path, tmp_path: Path) -> None:
    """In a copy with one misplaced module per contract, exactly these contracts are broken."""
    config = tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["importlinter"]
    listed = ["git", "ls-files", "-z", "pyproject.toml", *(f"{package}/*.py" for package in config["root_packages"])]
    files = subprocess.run(listed, cwd=repository, check=True, capture_output=True, text=True).stdout
    for name in filter(None, files.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((repository / name).read_bytes())
    for name, line in MISPLACED.items():
        (tmp_path / name).write_text(f"{line}\n")
    linter = repository / ".venv" / "bin" / "lint-imports"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [linter, "--no-cache"], cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert set(re.findall(r"^(.+) BROKEN$", done.stdout, re.MULTILINE)) == {
        "Exporter: layers in the order of the data flow",
        "Exporter: sources and storage do not know each other",
        "Exporter: planning, values and decoding know no client",
        "Dashboard: layers",
        "Dashboard: API and pages do not know each other",
        "Dashboard: only aws/ knows the SDK",
        "Dashboard: nothing below ui/ knows Streamlit",
        "Stand-in: Athena's layers",
        "The stand-in knows the dataset model alone",
    }
    assert set(re.findall(r"\S+\.misplaced\b", done.stdout)) == {
        name.removesuffix(".py").replace("/", ".") for name in MISPLACED
    }


def test_modules_stay_readable(repository: Path) -> None:
    """No module is longer than 400 lines: beyond that it is two."""
    lengths = {
        str(path.relative_to(repository)): len(path.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for path in (repository / package).rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_texts_avoid_words_that_readers_of_another_language_stumble_over(repository: Path) -> None:
    """Code, pages and guides say it with common words."""
    words = ["whoever", "whose", "anew", "beside"]
    command = [
        "git",
        "grep",
        "--untracked",
        "-nwiE",
        "|".join(words),
        "--",
        "*.py",
        "*.js",
        "*.yaml",
        "*.md",
        "Makefile",
    ]
    found = subprocess.run(
        [*command, ":!tests/test_repository.py"], cwd=repository, check=False, capture_output=True, text=True
    )
    assert found.stdout.splitlines() == []


def test_help_lists_every_verb(repository: Path) -> None:
    """`make` alone lists all verbs, each with what it does."""
    makefile = (repository / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    shown = subprocess.run(["make"], cwd=repository, check=True, capture_output=True, text=True).stdout
    assert re.findall(r"^  make (\w+) +\S", shown, re.MULTILINE) == phony[1].split()


def test_every_benchmark_takes_its_short_form(repository: Path) -> None:
    """`make bench` gives --short to every program; one that reads options, and not this one, would end it."""
    programs = sorted((repository / "benchmarks").glob("*.py"))
    assert programs
    reading = [program for program in programs if "ArgumentParser(" in program.read_text()]
    assert [program.name for program in reading if '"--short"' not in program.read_text()] == []


def test_read_me_names_verbs_that_exist(repository: Path) -> None:
    """A newcomer can type every `make` command of the documents."""
    verbs = set(re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(), re.MULTILINE))
    documents = [path for path in (repository / "README.md", *repository.glob("docs/**/*.md")) if path.exists()]
    named = {
        verb
        for path in documents
        for verb in re.findall(r"(?:`|^\s*\$?\s*)make ([a-z]+)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named - verbs == set()


def test_decisions_are_numbered_complete_and_listed(repository: Path) -> None:
    """Each decision has its own number, says context, choice and consequences, and is in the index."""
    folder = repository / "docs" / "decisions"
    decisions = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name) for path in decisions)
    numbers = [path.name[:4] for path in decisions]
    assert len(set(numbers)) == len(numbers)
    for path in decisions:
        assert re.findall(r"^## (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)[:3] == [
            "Context",
            "Choice",
            "Consequences",
        ], path.name
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in decisions if f"]({path.name})" not in index] == []


def test_no_test_empties_what_others_keep_in_moto(repository: Path) -> None:
    """Its state is that of the process: a mock, or a reset, belongs into a process of its own."""
    inside = re.compile(r"^ +(?:with |[a-z_]+ = )?mock_aws\(|^@mock_aws", re.MULTILINE)
    of_a_program = re.compile(r'"""\nimport .*?"""', re.DOTALL)
    texts = {path: path.read_text(encoding="utf-8") for path in (repository / "tests").rglob("*.py")}
    assert [path.name for path, text in texts.items() if inside.search(of_a_program.sub("", text))] == []
