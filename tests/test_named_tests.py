"""Documents name the tests that hold what they say: each named test is there."""

import re
from pathlib import Path

import pytest

DOCUMENTS = ("docs/security.md", "docs/reliability.md")
NAMED = re.compile(r"(?:([\w/.-]*test_\w+\.py)(?:::(\w+))?|\b(test_\w+)\b)")


@pytest.fixture(scope="module")
def tests(repository: Path) -> dict[str, set[str]]:
    """Path of each test file -> names of its tests."""
    files = (repository / "tests").rglob("test_*.py")
    return {
        str(file.relative_to(repository)): set(
            re.findall(r"^ *(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
        )
        for file in files
    }


def named(text: str) -> list[tuple[str, str]]:
    """Return the files and the tests that the code in a text names; "" where only the other is given."""
    code = " ".join(re.findall(r"`([^`]+)`", text))
    return [(file, test or alone) for file, test, alone in NAMED.findall(code)]


def is_there(tests: dict[str, set[str]], file: str, test: str) -> bool:
    found = [names for path, names in tests.items() if not file or path == file or path.endswith(f"/{file}")]
    return any(not test or test in names for names in found)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_is_there(repository: Path, tests: dict[str, set[str]], document: str) -> None:
    """A test that is renamed or removed is found missing in every document that promises it."""
    found = named((repository / document).read_text())
    assert len(found) > 20
    assert [one for one in found if not is_there(tests, *one)] == []


def test_a_name_that_is_not_there_is_noticed(tests: dict[str, set[str]]) -> None:
    """By its file, its folder or its name."""
    assert is_there(tests, "test_named_tests.py", "test_a_name_that_is_not_there_is_noticed")
    for file, test in (("test_nothing.py", ""), ("local/test_named_tests.py", ""), ("", "test_nothing"),
                       ("test_floor_plan.py", "test_a_name_that_is_not_there_is_noticed")):  # fmt: skip
        assert not is_there(tests, file, test)


def test_each_class_of_vulnerabilities_is_impossible_or_tested(repository: Path) -> None:
    """Every line of the table says why a class is not possible, or names the test that holds it."""
    table = (repository / "docs/security.md").read_text().partition("| class | known from | here |")[2]
    lines = [line for line in table.partition("\n\n")[0].splitlines() if line.startswith("| ")]
    assert len(lines) > 35
    answers = [line.strip("| ").split(" | ")[2] for line in lines]
    silent = [
        answer
        for answer in answers
        if not answer.startswith("not possible: ") and not (answer.startswith("tested") and named(answer))
    ]
    assert silent == []
