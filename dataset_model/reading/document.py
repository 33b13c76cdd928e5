"""A dataset file as plain data with the position of each value."""

from dataclasses import dataclass, field
from typing import Any

from dataset_model.faults import Path


@dataclass(frozen=True)
class Span:
    """Where a value stands in the text, in characters. A text in lines of its own (`|`) ends with its line break."""

    start: int
    end: int
    column: int
    """Of its first character, from 0."""
    in_brackets: bool
    """Whether it is a list in [] or a mapping in {}."""


@dataclass(frozen=True)
class Document:
    """A dataset file as plain data, with the line on which each path begins (counted from 1)."""

    data: dict[str, Any]
    lines: dict[Path, int]
    spans: dict[Path, Span] = field(default_factory=dict)
    """Where the value of each path stands, for those who revise the text."""

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest enclosing one that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)
