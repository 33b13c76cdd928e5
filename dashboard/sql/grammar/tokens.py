"""SQL text flows in; tokens by the lexical rules of Athena's engine, or a RefusedSql with the position, flow out.

Source: the lexer rules of Trino's `SqlBase.g4`, on which Athena engine version 3 is built. A line comment ends at a
carriage return too, block comments do not nest, and only four characters are white space.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, cast

from dashboard.errors import RefusedSql

TokenKind = Literal["word", "quoted", "string", "integer", "number", "symbol", "parameter", "comment", "space", "end"]

MOST_TOKENS: Final = 20_000

_TOKEN: Final = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<comment>--[^\r\n]*|/\*.*?\*/)
    | (?P<parameter>\{\{\s*[A-Za-z_]\w{0,39}\s*(?::\s*(?:date|number|text)\s*)?\}\})
    | (?P<string>(?:[Uu]&|[Xx])?'[^']*(?:''[^']*)*')
    | (?P<quoted>"[^"]*(?:""[^"]*)*")
    | (?P<number>(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    | (?P<integer>[0-9]+)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<symbol><>|!=|<=|>=|->|\|\||/(?!\*)|[-+*%=<>(),.:\[\];?])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_UNCLOSED: Final = ("'", '"', "/*")
_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")


class Token(NamedTuple):
    """A piece of the text, from `start` to before `end`. `word` is an unquoted word in upper case or a symbol."""

    kind: TokenKind
    text: str
    start: int
    end: int
    word: str

    @property
    def name(self) -> str:
        """The identifier that the token spells, without its quotes."""
        return self.text[1:-1].replace('""', '"') if self.kind == "quoted" else self.text


def pieces_of(sql: str) -> Iterator[Token]:
    """Yield every piece of a text, white space and comments included."""
    place = 0
    while place < len(sql):
        match = _TOKEN.match(sql, place)
        if match is None:
            raise _unreadable(sql, place)
        kind = cast("TokenKind", match.lastgroup)
        text, end = match.group(), match.end()
        if kind in {"integer", "number"} and sql[end : end + 1] in _LETTERS and end < len(sql):
            raise RefusedSql(
                "A number is written in a form that is not served", *position(sql, place), "Write decimal digits only."
            )
        yield Token(kind, text, place, end, text.upper() if kind in {"word", "symbol"} else "")
        place = end


def tokens_of(sql: str) -> list[Token]:
    """Return the tokens of a text without white space and comments, at most `MOST_TOKENS`."""
    tokens = []
    for piece in pieces_of(sql):
        if piece.kind not in {"space", "comment"}:
            tokens.append(piece)
            if len(tokens) > MOST_TOKENS:
                raise RefusedSql(f"The statement has more than {MOST_TOKENS:,} words", mend="Make it shorter.")
    return tokens


def position(sql: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of an offset in a text."""
    before = sql[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _unreadable(sql: str, place: int) -> RefusedSql:
    where = position(sql, place)
    if sql.startswith(_UNCLOSED, place):
        return RefusedSql("A text, a quoted name or a comment is not closed", *where, "Close it.")
    found = sql[place]
    if found == "`":
        return RefusedSql("This is not SQL that Athena reads, near `", *where, 'Quote names with ", not with `.')
    if found == "@":
        return RefusedSql("A parameter has no value", *where, "Write the value itself.")
    shown = found if found.isprintable() and not found.isspace() else f"the character U+{ord(found):04X}"
    return RefusedSql(f"This is not SQL that Athena reads, near {shown}", *where, "Remove the character.")
