"""YAML text flows in, plain data with the line of every field flows out. Imported on use: few runs read a file."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from dataset_model.faults import DatasetError, Fault, Path, dotted
from dataset_model.reading.document import Document, Span

MAX_CHARACTERS = 1_000_000
"""Far above any sensible dataset file, far below what would keep the parser busy for minutes."""

MAX_DEPTH = 16
_SHOWN = 60
MAX_VALUES = 50_000
"""Values of a file, those repeated through aliases included: a few lines of nested aliases can stand for billions."""


_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "bool", "null", "seq", "map", "merge")}
"""Tags of a dataset file. Others, such as !!timestamp and !!float, are refused: converting them may fail or take long,
and the model reads numbers and dates from text."""


class _Loader(yaml.SafeLoader):
    """Reads plain words as text, but for true, false and null, as YAML 1.2 and editors nearly do.

    YAML 1.1 reads NO as false, on as true, 010 as 8, 12:30 as 750 and 2026-01-01 as a date. Each of them is a plausible
    key value, and the model reads numbers from text.
    """

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's way to say so


for _tag, _words, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_words})\Z"), list(_first))


def read_document(text: str, name: str) -> Document:
    """Parse one YAML mapping; raise DatasetError with the line of a syntax fault or of a repeated field."""
    if len(text) > MAX_CHARACTERS:
        limit = f"at most {MAX_CHARACTERS:,} characters"
        raise DatasetError([Fault(name, "(file)", limit, f"{len(text):,} of them")])
    node = _composed(text, name)
    if not isinstance(node, yaml.MappingNode):
        found = {yaml.SequenceNode: "a list", yaml.ScalarNode: "a single value"}.get(type(node))
        raise DatasetError([Fault(f"{name}:1", "(file)", "a mapping of fields such as name: contacts", found)])
    lines: dict[Path, int] = {}
    spans: dict[Path, Span] = {}
    faults: list[Fault] = []
    for path, key, value in _positions(node, ()):
        line = key.start_mark.line + 1
        if path in lines:
            expected = f"one entry; line {lines[path]} has it already"
            faults.append(Fault(f"{name}:{line}", dotted(path), expected, "another"))
        elif unusual := _unusual(path, key, value):
            faults.append(Fault(f"{name}:{line}", dotted(path), *unusual))
        lines.setdefault(path, line)
        spans.setdefault(path, _span(value))
        if len(lines) > MAX_VALUES or len(path) > MAX_DEPTH or len(faults) > MAX_VALUES:
            limits = f"at most {MAX_VALUES:,} values, {MAX_DEPTH} levels deep"
            raise DatasetError([Fault(f"{name}:{line}", dotted(path[:1]), limits, "more, aliases counted each time")])
    if faults:
        raise DatasetError(faults)
    return Document(_constructed(node, name), lines, spans)


def _span(value: yaml.Node) -> Span:
    in_brackets = isinstance(value, yaml.CollectionNode) and bool(value.flow_style)
    return Span(value.start_mark.index, _end(value), value.start_mark.column, in_brackets)


def _end(node: yaml.Node) -> int:
    """Return where a value ends: without brackets, where the last thing in it does, and not where the next begins."""
    start, end = node.start_mark.index, node.end_mark.index
    for _ in range(MAX_DEPTH):
        if not isinstance(node, yaml.CollectionNode) or node.flow_style:
            break
        below = [child[1] if isinstance(child, tuple) else child for child in node.value]
        # An alias stands where its anchor does, which may be anywhere, and even around it.
        inside = [child for child in below if start < child.start_mark.index <= child.end_mark.index <= end]
        inside += [child for child in below if start == child.start_mark.index and child is not node]
        if not inside:
            break
        node = max(inside, key=lambda child: child.start_mark.index)
        start, end = node.start_mark.index, node.end_mark.index
    return end


def _composed(text: str, name: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.composer.ComposerError as error:
        if "single document" not in str(error.context):
            raise DatasetError([_syntax_fault(error, name)]) from None
        where = f"{name}:{error.problem_mark.line + 1}" if error.problem_mark else name
        raise DatasetError([Fault(where, "(file)", "one document", "a second one after ---")]) from None
    except yaml.MarkedYAMLError as error:
        raise DatasetError([_syntax_fault(error, name)]) from None
    except yaml.YAMLError as error:
        raise DatasetError([Fault(name, "(syntax)", "YAML text", str(error).splitlines()[0])]) from None
    except RecursionError:
        raise DatasetError([Fault(name, "(syntax)", f"at most {MAX_DEPTH} levels of nesting", "many more")]) from None


def _constructed(node: yaml.MappingNode, name: str) -> dict[str, Any]:
    loader = _Loader("")
    try:
        data: dict[str, Any] = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise DatasetError([_syntax_fault(error, name)]) from None
    except ValueError as error:  # an explicit tag that its value does not fit, such as !!int x
        raise DatasetError([Fault(name, "(syntax)", "values that fit their tags", str(error))]) from None
    finally:
        loader.dispose()
    return data


def _syntax_fault(error: yaml.MarkedYAMLError, name: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    where = f"{name}:{mark.line + 1}" if mark else name
    problem = (error.problem or str(error)).removeprefix("found ")
    if r"'\t'" in problem:
        return Fault(where, "(syntax)", "spaces at the start of a line", "a tab")
    return Fault(where, "(syntax)", "YAML", problem)


def _unusual(path: Path, key: yaml.Node, value: yaml.Node) -> tuple[str, str] | None:
    """Return what was expected and found where YAML allows more than a dataset file does."""
    if isinstance(path[-1], str) and key.tag not in {"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"}:
        return "a field's name", str(key.value) if isinstance(key, yaml.ScalarNode) else "a list or a mapping"
    for node in (key, value):
        if node.tag not in _TAGS:
            return "a value without a tag, or with !!str, !!bool or !!null", f"the tag {_short_tag(node.tag)}"
        if isinstance(node, yaml.ScalarNode) and any("\ud800" <= character <= "\udfff" for character in node.value):
            return "text that UTF-8 can hold", ascii(node.value)
    return None


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")[:_SHOWN]


def _positions(node: yaml.Node, path: Path) -> Iterator[tuple[Path, yaml.Node, yaml.Node]]:
    """Yield every path below a node with the nodes of its beginning and its value; endless where aliases circle."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value) if isinstance(key, yaml.ScalarNode) else "?")
            yield below, key, value
            yield from _positions(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*path, index), item, item
            yield from _positions(item, (*path, index))
