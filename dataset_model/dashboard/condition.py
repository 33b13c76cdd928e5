"""A condition of a dataset file flows in, SQL over named columns flows out.

The grammar is small so that a condition means the same in the file, in Athena and to its reader: comparisons of a
column with a value, IN, BETWEEN, LIKE and IS NULL, joined by AND, OR, NOT and parentheses. A value fits the type of its
column. In a row rule, `{claim.stores}` stands for the values that a person's claim has.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dataset_model.columns.types import ColumnType

Kind = Literal["number", "text", "boolean", "date", "timestamp"]

MOST_CHARACTERS: Final = 2_000
_DEEPEST: Final = 20
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_.])|(?P<text>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*|\"[a-z0-9_]+\")"
    r"|(?P<claim>\{claim\.[^{}\s]+\})|(?P<sign><>|!=|<=|>=|=|<|>|\(|\)|,))"
)
_WORDS: Final = frozenset(["and", "or", "not", "in", "between", "like", "is", "null", "true", "false"])
_NUMBER: Final = re.compile(r"-?[0-9]{1,38}(?:\.[0-9]{1,38})?")
_COMPARISONS: Final = frozenset(("=", "<>", "!=", "<", "<=", ">", ">="))
_KINDS: Final[Mapping[str, Kind]] = {"boolean": "boolean", "date": "date", "timestamp": "timestamp"}
"""Kinds of the column types that are neither numbers nor texts."""


@dataclass(frozen=True)
class Condition:
    """A condition that was read."""

    sql: str
    """With quoted names; no value of it is a parameter."""
    columns: tuple[str, ...]
    """The columns that it reads, each once."""


class NoClaim(Exception):
    """A claim is missing, or has a value that cannot be compared with its column."""


@dataclass(frozen=True)
class _Token:
    kind: Literal["number", "text", "name", "word", "claim", "sign", "end"]
    text: str


def condition_from(
    text: str, types: Mapping[str, ColumnType], claims: Callable[[str], Sequence[str]] | None = None
) -> Condition:
    """Return the condition of a text; raise ValueError with what was expected and found. `types` are the columns'.

    `claims` returns the values of a claim; None where a text may name none. Raises NoClaim.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"at most {MOST_CHARACTERS:,} characters; found {len(text):,}")
    parser = _Parser(_tokens(text), types, claims)
    sql = parser.either(0)
    if parser.next.kind != "end":
        raise parser.fault("AND, OR or the end")
    return Condition(sql, tuple(parser.columns))


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise ValueError(f"a column, a value, a comparison or a parenthesis; found '{text[place:].strip()[:20]}'")
        word = found[found.lastgroup]
        if found.lastgroup == "name" and word.lower() in _WORDS:
            tokens.append(_Token("word", word.lower()))
        else:
            tokens.append(_Token(found.lastgroup, word))  # type: ignore[arg-type]
        place = found.end()
    return [*tokens, _Token("end", "")]


