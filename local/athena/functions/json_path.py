"""The path language of SQL/JSON: `lax $.a[*] ? (@.b > 2)`. Pure.

Source: Trino's documentation, "JSON functions and operators". Lax mode unwraps arrays and passes over what is missing;
strict mode fails there. Arithmetic within a path is not here: it is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<mark>&&|\|\||==|!=|<>|<=|>=|[$@.\[\]*?()<>!,=-]))""",
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
Step = Callable[[Any], Iterator[Any]]


class PathSyntaxError(Exception):
    """The path is not one of the language; the message says where."""


class PathError(Exception):
    """The path cannot be followed in strict mode, or compares what cannot be compared."""


@dataclass(frozen=True)
class JsonPath:
    """A path, ready to be followed."""

    is_lax: bool
    steps: tuple[Step, ...]

    def follow(self, document: Any) -> list[Any]:
        """Return the items that the path leads to; raise PathError."""
        return _followed([document], self.steps)


def _followed(items: Sequence[Any], steps: Sequence[Step]) -> list[Any]:
    found = list(items)
    for step in steps:
        found = [result for item in found for result in step(item)]
    return found


def json_path(text: str) -> JsonPath:
    """Read a path; raise PathSyntaxError."""
    return _Reader(text).path()


class _Reader:
    """Reads one path from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if found is None:
                raise PathSyntaxError(f"unexpected {text[at:].strip()[:10]!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            at = found.end()
        self.at = 0
        self.is_lax = True

    def path(self) -> JsonPath:
        mode = self.take("name")
        if mode not in {"lax", "strict"}:
            raise PathSyntaxError("expected lax or strict")
        self.is_lax = mode == "lax"
        self.expect("$")
        steps = self.steps()
        if self.at < len(self.tokens):
            raise PathSyntaxError(f"unexpected {self.tokens[self.at][1]!r}")
        return JsonPath(self.is_lax, steps)

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, kind: str) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != kind:
            raise PathSyntaxError(f"expected a {kind}, found {self.peek() or 'the end'}")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def accept(self, mark: str) -> bool:
        if self.peek() == mark:
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.accept(mark):
            raise PathSyntaxError(f"expected {mark}, found {self.peek() or 'the end'}")

    def steps(self) -> tuple[Step, ...]:
        found: list[Step] = []
        while True:
            if self.accept("."):
                found.append(self.after_dot())
            elif self.accept("["):
                found.append(self.subscript())
            elif self.accept("?"):
                self.expect("(")
                found.append(self.filter(self.either()))
                self.expect(")")
            else:
                return tuple(found)

    def after_dot(self) -> Step:
        if self.accept("*"):
            return self.member(None)
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "text":
            return self.member(_unquoted(self.take("text")))
        name = self.take("name")
        if not self.accept("("):
            return self.member(name)
        self.expect(")")
        method = _METHODS.get(name)
        if method is None:
            raise PathSyntaxError(f"the method {name}() is not served here")
        return self.method(method, is_whole=name in {"size", "type"})

    def member(self, name: str | None) -> Step:
        def step(item: Any) -> Iterator[Any]:
            for found in self.unwrapped(item):
                if not isinstance(found, dict):
                    self.missing("the item is no object")
                elif name is None:
                    yield from found.values()
                elif name in found:
                    yield found[name]
                else:
                    self.missing(f"no member {name}")

        return step

    def subscript(self) -> Step:
        if self.accept("*"):
            self.expect("]")
            return self.elements(None)
        wanted: list[tuple[int | None, int | None]] = []
        while True:
            first = self.index()
            last = first
            if self.peek() == "to":
                self.at += 1
                last = self.index()
            wanted.append((first, last))
            if not self.accept(","):
                break
        self.expect("]")
        return self.elements(wanted)

    def index(self) -> int | None:
        """Return an index, None for `last`."""
        if self.peek() == "last":
            self.at += 1
            return None
        return int(self.take("number"))

    def elements(self, wanted: list[tuple[int | None, int | None]] | None) -> Step:
        def step(item: Any) -> Iterator[Any]:
            if not isinstance(item, list):
                self.missing("the item is no array")
            array = item if isinstance(item, list) else [item]
            if wanted is None:
                yield from array
                return
            for low, high in wanted:
                first, last = (len(array) - 1 if end is None else end for end in (low, high))
                if first >= len(array) or last >= len(array):
                    self.missing("the index is beyond the array")
                yield from array[first : last + 1]

        return step

    def method(self, apply: Callable[[Any], Any], *, is_whole: bool) -> Step:
        def step(item: Any) -> Iterator[Any]:
            for found in [item] if is_whole else self.unwrapped(item):
                yield apply(found)

        return step

    def filter(self, holds: Callable[[Any], bool | None]) -> Step:
        def step(item: Any) -> Iterator[Any]:
            yield from (found for found in self.unwrapped(item) if holds(found))

        return step

    def unwrapped(self, item: Any) -> list[Any]:
        return item if self.is_lax and isinstance(item, list) else [item]

    def missing(self, what: str) -> None:
        if not self.is_lax:
            raise PathError(what)

    def either(self) -> Callable[[Any], bool | None]:
        sides = [self.both()]
        while self.accept("||"):
            sides.append(self.both())
        return lambda item: any(side(item) for side in sides)

    def both(self) -> Callable[[Any], bool | None]:
        sides = [self.condition()]
        while self.accept("&&"):
            sides.append(self.condition())
        return lambda item: all(side(item) for side in sides)

    def condition(self) -> Callable[[Any], bool | None]:
        if self.accept("!"):
            self.expect("(")
            inner = self.either()
            self.expect(")")
            return lambda item: not inner(item)
        if self.peek() == "exists":
            self.at += 1
            self.expect("(")
            found = self.operand()
            self.expect(")")
            return lambda item: bool(found(item))
        if self.accept("("):
            inner = self.either()
            self.expect(")")
            return inner
        return self.comparison()

    def comparison(self) -> Callable[[Any], bool | None]:
        first = self.operand()
        if self.peek() == "starts":
            self.at += 1
            if self.take("name") != "with":
                raise PathSyntaxError("expected starts with")
            second = self.operand()
            return lambda item: any(str(a).startswith(str(b)) for a in first(item) for b in second(item))
        compare = _COMPARISONS.get(self.take("mark"))
        if compare is None:
            raise PathSyntaxError("expected a comparison")
        second = self.operand()
        return lambda item: any(_compared(compare, a, b) for a in first(item) for b in second(item))

    def operand(self) -> Callable[[Any], list[Any]]:
        if self.accept("@"):
            steps = self.steps()
            return lambda item: self.unwrapped_all(_followed([item], steps))
        is_negative = self.accept("-")
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if kind == "number":
            value = -_number(text) if is_negative else _number(text)
        elif kind == "text":
            value = _unquoted(text)
        elif text in _CONSTANTS:
            value = _CONSTANTS[text]
        else:
            raise PathSyntaxError(f"expected a value, found {text or 'the end'}")
        return lambda _: [value]

    def unwrapped_all(self, items: list[Any]) -> list[Any]:
        return [found for item in items for found in self.unwrapped(item)]


def _compared(compare: Callable[[Any, Any], bool], first: Any, second: Any) -> bool:
    numbers = all(isinstance(side, int | float | Decimal) and not isinstance(side, bool) for side in (first, second))
    if not numbers and type(first) is not type(second):
        return False
    try:
        return compare(first, second)
    except TypeError:
        return False


def _number(text: str) -> Any:
    return int(text) if text.isdigit() else Decimal(text)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _type_of(item: Any) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(item), "number")


def _double(item: Any) -> float:
    try:
        return float(item)
    except (TypeError, ValueError):
        raise PathError("the item is no number") from None


_METHODS: dict[str, Callable[[Any], Any]] = {
    "size": lambda item: len(item) if isinstance(item, list) else 1,
    "type": _type_of,
    "double": _double,
    "abs": abs,
    "ceiling": lambda item: -(-item // 1),
    "floor": lambda item: item // 1,
}
