"""Tokens of an expression flow in; its tree flows out.

Source: `booleanExpression`, `valueExpression` and `primaryExpression` of Trino's `SqlBase.g4`. Chains of operators are
read in loops, so only parentheses, brackets, CASEs and lambdas cost depth, and no token is read twice.
"""

from abc import abstractmethod
from typing import Final

from dashboard.sql.grammar.tree import Expression, Query
from dashboard.sql.grammar.types import LITERAL_TYPES, TypeReader

COMPARISONS: Final = ("=", "<>", "!=", "<", "<=", ">", ">=")
_ARITHMETIC: Final = {"*": 3, "/": 3, "%": 3, "+": 2, "-": 2, "||": 1}
QUERY_WORDS: Final = ("SELECT", "WITH", "VALUES", "TABLE")
QUERY_GOES_ON: Final = ("UNION", "INTERSECT", "EXCEPT", "ORDER", "OFFSET", "LIMIT", "FETCH")
_OTHER: Final = Expression("other")


class ExpressionReader(TypeReader):
    """Reads conditions and values."""

    may_hold_parameters = False
    """Whether Athena binds parameters in the clause that is read."""

    @abstractmethod
    def query(self) -> Query:
        """Take a query with its WITH clause."""

    @abstractmethod
    def query_rest(self) -> Query:
        """Take what follows the first part of a query: set operations, ORDER BY, bounds."""

    @abstractmethod
    def special_form(self) -> Expression | None:
        """Take a form that a keyword begins (CASE, CAST, EXTRACT ...); None where none stands here."""

    @abstractmethod
    def call(self, names: list[str], at: int) -> Expression:
        """Take the arguments of the function named at a place."""

    def expression(self) -> Expression:
        """Take a condition or value."""
        alternatives: list[Expression] = []
        conditions: list[Expression] = []
        while True:
            negated = False
            while self.accept("NOT"):
                negated = not negated
            condition = self._comparison()
            conditions.append(Expression("not", (condition,)) if negated else condition)
            if self.accept("AND"):
                continue
            alternatives.append(_joined("and", conditions))
            conditions = []
            if not self.accept("OR"):
                return _joined("or", alternatives)

    def condition(self) -> Expression:
        """Take the condition of a WHERE, in which alone Athena binds parameters."""
        outside, self.may_hold_parameters = self.may_hold_parameters, True
        found = self.expression()
        self.may_hold_parameters = outside
        return found

    def expressions(self) -> list[Expression]:
        """Take one or more expressions with commas between them."""
        found = [self.expression()]
        while self.accept(","):
            found.append(self.expression())
        return found

    def value(self) -> Expression:
        """Take a value: what stands on one side of a comparison."""
        operands, operators = [self._primary()], []
        while self.here.word in _ARITHMETIC:
            operators.append(self.step().word)
            operands.append(self._primary())
        return _arithmetic(operands, operators)

    def _comparison(self) -> Expression:
        left = self.value()
        word = self.here.word
        if word in COMPARISONS:
            self.step()
            if self.at("ALL", "SOME", "ANY") and self.look().word == "(":
                self.step()
                self.subquery()
                return Expression("other", (left, Expression("query")))
            return Expression("compare", (left, self.value()), (word,))
        if word == "IS":
            return self._is(left)
        negated = word == "NOT" and self.look().word in {"BETWEEN", "IN", "LIKE"}
        if negated:
            self.step()
        found = self._predicate(left)
        return Expression("not", (found,)) if negated else found

    def _predicate(self, left: Expression) -> Expression:
        if self.accept("BETWEEN"):
            low = self.value()
            self.expect("AND")
            return Expression("between", (left, low, self.value()))
        if self.accept("LIKE"):
            parts = [left, self.value()]
            if self.accept("ESCAPE"):
                parts.append(self.value())
            return Expression("other", tuple(parts))
        if not self.accept("IN"):
            return left
        choices = self._in_parentheses()
        return Expression("in", (left, *choices))

    def _is(self, left: Expression) -> Expression:
        self.expect("IS")
        self.accept("NOT")
        if self.accept("NULL"):
            return Expression("other", (left,))
        self.expect("DISTINCT", "FROM")
        return Expression("other", (left, self.value()))

    def subquery(self) -> None:
        """Take a query in parentheses."""
        with self.deeper():
            self.expect("(")
            self.query()
            self.expect(")")

    def _primary(self) -> Expression:
        signed = False
        while self.accept("-") or self.accept("+"):
            signed = True
        found = self._atom()
        while True:
            if self.at("["):
                with self.deeper():
                    self.step()
                    found = Expression("other", (found, self.expression()))
                    self.expect("]")
            elif self.at(".") and self.look().word != "*":
                self.step()
                name = self.column_name().name.lower()
                column = found.kind == "column"
                found = Expression("column", (), (*found.words, name)) if column else Expression("other", (found,))
            elif self.at("AT") and self.look().word == "TIME":
                self.expect("AT", "TIME", "ZONE")
                self.interval() if self.accept("INTERVAL") else self.take("string")
                found = Expression("other", (found,))
            else:
                return Expression("other", (found,)) if signed else found

    def _atom(self) -> Expression:
        token = self.here
        match token.kind:
            case "integer":
                return Expression("integer", (), (self.step().text,))
            case "number":
                self.step()
                return _OTHER
            case "string":
                self.text()
                return _OTHER
            case "parameter":
                return self._parameter()
            case "symbol" if token.word == "(":
                return self._parenthesised()
        return self.special_form() or self._named()

    def text(self) -> None:
        """Take a text literal, with the escape character of a Unicode one."""
        unicode = self.take("string").text[:1] in {"U", "u"}
        if unicode and self.accept("UESCAPE"):
            self.take("string")

    def _parameter(self) -> Expression:
        if not self.may_hold_parameters:
            raise self.unexpected()
        self.found.parameters.append(self.step())
        return _OTHER

    def _named(self) -> Expression:
        """Take a column, a call, a lambda of one argument or a literal of a named type."""
        at, following = self.place, self.look()
        if following.kind == "string" and self.here.word in LITERAL_TYPES:
            self.step()
            self.text()
            return _OTHER
        if following.word == "->":
            self.new_name()
            return self._lambda_body()
        if following.word == "(":
            return self.call([self.new_name().name], at)
        first = self.column_name()
        names = [first.name]
        while self.at(".") and self.look().word != "*":
            self.step()
            if self.look().word == "(":
                return self.call([*names, self.new_name().name], at)
            names.append(self.column_name().name)
        if len(names) == 1:
            self.found.bare_columns.append(first)
        return Expression("column", (), tuple(name.lower() for name in names))

    def _lambda_body(self) -> Expression:
        with self.deeper():
            self.expect("->")
            return Expression("other", (self.expression(),))

    def _in_parentheses(self) -> list[Expression]:
        with self.deeper():
            self.expect("(")
            found = self._values_or_query()
            self.expect(")")
        return found

    def _values_or_query(self) -> list[Expression]:
        """Take what stands in parentheses: values, or a query. The first part of that may stand in parentheses."""
        if self.at(*QUERY_WORDS):
            self.query()
            return [Expression("query")]
        found = self.expressions()
        if len(found) == 1 and found[0].kind == "query" and self.at(*QUERY_GOES_ON):
            self.query_rest()
        return found

    def _parenthesised(self) -> Expression:
        """Take a query, a value, a row or a lambda's arguments in parentheses."""
        with self.deeper():
            self.expect("(")
            if self.accept(")"):
                return self._lambda_body()
            parts = self._values_or_query()
            self.expect(")")
        if self.at("->") and all(part.kind == "column" and len(part.words) == 1 for part in parts):
            self.found.own_names.update(part.words[0] for part in parts)
            return self._lambda_body()
        if len(parts) > 1:
            return Expression("other", tuple(parts))
        return parts[0] if parts[0].kind == "query" else Expression("paren", tuple(parts))


def _joined(kind: str, parts: list[Expression]) -> Expression:
    if len(parts) == 1:
        return parts[0]
    return Expression("and", tuple(parts)) if kind == "and" else Expression("or", tuple(parts))


def _arithmetic(operands: list[Expression], operators: list[str]) -> Expression:
    """Return a chain of operators as a tree: `*` before `+` before `||`, each from the left."""
    for level in (3, 2, 1):
        if not any(_ARITHMETIC[operator] == level for operator in operators):
            continue
        kept, left = [[operands[0]]], list[str]()
        run: list[list[str]] = [[]]
        for operator, operand in zip(operators, operands[1:], strict=True):
            if _ARITHMETIC[operator] == level:
                kept[-1].append(operand)
                run[-1].append(operator)
            else:
                kept.append([operand])
                run.append([])
                left.append(operator)
        operands = [
            Expression("arithmetic", tuple(parts), tuple(signs)) if signs else parts[0]
            for parts, signs in zip(kept, run, strict=True)
        ]
        operators = left
    return operands[0]
