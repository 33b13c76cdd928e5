"""YAML text to plain data, remembering the line of every field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from datasets.faults import DatasetError, Fault

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A dataset file as plain data, with the line on which each path begins (counted from 1)."""

    data: dict[str, Any]
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest enclosing one that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(text: str, name: str) -> Document:
    """Parse one YAML mapping; raise DatasetError with the line of a syntax fault or of a repeated field."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        raise DatasetError([Fault(where, "(syntax)", "YAML", error.problem or str(error))]) from None
    except yaml.YAMLError as error:
        raise DatasetError([Fault(name, "(syntax)", "YAML text", str(error).splitlines()[0])]) from None
    if not isinstance(node, yaml.MappingNode):
        raise DatasetError([Fault(f"{name}:1", "(file)", "a mapping of fields such as name: contacts")])
    lines: dict[Path, int] = {}
    faults: list[Fault] = []
    for path, line in _positions(node, ()):
        if path in lines:
            faults.append(Fault(f"{name}:{line}", dotted(path), f"one entry; line {lines[path]} has it already"))
        lines.setdefault(path, line)
    if faults:
        raise DatasetError(faults)
    loader = yaml.SafeLoader("")
    try:
        data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DatasetError([Fault(f"{name}:{line}", "(syntax)", "plain YAML values", error.problem)]) from None
    finally:
        loader.dispose()
    return Document(data, lines)


def dotted(path: Path) -> str:
    """Write a path as people read it: `columns[3].type`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(file)"


def _positions(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _positions(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*path, index), item.start_mark.line + 1
            yield from _positions(item, (*path, index))
