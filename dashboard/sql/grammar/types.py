"""Tokens of a data type flow in; afterwards the parser is at the token after the type."""

from typing import Final

from dashboard.sql.grammar.cursor import Cursor

LITERAL_TYPES: Final = frozenset(
    {
        *("BIGINT", "BOOLEAN", "CHAR", "DATE", "DECIMAL", "DOUBLE", "INT", "INTEGER", "IPADDRESS", "JSON", "REAL"),
        *("SMALLINT", "TIME", "TIMESTAMP", "TINYINT", "UUID", "VARCHAR"),
    }
)
"""Names of types that make a literal of the text after them: `DATE '2026-01-15'`."""

_INTERVAL_FIELDS: Final = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "WEEK")
_LONGER: Final = frozenset({"PRECISION", "WITH", "WITHOUT", "ARRAY"})
"""Words that continue the name of a type."""


class TypeReader(Cursor):
    """Reads data types."""

    def data_type(self) -> None:
        """Take a type with its parameters, `array` and time zone."""
        if self.accept("INTERVAL"):
            self.expect_one_of(*_INTERVAL_FIELDS)
            if self.accept("TO"):
                self.expect_one_of(*_INTERVAL_FIELDS)
        else:
            self._named_type()
        while self.at("ARRAY"):
            self.step()
            if self.accept("["):
                self.take("integer")
                self.expect("]")

    def interval(self) -> None:
        """Take what follows INTERVAL in a literal: `'3' DAY`, `-'1-2' YEAR TO MONTH`."""
        self.accept("+") or self.accept("-")
        self.take("string")
        self.expect_one_of(*_INTERVAL_FIELDS)
        if self.accept("TO"):
            self.expect_one_of(*_INTERVAL_FIELDS)

    def _named_type(self) -> None:
        word = self.new_name().word
        if word == "DOUBLE":
            self.accept("PRECISION")
        if self.accept("<"):
            self._type_arguments(">")
        elif self.accept("("):
            self._type_arguments(")")
        if word in {"TIME", "TIMESTAMP"}:
            self.accept("WITH", "TIME", "ZONE") or self.accept("WITHOUT", "TIME", "ZONE")

    def _type_arguments(self, closing: str) -> None:
        with self.deeper():
            while True:
                if self.here.kind == "integer":
                    self.step()
                else:
                    if self._at_field_name():
                        self.new_name()
                    self.data_type()
                if not self.accept(","):
                    break
            self.expect(closing)

    def _at_field_name(self) -> bool:
        """Return whether a field of a ROW begins with its name: then its type follows as a name of its own."""
        if not self.at_name():
            return False
        following = self.look()
        if following.word == "ARRAY":
            return self.look(2).word in {"(", "<"}
        if self.at("INTERVAL") and following.word in _INTERVAL_FIELDS:
            return False
        return following.kind in {"word", "quoted"} and following.word not in _LONGER