class _Parser:
    """One pass over the tokens; each method reads one rule of the grammar and returns its SQL."""

    def __init__(
        self, tokens: list[_Token], types: Mapping[str, ColumnType], claims: Callable[[str], Sequence[str]] | None
    ) -> None:
        self._tokens, self._types, self._claims, self._place = tokens, types, claims, 0
        self.columns: dict[str, None] = {}

    @property
    def next(self) -> _Token:
        return self._tokens[self._place]

    def fault(self, expected: str) -> ValueError:
        found = f"'{self.next.text}'" if self.next.kind != "end" else "the end"
        return ValueError(f"{expected}; found {found}")

    def either(self, depth: int) -> str:
        parts = [self._both(depth)]
        while self._takes("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"

    def _both(self, depth: int) -> str:
        parts = [self._not(depth)]
        while self._takes("and"):
            parts.append(self._not(depth))
        return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"

    def _not(self, depth: int) -> str:
        if depth > _DEEPEST:
            raise ValueError(f"at most {_DEEPEST} parentheses in one another")
        if self._takes("not"):
            return f"(NOT {self._not(depth + 1)})"
        if self._takes("("):
            inner = self.either(depth + 1)
            self._needs(")")
            return inner
        return self._comparison()

    def _comparison(self) -> str:
        column, kind = self._column()
        if self._takes("is"):
            negated = " NOT" if self._takes("not") else ""
            self._needs("null")
            return f"{column} IS{negated} NULL"
        negated = "NOT " if self._takes("not") else ""
        if self._takes("in") or (not negated and self._takes_equals_before_claim()):
            values = self._claim(self._claims, kind) if self._claims and self._is_at_claim else self._values(kind)
            return f"{column} {negated}IN ({values})"
        if self._takes("between"):
            low = self._value(kind)
            self._needs("and")
            return f"{column} {negated}BETWEEN {low} AND {self._value(kind)}"
        if self._takes("like"):
            if kind != "text":
                raise self.fault("a text column before LIKE")
            return f"{column} {negated}LIKE {self._value(kind)}"
        if negated:
            raise self.fault("IN, BETWEEN or LIKE")
        if self.next.kind == "sign" and self.next.text in _COMPARISONS:
            sign = self._taken().text
            return f"{column} {'<>' if sign == '!=' else sign} {self._value(kind)}"
        if kind == "boolean":
            return column
        raise self.fault("a comparison")

    def _values(self, kind: Kind) -> str:
        self._needs("(")
        values = [self._value(kind)]
        while self._takes(","):
            values.append(self._value(kind))
        self._needs(")")
        return ", ".join(values)

    @property
    def _is_at_claim(self) -> bool:
        return self.next.kind == "claim"

    def _takes_equals_before_claim(self) -> bool:
        """Take `=` where a claim follows: the claim may have several values."""
        found = self._claims is not None and self.next.text == "=" and self._tokens[self._place + 1].kind == "claim"
        self._place += found
        return found

    def _claim(self, claims: Callable[[str], Sequence[str]], kind: Kind) -> str:
        """Return the values of a claim as literals; in one order, so that equal claims have equal SQL."""
        if kind not in {"text", "number"}:
            raise self.fault("a column of texts or numbers before a claim")
        name = self._taken().text.removeprefix("{claim.").removesuffix("}")
        values = claims(name)
        if not values or not all(_is_comparable(value, kind) for value in values):
            raise NoClaim(name)
        return ", ".join(value if kind == "number" else text_literal(value) for value in sorted(set(values)))

    def _column(self) -> tuple[str, Kind]:
        name = self.next.text.strip('"').lower()
        if self.next.kind != "name" or name not in self._types:
            raise self.fault("a declared column")
        self._place += 1
        self.columns[name] = None
        return f'"{name}"', _kind_of(self._types[name])

    def _value(self, kind: Kind) -> str:
        token = self.next
        if kind == "number" and token.kind == "number":
            return self._taken().text.removeprefix("+")
        if kind == "boolean" and token.kind == "word" and token.text in {"true", "false"}:
            return self._taken().text.upper()
        if token.kind == "text" and kind not in {"number", "boolean"} and _is_written(token.text[1:-1], kind):
            literal = self._taken().text
            # Athena takes a question mark for a parameter in what the dashboard binds.
            return literal if kind == "text" else f"{kind.upper()} {literal}"
        examples = {
            "number": "a number",
            "text": "a text in single quotes, without ?",
            "boolean": "TRUE or FALSE",
            "date": "a day as '2026-01-31'",
            "timestamp": "an instant in UTC as '2026-01-31 12:00:00'",
        }
        raise self.fault(examples[kind])

    def _taken(self) -> _Token:
        token = self.next
        self._place += 1
        return token

    def _takes(self, text: str) -> bool:
        if self.next.kind in {"word", "sign"} and self.next.text == text:
            self._place += 1
            return True
        return False

    def _needs(self, text: str) -> None:
        if not self._takes(text):
            raise self.fault(text.upper())


def text_literal(value: str) -> str:
    """Return a text as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _is_comparable(value: str, kind: Kind) -> bool:
    """Return whether a claim's value can be written as a literal for a column."""
    if kind == "number":
        return _NUMBER.fullmatch(value) is not None
    return value.isprintable() and _is_written(value, kind)


def _kind_of(column: ColumnType) -> Kind:
    return "number" if column.is_number else _KINDS.get(column.name, "text")


def _is_written(text: str, kind: Kind) -> bool:
    form = {"date": "%Y-%m-%d", "timestamp": "%Y-%m-%d %H:%M:%S"}.get(kind)
    if form is None:
        return "?" not in text and "\0" not in text
    try:
        return dt.datetime.strptime(text, form).strftime(form) == text  # noqa: DTZ007 (an instant of no zone)
    except ValueError:
        return False
