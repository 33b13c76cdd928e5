"""Tokens flow in; the parser takes them one by one, and a token that does not fit becomes a RefusedSql."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dashboard.errors import RefusedSql
from dashboard.sql.grammar.tokens import Token, TokenKind, position
from dashboard.sql.grammar.tree import ParsedSql

DEEPEST: Final = 60
"""Parentheses, brackets, CASEs and lambdas within one another."""

RESERVED: Final = frozenset(
    {
        *("ALTER", "AND", "AS", "BETWEEN", "BY", "CASE", "CAST", "CONSTRAINT", "CREATE", "CROSS", "CUBE"),
        *("CURRENT_CATALOG", "CURRENT_DATE", "CURRENT_PATH", "CURRENT_ROLE", "CURRENT_SCHEMA", "CURRENT_TIME"),
        *("CURRENT_TIMESTAMP", "CURRENT_USER", "DEALLOCATE", "DELETE", "DESCRIBE", "DISTINCT", "DROP", "ELSE", "END"),
        *("ESCAPE", "EXCEPT", "EXECUTE", "EXISTS", "EXTRACT", "FALSE", "FOR", "FROM", "FULL", "GROUP", "GROUPING"),
        *("HAVING", "IN", "INNER", "INSERT", "INTERSECT", "INTO", "IS", "JOIN", "JSON_ARRAY", "JSON_EXISTS"),
        *("JSON_OBJECT", "JSON_QUERY", "JSON_TABLE", "JSON_VALUE", "LEFT", "LIKE", "LISTAGG", "LOCALTIME"),
        *("LOCALTIMESTAMP", "NATURAL", "NORMALIZE", "NOT", "NULL", "ON", "OR", "ORDER", "OUTER", "PREPARE"),
        *("RECURSIVE", "RIGHT", "ROLLUP", "SELECT", "SKIP", "TABLE", "THEN", "TRIM", "TRUE", "UESCAPE", "UNION"),
        *("UNNEST", "USING", "VALUES", "WHEN", "WHERE", "WITH"),
    }
)
"""Words that are no names without quotes. Source: "Reserved keywords" in Trino's reference and Athena's user guide."""

_ONLY_READING: Final = ("Only reading is allowed", "Remove the statement inside.")
_NO_CLAUSE: Final = ("Athena has no such clause", "Remove the clause.")
_HINTS: Final[dict[str, tuple[str, str]]] = {
    **dict.fromkeys(("INSERT", "DELETE", "UPDATE", "MERGE", "CREATE", "DROP", "ALTER", "TRUNCATE"), _ONLY_READING),
    **dict.fromkeys(("CONNECT", "START", "SORT", "CLUSTER", "DISTRIBUTE", "QUALIFY"), _NO_CLAUSE),
    "INTO": ("SELECT ... INTO writes a table", "Remove INTO."),
    "MATCH_RECOGNIZE": ("MATCH_RECOGNIZE is not served", "Use window functions."),
    "NATURAL": ("Athena has no NATURAL JOIN", "Use JOIN ... USING."),
    "OFFSET": ("OFFSET follows LIMIT", "Write OFFSET first, then LIMIT."),
    "PIVOT": ("Athena has no PIVOT", "Use CASE or FILTER."),
    "UNPIVOT": ("Athena has no UNPIVOT", "Use UNNEST."),
    **dict.fromkeys(("?", ":"), ("A parameter has no value", "Write the value itself.")),
    "LATERAL": ("Table functions are not served", "Use UNNEST for arrays and maps."),
    "JSON_TABLE": ("Table functions are not served", "Use UNNEST for arrays and maps."),
}
_LOCKED: Final = ("Rows cannot be locked", "Remove FOR UPDATE or FOR SHARE.")
_VERSIONS: Final = ("The served tables have no versions", "Remove FOR VERSION or FOR TIMESTAMP.")
_PARAMETER_PLACE: Final = ("A parameter may stand in a WHERE condition alone", "Athena binds it there only.")
_NOT_AN_ALIAS: Final = frozenset({"LIMIT", "OFFSET", "FETCH", "WINDOW", "TABLESAMPLE", "LATERAL", "MINUS", *_HINTS})


class Cursor:
    """The place in the tokens of one statement."""

    def __init__(self, sql: str, tokens: list[Token]) -> None:
        self.found = ParsedSql(sql, tokens)
        last = tokens[-1].end if tokens else 0
        self._tokens = [*tokens, *[Token("end", "", last, last, "")] * 3]
        self.place = 0
        self.here = self._tokens[0]
        self._depth = 0

    def look(self, ahead: int = 1) -> Token:
        """Return a token after the one here, at most two ahead."""
        return self._tokens[self.place + ahead]

    def step(self) -> Token:
        """Take the token here."""
        taken = self.here
        if taken.kind == "end":
            raise self.unexpected()
        self.place += 1
        self.here = self._tokens[self.place]
        return taken

    def at(self, *words: str) -> bool:
        """Return whether the token here is one of these words or symbols."""
        return self.here.word in words

    def accept(self, word: str, *more: str) -> bool:
        """Take the words, or none of them where they do not all stand here."""
        # Most questions end here, so this comes first: it halves the time of the parser.
        if self.here.word != word:
            return False
        if any(self.look(ahead).word != following for ahead, following in enumerate(more, 1)):
            return False
        for _ in range(1 + len(more)):
            self.step()
        return True

    def expect(self, *words: str) -> None:
        """Take the words; refuse anything else."""
        for word in words:
            if self.here.word != word:
                raise self.unexpected()
            self.step()

    def expect_one_of(self, *words: str) -> str:
        """Take one of the words and return it; refuse anything else."""
        if self.here.word not in words:
            raise self.unexpected()
        return self.step().word

    def take(self, kind: TokenKind) -> Token:
        """Take a token of a kind; refuse anything else."""
        if self.here.kind != kind:
            raise self.unexpected()
        return self.step()

    def at_name(self, *, implicit_alias: bool = False) -> bool:
        """Return whether a name stands here: quoted, or a word that is not reserved."""
        if self.here.kind == "quoted":
            return True
        return (
            self.here.kind == "word"
            and self.here.word not in (_NOT_AN_ALIAS if implicit_alias else ())
            and (self.here.word not in RESERVED)
        )

    def new_name(self) -> Token:
        """Take a name that the statement gives to something of its own."""
        token = self._name()
        self.found.own_names.add(token.name.lower())
        return token

    def column_name(self) -> Token:
        """Take the name of a column or field; refuse the hidden columns, which show where the files are stored."""
        token = self._name()
        if token.name.startswith("$"):
            raise self.refusal(f'The hidden column "{token.name}" is not served', token, "Use the table's own columns.")
        self.found.names.add(token.name.lower())
        return token

    def _name(self) -> Token:
        if not self.at_name():
            raise self.unexpected()
        return self.step()

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count one level of nesting while the block runs."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise too_deep(self.found.sql, self.here.start)
        yield
        self._depth -= 1

    def refusal(self, reason: str, token: Token, mend: str) -> RefusedSql:
        """Return a refusal at a token."""
        return RefusedSql(reason, *position(self.found.sql, token.start), mend)

    def unexpected(self) -> RefusedSql:
        """Return the refusal of the token here, which does not fit."""
        reason, mend = _HINTS.get(self.here.word, ("", ""))
        if self.here.word == "FOR":
            reason, mend = _LOCKED if self.look().word in {"UPDATE", "SHARE"} else _VERSIONS
        if self.here.kind == "parameter":
            reason, mend = _PARAMETER_PLACE
        if not reason:
            near = self.here.text if len(self.here.text) <= 40 else f"{self.here.text[:37]}..."
            reason = f"This is not SQL that Athena reads, near {near}" if near else "The statement is not complete"
            mend = "Check the SQL at this position."
        return self.refusal(reason, self.here, mend)


def too_deep(sql: str, offset: int) -> RefusedSql:
    """Return the refusal of a statement that is nested too deeply at an offset."""
    return RefusedSql("The statement is nested too deeply", *position(sql, offset), "Split it with WITH.")
