"""Tokens of a function call or a special form flow in; its tree flows out. Every name is looked up before its call.

Source: `primaryExpression` of Trino's `SqlBase.g4`. Only the forms in this module can be called without parentheses.
"""

import difflib
from collections.abc import Callable
from typing import Final

from dashboard.errors import RefusedSql
from dashboard.sql.functions import FUNCTIONS
from dashboard.sql.grammar.expressions import QUERY_WORDS
from dashboard.sql.grammar.json_forms import JsonFormReader
from dashboard.sql.grammar.tokens import Token
from dashboard.sql.grammar.tree import Expression

_CLOCKS: Final = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP")
_ABOUT_THE_SERVICE: Final = ("CURRENT_USER", "CURRENT_ROLE", "CURRENT_CATALOG", "CURRENT_SCHEMA", "CURRENT_PATH")
_NORMAL_FORMS: Final = ("NFD", "NFC", "NFKD", "NFKC")
_JSON_FORMS: Final = ("JSON_EXISTS", "JSON_VALUE", "JSON_QUERY")
_OTHER: Final = Expression("other")


class CallReader(JsonFormReader):
    """Reads calls."""

    def special_form(self) -> Expression | None:
        """Take a form that a keyword begins; None where none stands here."""
        word, before_parenthesis = self.here.word, self.look().word == "("
        if word in {"NULL", "TRUE", "FALSE", *_CLOCKS}:
            self.step()
            if word in _CLOCKS and word != "CURRENT_DATE" and self.accept("("):
                self.take("integer")
                self.expect(")")
            return _OTHER
        if word in _ABOUT_THE_SERVICE:
            raise self._no_function(self.here)
        if word == "CASE":
            return self._case()
        if word == "INTERVAL" and (self.look().kind == "string" or self.look().word in {"+", "-"}):
            self.step()
            self.interval()
            return _OTHER
        if word == "DOUBLE" and self.look().word == "PRECISION":
            self.expect("DOUBLE", "PRECISION")
            self.text()
            return _OTHER
        if word == "ARRAY" and self.look().word == "[":
            return self._array()
        return self._keyword_call(_FORMS[word]) if before_parenthesis and word in _FORMS else None

    def call(self, names: list[str], at: int) -> Expression:
        """Take the arguments of the function named at a place, and what follows them."""
        name = self.found.tokens[at]
        if len(names) > 1:
            raise self.refusal("Functions of a schema are not served", name, "Use Athena's built-in functions.")
        if names[0].lower() not in FUNCTIONS:
            raise self._no_function(name)
        parts: list[Expression] = []
        with self.deeper():
            self.expect("(")
            if not self.accept("*") and not self.at(")"):
                self.accept("DISTINCT") or self.accept("ALL")
                if not self.at("ORDER"):
                    parts = self.expressions()
                if self.accept("ORDER", "BY"):
                    parts += self.sort_items()
            self.expect(")")
        return Expression("other", (*parts, *self._after_call()))

    def sort_items(self) -> list[Expression]:
        """Take what follows ORDER BY."""
        found = []
        while True:
            found.append(self.expression())
            self.accept("ASC") or self.accept("DESC")
            if self.accept("NULLS"):
                self.expect_one_of("FIRST", "LAST")
            if not self.accept(","):
                return found

    def window(self) -> list[Expression]:
        """Take a window in parentheses: another window's name, PARTITION BY, ORDER BY and a frame."""
        parts: list[Expression] = []
        with self.deeper():
            self.expect("(")
            if self.at_name() and not self.at("PARTITION", "RANGE", "ROWS", "GROUPS"):
                self.new_name()
            if self.accept("PARTITION", "BY"):
                parts += self.expressions()
            if self.accept("ORDER", "BY"):
                parts += self.sort_items()
            if self.accept("RANGE") or self.accept("ROWS") or self.accept("GROUPS"):
                if self.accept("BETWEEN"):
                    parts += self._frame_bound()
                    self.expect("AND")
                parts += self._frame_bound()
            self.expect(")")
        return parts

    def _frame_bound(self) -> list[Expression]:
        if self.accept("UNBOUNDED"):
            self.expect_one_of("PRECEDING", "FOLLOWING")
            return []
        if self.accept("CURRENT", "ROW"):
            return []
        bound = self.expression()
        self.expect_one_of("PRECEDING", "FOLLOWING")
        return [bound]

    def _after_call(self) -> list[Expression]:
        parts: list[Expression] = []
        if self.at("FILTER") and self.look().word == "(":
            self.step()
            with self.deeper():
                self.expect("(", "WHERE")
                parts.append(self.condition())
                self.expect(")")
        if self.at("IGNORE", "RESPECT") and self.look().word == "NULLS":
            self.step()
            self.step()
        if self.at("OVER") and (self.look().word == "(" or self.look().kind in {"word", "quoted"}):
            if self.look().word == "(":
                self.step()
                parts += self.window()
            elif self.look().word not in {"FROM", "AS"}:
                self.step()
                self.new_name()
        return parts

    def _no_function(self, token: Token) -> RefusedSql:
        close = difflib.get_close_matches(token.name.lower(), FUNCTIONS, n=1)
        mend = f"Did you mean {close[0]}?" if close else "Use Athena's built-in functions."
        return self.refusal(f"There is no function {token.name} here", token, mend)

    def _case(self) -> Expression:
        parts: list[Expression] = []
        with self.deeper():
            self.expect("CASE")
            if not self.at("WHEN"):
                parts.append(self.expression())
            while True:
                self.expect("WHEN")
                parts.append(self.expression())
                self.expect("THEN")
                parts.append(self.expression())
                if not self.at("WHEN"):
                    break
            if self.accept("ELSE"):
                parts.append(self.expression())
            self.expect("END")
        return Expression("other", tuple(parts))

    def _array(self) -> Expression:
        with self.deeper():
            self.expect("ARRAY", "[")
            parts = [] if self.at("]") else self.expressions()
            self.expect("]")
        return Expression("other", tuple(parts))

    def _keyword_call(self, arguments: "Callable[[CallReader], list[Expression]]") -> Expression:
        self.step()
        with self.deeper():
            self.expect("(")
            parts = arguments(self)
            self.expect(")")
        return Expression("other", (*parts, *self._after_call()))

    def cast(self) -> list[Expression]:
        """Take `value AS type`."""
        found = self.expression()
        self.expect("AS")
        self.data_type()
        return [found]

    def extract(self) -> list[Expression]:
        """Take `field FROM value`."""
        self.new_name()
        self.expect("FROM")
        return [self.value()]

    def trim(self) -> list[Expression]:
        """Take `[BOTH] [character] FROM value` or `value [, characters]`."""
        parts: list[Expression] = []
        if self.at("BOTH", "LEADING", "TRAILING") and self.look().word not in {")", ",", "."}:
            self.step()
        if not self.at("FROM"):
            parts.append(self.value())
        if self.accept("FROM") or self.accept(","):
            parts.append(self.value())
        return parts

    def substring(self) -> list[Expression]:
        """Take `value FROM start [FOR length]` or `value, start [, length]`."""
        parts = [self.expression()]
        if not self.accept("FROM"):
            return [*parts, *(self.expressions() if self.accept(",") else [])]
        parts.append(self.value())
        if self.accept("FOR"):
            parts.append(self.value())
        return parts

    def position(self) -> list[Expression]:
        """Take `part IN value`."""
        part = self.value()
        self.expect("IN")
        return [part, self.value()]

    def normalize(self) -> list[Expression]:
        """Take `value [, form]`."""
        found = self.value()
        if self.accept(","):
            self.expect_one_of(*_NORMAL_FORMS)
        return [found]

    def exists(self) -> list[Expression]:
        """Take a query."""
        if not self.at(*QUERY_WORDS, "("):
            raise self.unexpected()
        self.query()
        return [Expression("query")]

    def row(self) -> list[Expression]:
        """Take values, each with a name or without."""
        parts = []
        while True:
            parts.append(self.expression())
            if self.accept("AS") or self.at_name():
                self.new_name()
            if not self.accept(","):
                return parts

    def grouping(self) -> list[Expression]:
        """Take columns, or none."""
        return [] if self.at(")") else self.expressions()

    def listagg(self) -> list[Expression]:
        """Take `[DISTINCT] value [, separator] [ON OVERFLOW ...]) WITHIN GROUP (ORDER BY items`."""
        self.accept("DISTINCT") or self.accept("ALL")
        parts = [self.expression()]
        if self.accept(","):
            self.text()
        if self.accept("ON", "OVERFLOW") and not self.accept("ERROR"):
            self.expect("TRUNCATE")
            if self.here.kind == "string":
                self.text()
            self.expect_one_of("WITH", "WITHOUT")
            self.expect("COUNT")
        self.expect(")", "WITHIN", "GROUP", "(", "ORDER", "BY")
        return parts + self.sort_items()


_FORMS: Final[dict[str, Callable[[CallReader], list[Expression]]]] = {
    "CAST": CallReader.cast,
    "TRY_CAST": CallReader.cast,
    "EXTRACT": CallReader.extract,
    "TRIM": CallReader.trim,
    "SUBSTRING": CallReader.substring,
    "POSITION": CallReader.position,
    "NORMALIZE": CallReader.normalize,
    "EXISTS": CallReader.exists,
    "ROW": CallReader.row,
    "GROUPING": CallReader.grouping,
    "LISTAGG": CallReader.listagg,
    **dict.fromkeys(_JSON_FORMS, CallReader.json_path),
    "JSON_ARRAY": CallReader.json_array,
    "JSON_OBJECT": CallReader.json_object,
}
