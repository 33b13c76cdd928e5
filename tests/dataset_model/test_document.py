"""YAML as a dataset file uses it: what plain words mean, and what no file may do to the program that reads it."""

import pytest

from dataset_model import DatasetError
from dataset_model.faults import dotted
from dataset_model.reading.yaml_text import MAX_CHARACTERS, read_document


@pytest.mark.parametrize(
    "word", ["NO", "on", "y", "010", "0x1F", "1_000", "1.50", "12:30:45", "2026-01-01", "2026-13-45", ".nan", "="]
)
def test_plain_words_are_text(word: str) -> None:
    """Words that YAML 1.1 turns into booleans, numbers and dates keep their spelling: each could be a key value."""
    assert read_document(f"values: [{word}]", "f").data == {"values": [word]}


def test_words_that_are_not_text() -> None:
    """true, false and null are what they are everywhere; in quotes they are text."""
    text = "[true, False, null, ~, 'true', \"null\"]"
    assert read_document(f"values: {text}", "f").data == {"values": [True, False, None, None, "true", "null"]}


def test_lines_of_fields() -> None:
    """Each field knows its line, list entries included; a field that the file lacks counts as its parent's line."""
    document = read_document("a: 1\nb:\n  - c: 2\n  -\n    d: 3\n", "f")
    assert document.lines == {("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 0, "c"): 3, ("b", 1): 5, ("b", 1, "d"): 5}
    assert document.line(("b", 1, "missing", "deeper")) == 5
    assert document.line(("missing",)) == 1


def test_anchors_and_merge_keys_work() -> None:
    """A file may say a thing once and refer to it."""
    text = "base: &base {a: 1, b: 2}\nother:\n  <<: *base\n  b: 3\n"
    assert read_document(text, "f").data["other"] == {"a": "1", "b": "3"}


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "a: " + "{a: " * 3000 + "}" * 3000])
@pytest.mark.timeout(20)
def test_bottomless_nesting_is_refused(text: str) -> None:
    """Nesting that would overflow the parser's stack is a fault of the file, not a crash."""
    with pytest.raises(DatasetError, match=r"f: \(syntax\): expected at most 16 levels of nesting; found 'many more'"):
        read_document(text, "f")


@pytest.mark.timeout(2)
def test_huge_file_is_refused_unread() -> None:
    """A file of a million characters is refused before the parser sees it, at once."""
    with pytest.raises(DatasetError, match=r"f: \(file\): expected at most 1,000,000 characters; found '1,000,002 of"):
        read_document("a: " + "x" * (MAX_CHARACTERS - 1), "f")


def test_control_character_is_refused() -> None:
    """Bytes that no YAML may hold are reported without a traceback."""
    with pytest.raises(DatasetError, match="special characters are not allowed"):
        read_document("a: \x00", "f")


def test_paths_as_people_read_them() -> None:
    """A path is written with dots and brackets; the file as a whole has a name too."""
    assert dotted(("columns", 3, "type")) == "columns[3].type"
    assert dotted(()) == "(file)"
