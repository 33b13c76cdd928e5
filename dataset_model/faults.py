"""Faults of settings and dataset files: the place, the name, what was expected and what was found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

Path = tuple[str | int, ...]
"""The names and positions that lead to a value in a dataset file."""


class Contradiction(NamedTuple):
    """A value of a dataset file that does not go with another one; `found` is None where there is no value."""

    path: Path
    expected: str
    found: str | None


@dataclass(frozen=True)
class Fault:
    """One wrong or missing setting.

    `where` is `contacts.yaml:12` for a file and `environment` for a variable; `field` is the dotted path in the file
    or the variable's name; `found` is None where nothing was found at all.
    """

    where: str
    field: str
    expected: str
    found: str | None = None

    def __str__(self) -> str:
        """Read as one line: place, name, what was expected, what was found."""
        found = "nothing" if self.found is None else repr(self.found)
        return f"{self.where}: {self.field}: expected {self.expected}; found {found}"


class DatasetError(ValueError):
    """A dataset that cannot be used; carries every fault, not the first alone."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def dotted(path: Path) -> str:
    """Write a path as people read it: `columns[3].type`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(file)"
