"""Tokens of a query flow in; its tables, each in its SELECT and its scope, and the bound of its rows flow out.

Source: `query`, `queryNoWith`, `querySpecification` and `relation` of Trino's `SqlBase.g4`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dashboard.errors import RefusedSql
from dashboard.sql.grammar.calls import CallReader
from dashboard.sql.grammar.expressions import QUERY_GOES_ON, QUERY_WORDS
from dashboard.sql.grammar.tokens import Token
from dashboard.sql.grammar.tree import NamedQuery, Query, Select, TableName

_OUTER: Final = ("LEFT", "RIGHT", "FULL")
_JOINS: Final = ("JOIN", "INNER", "CROSS", *_OUTER)


class QueryReader(CallReader):
    """Reads queries."""

    def __init__(self, sql: str, tokens: list[Token]) -> None:
        super().__init__(sql, tokens)
        self._scopes: list[dict[str, NamedQuery]] = []
        self._inside: NamedQuery | None = None
        self._select: Select | None = None

    def query(self) -> Query:
        """Take a query with its WITH clause."""
        if not self.at("WITH"):
            return self._body()
        self._scopes.append({})
        self._named_queries()
        found = self._body()
        self._scopes.pop()
        return found

    def query_rest(self) -> Query:
        """Take what follows the first part of a query: set operations, ORDER BY, bounds."""
        with self._outside_of_selects():
            while self.at("UNION", "INTERSECT", "EXCEPT"):
                self.step()
                self.accept("ALL") or self.accept("DISTINCT")
                self._primary_query()
            if self.accept("ORDER", "BY"):
                self.sort_items()
        found = Query()
        if self.accept("OFFSET"):
            self.take("integer")
            self.accept("ROW") or self.accept("ROWS")
        if self.accept("LIMIT"):
            found.has_limit, found.count = True, self.place
            self.step() if self.at("ALL") else self.take("integer")
        elif self.accept("FETCH"):
            self._fetch(found)
        found.end = self.place
        return found

    def _body(self) -> Query:
        before = self.place
        inner = self._primary_query()
        alone = self.place
        found = self.query_rest()
        if self.place == alone and self.found.tokens[before].word == "(":
            found.inner = inner
        return found

    def _fetch(self, found: Query) -> None:
        found.has_limit = True
        self.expect_one_of("FIRST", "NEXT")
        if self.here.kind == "integer":
            found.count = self.place
            self.step()
        self.expect_one_of("ROW", "ROWS")
        if self.accept("WITH"):
            self.expect("TIES")
            found.has_ties = True
        else:
            self.expect("ONLY")

    def _primary_query(self) -> Query | None:
        if self.at("("):
            with self.deeper():
                self.step()
                if not self.at("SELECT", "VALUES", "TABLE", "("):
                    raise self.unexpected()
                inner = self._body()
                self.expect(")")
                return inner
        with self._outside_of_selects():
            if self.accept("VALUES"):
                self.expressions()
            elif self.accept("TABLE"):
                self.found.reads_all_columns = True
                self.table_name()
            else:
                self.expect("SELECT")
                self._select_clauses(Select())
        return None

    @contextmanager
    def _outside_of_selects(self) -> Iterator[None]:
        """Read a clause that is in no SELECT's FROM, and in which Athena binds no parameters."""
        outer = self._select, self.may_hold_parameters
        self._select, self.may_hold_parameters = None, False
        yield
        self._select, self.may_hold_parameters = outer

    def _select_clauses(self, select: Select) -> None:
        self.accept("DISTINCT") or self.accept("ALL")
        if self.at("ON") and self.look().word == "(":
            raise self.refusal("Athena has no DISTINCT ON", self.here, "Use row_number() or max_by().")
        self._select_items()
        if self.accept("FROM"):
            self._select = select
            self._relation()
            while self.accept(","):
                self._relation()
            self._select = None
        select.after_from = self.place
        if self.at("WHERE"):
            select.where_at = self.place
            self.step()
            select.where = self.condition()
        select.after_where = self.place
        if self.accept("GROUP", "BY"):
            self._grouping_elements()
        if self.accept("HAVING"):
            self.expression()
        if self.accept("WINDOW"):
            while True:
                self.new_name()
                self.expect("AS")
                self.window()
                if not self.accept(","):
                    break

    def _select_items(self) -> None:
        while True:
            if self.accept("*"):
                self.found.reads_all_columns = True
            else:
                self.expression()
                if self.accept(".", "*"):
                    self.found.reads_all_columns = True
                    if self.accept("AS"):
                        self._column_aliases()
                elif self.accept("AS") or self.at_name(implicit_alias=True):
                    self.new_name()
            if not self.accept(","):
                return

    def _grouping_elements(self) -> None:
        self.accept("DISTINCT") or self.accept("ALL")
        while True:
            if self.at("ROLLUP", "CUBE"):
                self.step()
                self._grouping_sets()
            elif self.accept("GROUPING", "SETS"):
                self._grouping_sets()
            else:
                self._grouping_set()
            if not self.accept(","):
                return

    def _grouping_sets(self) -> None:
        with self.deeper():
            self.expect("(")
            while not self.at(")"):
                self._grouping_set()
                if not self.accept(","):
                    break
            self.expect(")")

    def _grouping_set(self) -> None:
        if not self.accept("(", ")"):
            self.expression()

    def _relation(self) -> bool:
        """Take a table with its joins; return whether it is a query in parentheses and nothing else."""
        bare = self._sampled()
        while self.at(*_JOINS):
            bare = False
            if self.accept("CROSS"):
                self.expect("JOIN")
                self._sampled()
                continue
            if self.at(*_OUTER):
                self.step()
                self.accept("OUTER")
                if self._select:
                    self._select.has_outer_join = True
            else:
                self.accept("INNER")
            self.expect("JOIN")
            with self.deeper():
                self._relation()
            self._join_criteria()
        return bare

    def _join_criteria(self) -> None:
        if self.accept("USING"):
            self.expect("(")
            self.column_name()
            while self.accept(","):
                self.column_name()
            self.expect(")")
        else:
            self.expect("ON")
            self.expression()

    def _sampled(self) -> bool:
        at, before = self.place, len(self.found.tables)
        bare = self._relation_primary()
        if self.accept("AS") or self.at_name(implicit_alias=True):
            bare = False
            alias = self.new_name()
            for table in self.found.tables[before:]:
                if table.select is self._select:
                    # An alias of parentheses hides the names in them.
                    table.alias = alias.text if table.first == at else ""
                    table.has_alias = table.first == at
            if self.at("("):
                self._column_aliases()
        if self.accept("TABLESAMPLE"):
            bare = False
            self.expect_one_of("BERNOULLI", "SYSTEM")
            self.expect("(")
            self.expression()
            self.expect(")")
        return bare

    def _relation_primary(self) -> bool:
        if self.at("("):
            return self._parenthesised_relation()
        if self._select:
            self._select.sources += 1
        if self.accept("UNNEST"):
            self._unnest()
        elif self.accept("LATERAL"):
            if not self.at("("):
                raise self._no_table_functions()
            self.subquery()
        elif self.at("TABLE", "JSON_TABLE") or (self.at_name() and self.look().word == "("):
            raise self._no_table_functions()
        else:
            self.table_name()
        return False

    def _no_table_functions(self) -> RefusedSql:
        return self.refusal("Table functions are not served", self.here, "Use UNNEST for arrays and maps.")

    def _unnest(self) -> None:
        with self.deeper():
            self.expect("(")
            self.expressions()
            self.expect(")")
        self.accept("WITH", "ORDINALITY")

    def _parenthesised_relation(self) -> bool:
        """Take `(query)` or `(relation)`."""
        with self.deeper():
            self.expect("(")
            is_query = self.at(*QUERY_WORDS)
            if is_query:
                if self._select:
                    self._select.sources += 1
                self.query()
            else:
                is_query = self._relation()
                if is_query and self.at(*QUERY_GOES_ON):
                    self.query_rest()
            self.expect(")")
        return is_query

    def _column_aliases(self) -> None:
        self.expect("(")
        self.new_name()
        while self.accept(","):
            self.new_name()
        self.expect(")")

    def table_name(self) -> None:
        """Take a table's name, with its database and catalogue where they are given."""
        first = self.place
        parts = [self._table_name_part()]
        while self.accept("."):
            parts.append(self._table_name_part())
        named = self._named_query(parts[0].name) if len(parts) == 1 else None
        self.found.tables.append(
            TableName(tuple(parts), first, self.place, named, self._inside, self._select, parts[-1].text)
        )

    def _table_name_part(self) -> Token:
        if self.here.kind == "string":
            raise self.refusal("Files are not served", self.here, "Name a served table.")
        return self.new_name()

    def _named_queries(self) -> None:
        self.expect("WITH")
        recursive = self.accept("RECURSIVE")
        while True:
            if self.at("FUNCTION", "SESSION") and self.look().kind == "word" and self.look().word != "AS":
                raise self.refusal("Functions cannot be defined here", self.here, "Use Athena's built-in functions.")
            query = NamedQuery(_scope_name(self.new_name().name), recursive, self._inside)
            if self.at("("):
                self._column_aliases()
            self.expect("AS")
            if recursive:
                self._scopes[-1][query.name] = query
            outer, self._inside = self._inside, query
            self.subquery()
            self._inside = outer
            self._scopes[-1][query.name] = query
            self.found.named_queries.append(query)
            if not self.accept(","):
                return

    def _named_query(self, name: str) -> NamedQuery | None:
        """Return the named query that a name means here: later ones and inner ones hide the others."""
        wanted = _scope_name(name)
        return next((scope[wanted] for scope in reversed(self._scopes) if wanted in scope), None)


def _scope_name(name: str) -> str:
    # The engine compares names in lower case. Beyond ASCII two ways to do so may differ, so nothing is taken as equal.
    return name.lower() if name.isascii() else name
