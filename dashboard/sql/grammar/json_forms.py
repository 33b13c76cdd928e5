"""Tokens of the JSON functions' own grammar flow in; the values in them flow out.

Source: "JSON functions and operators" in Trino's reference.
"""

from dashboard.sql.grammar.expressions import ExpressionReader
from dashboard.sql.grammar.tree import Expression


class JsonFormReader(ExpressionReader):
    """Reads what stands in the parentheses of JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_ARRAY and JSON_OBJECT."""

    def json_path(self) -> list[Expression]:
        """Take `value [FORMAT JSON], path [AS name] [PASSING ...] [RETURNING type] [behaviour ON EMPTY | ERROR]`."""
        parts = [self.expression()]
        self._json_format()
        self.expect(",")
        self.text()
        if self.accept("AS"):
            self.new_name()
        if self.accept("PASSING"):
            while True:
                parts.append(self.expression())
                self._json_format()
                self.expect("AS")
                self.new_name()
                if not self.accept(","):
                    break
        self._returning()
        self._wrapper_and_quotes()
        while not self.at(")"):
            parts += self._behaviour()
            self.expect("ON")
            self.expect_one_of("EMPTY", "ERROR")
        return parts

    def _wrapper_and_quotes(self) -> None:
        if self.accept("WITHOUT"):
            self.accept("ARRAY")
            self.expect("WRAPPER")
        elif self.accept("WITH"):
            self.accept("CONDITIONAL") or self.accept("UNCONDITIONAL")
            self.accept("ARRAY")
            self.expect("WRAPPER")
        if self.accept("KEEP") or self.accept("OMIT"):
            self.expect("QUOTES")
            if self.accept("ON", "SCALAR"):
                self.expect("STRING")

    def _behaviour(self) -> list[Expression]:
        if self.accept("DEFAULT"):
            return [self.expression()]
        if self.accept("EMPTY"):
            self.expect_one_of("ARRAY", "OBJECT")
        else:
            self.expect_one_of("NULL", "ERROR", "TRUE", "FALSE", "UNKNOWN")
        return []

    def json_array(self) -> list[Expression]:
        """Take values, then NULL or ABSENT ON NULL, then RETURNING."""
        parts: list[Expression] = []
        while not self.at(")", "RETURNING") and not self._at_null_behaviour():
            parts.append(self.expression())
            self._json_format()
            if not self.accept(","):
                break
        self._null_behaviour()
        self._returning()
        return parts

    def json_object(self) -> list[Expression]:
        """Take `[KEY] name VALUE value` or `name : value` members, then the behaviours, then RETURNING."""
        parts: list[Expression] = []
        while not self.at(")", "RETURNING", "WITH", "WITHOUT") and not self._at_null_behaviour():
            if self.at("KEY") and self.look().word not in {"VALUE", ":", "."}:
                self.step()
            parts.append(self.value())
            self.expect_one_of("VALUE", ":")
            parts.append(self.expression())
            self._json_format()
            if not self.accept(","):
                break
        self._null_behaviour()
        if self.accept("WITH") or self.accept("WITHOUT"):
            self.expect("UNIQUE")
            self.accept("KEYS")
        self._returning()
        return parts

    def _at_null_behaviour(self) -> bool:
        return self.at("NULL", "ABSENT") and self.look().word == "ON" and self.look(2).word == "NULL"

    def _null_behaviour(self) -> None:
        if self._at_null_behaviour():
            self.step()
            self.expect("ON", "NULL")

    def _json_format(self) -> None:
        if self.accept("FORMAT"):
            self.expect("JSON")
            if self.accept("ENCODING"):
                self.expect_one_of("UTF8", "UTF16", "UTF32")

    def _returning(self) -> None:
        if self.accept("RETURNING"):
            self.data_type()
            self._json_format()
