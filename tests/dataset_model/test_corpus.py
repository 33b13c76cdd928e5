"""Every file in `corpus/` is refused, and says itself with which words: adding a case is adding a file."""

import re
from pathlib import Path

import pytest

from dataset_model import DatasetError, load_dataset

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.yaml"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
@pytest.mark.timeout(10)
def test_every_fault_of_a_file_is_reported(path: Path) -> None:
    """All faults of a file are reported at once, each with file, line, field, what was expected and what was found."""
    text = path.read_text(encoding="utf-8", errors="replace")
    expected = [f"{path.name}:{fault}" for fault in re.findall(r"^# fault: (.+?)\r?$", text, re.MULTILINE)]
    with pytest.raises(DatasetError) as raised:
        load_dataset(str(path), {})
    assert sorted(map(str, raised.value.faults)) == sorted(expected)


def test_faults_are_reported_in_the_order_of_the_file() -> None:
    """A person mends a file from its top to its bottom."""
    with pytest.raises(DatasetError) as raised:
        load_dataset(str(Path(__file__).parent / "corpus" / "names.yaml"), {})
    assert [fault.where for fault in raised.value.faults] == [
        f"names.yaml:{line}" for line in (1, 3, 4, 5, 6, 6, 7, 9, 10)
    ]
