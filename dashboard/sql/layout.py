"""SQL that a person wrote flows in; the same tokens and comments, laid out in lines, flow out."""

from typing import Final

from dashboard.errors import RefusedSql
from dashboard.sql.grammar.tokens import Token, pieces_of
from dashboard.sql.parser import one_statement

_CLAUSES: Final = frozenset(
    {
        *("SELECT", "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "OFFSET", "LIMIT", "FETCH", "VALUES"),
        *("UNION", "INTERSECT", "EXCEPT", "WITH"),
    }
)
_ITEMS_BELOW: Final = frozenset({"SELECT", "WHERE", "HAVING", "BY"})
"""Words with their items below them, one a line."""
_JOINS: Final = frozenset({"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS"})
_BEFORE_JOIN: Final = frozenset({"INNER", "LEFT", "RIGHT", "FULL", "CROSS", "OUTER"})
_QUERY: Final = frozenset({"SELECT", "VALUES", "WITH"})
_SETS: Final = frozenset({"UNION", "INTERSECT", "EXCEPT"})
_TIGHT_AFTER: Final = frozenset({"(", "[", "."})
_TIGHT_BEFORE: Final = frozenset({")", "]", ",", ".", ";"})
_KEYWORDS: Final = frozenset(
    {
        *_CLAUSES, *_JOINS, "AND", "OR", "NOT", "AS", "ON", "USING", "BY", "IN", "IS", "NULL", "BETWEEN", "LIKE", "ASC",
        "DESC", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "ALL", "EXISTS", "OUTER", "OVER", "PARTITION",
    }
)  # fmt: skip


def formatted(sql: str) -> str:
    """Return SQL laid out in lines, with its parameters and comments; unchanged where it cannot be read."""
    try:
        one_statement(sql)
        pieces = [piece for piece in pieces_of(sql) if piece.kind != "space"]
    except RefusedSql:
        return sql
    layout = _Layout()
    for place, piece in enumerate(pieces):
        following = pieces[place + 1] if place + 1 < len(pieces) else None
        before = pieces[place - 1] if place else None
        gap = before is not None and sql[before.end : piece.start] != ""
        layout.add(before, piece, following, has_gap=gap)
    return layout.text.strip()


class _Layout:
    """Text so far, and for each open parenthesis whether a query stands in it."""

    def __init__(self) -> None:
        self.text = ""
        self._queries = [True]
        self._clause = [""]
        self._between = False
        self._signs = False

    @property
    def _indent(self) -> int:
        return 2 * (sum(self._queries) - 1)

    def add(self, before: Token | None, piece: Token, following: Token | None, *, has_gap: bool) -> None:
        """Add a token or comment at the end."""
        word = piece.word
        if piece.kind == "comment":
            self._put(piece.text, " ")
            if piece.text.startswith("--"):
                self._line(self._indent + 2)
            return
        if word in {")", "]"}:
            self._clause.pop()
            if self._queries.pop():
                self._line(self._indent)
        elif self._queries[-1]:
            self._begin_line(before, word)
        self._put(word if word in _KEYWORDS else piece.text, self._space(before, piece, has_gap=has_gap))
        self._signs = word in {"-", "+"} and _begins_a_value(before)
        if word in {"(", "["}:
            self._queries.append(following is not None and following.word in _QUERY)
            self._clause.append("")
            if self._queries[-1]:
                self._line(self._indent)
        elif self._queries[-1]:
            self._end_line(word, following)

    def _begin_line(self, before: Token | None, word: str) -> None:
        joins = word in _JOINS and (before is None or before.word not in _BEFORE_JOIN)
        if word in _CLAUSES and not (before is not None and before.word in {"DISTINCT", "EXTRACT"}):
            self._clause[-1] = word
            self._line(self._indent)
        elif joins:
            self._line(self._indent)
        elif word in {"AND", "OR"} and self._clause[-1] in {"WHERE", "HAVING"} and not self._between:
            self._line(self._indent + 2)
        if word == "BETWEEN":
            self._between = True
        elif word == "AND":
            self._between = False

    def _end_line(self, word: str, following: Token | None) -> None:
        modifier = following is not None and following.word in {"DISTINCT", "ALL"}
        begins = word in _ITEMS_BELOW and not modifier and following is not None
        if begins or (word in {"DISTINCT", "ALL"} and self._clause[-1] == "SELECT"):
            self._line(self._indent + 2)
        elif word == "," and self._clause[-1] != "LIMIT":
            self._line(self._indent + (0 if self._clause[-1] == "WITH" else 2))
        elif word in _SETS and not modifier:
            self._line(self._indent)

    def _space(self, before: Token | None, piece: Token, *, has_gap: bool) -> str:
        if before is None or before.word in _TIGHT_AFTER or piece.word in _TIGHT_BEFORE:
            return ""
        if self._signs and piece.word not in {"-", "+"}:
            return ""
        if piece.word in {"(", "["}:
            return " " if has_gap or before.word in _KEYWORDS else ""
        return " "

    def _put(self, text: str, space: str) -> None:
        self.text += text if not self.text or self.text.endswith(("\n", " ")) else f"{space}{text}"

    def _line(self, indent: int) -> None:
        self.text = f"{self.text.rstrip(' ')}"
        if self.text:
            self.text = f"{self.text.rstrip()}\n{' ' * indent}"


def _begins_a_value(before: Token | None) -> bool:
    """Return whether a sign after this token is that of a number, and no operator."""
    return before is None or before.word in _KEYWORDS or (before.kind == "symbol" and before.word not in {")", "]"})
