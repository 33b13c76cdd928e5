"""What the parser finds in a statement: expressions, SELECTs, tables, named queries and the bound of the rows."""

from dataclasses import dataclass, field
from typing import Literal

from dashboard.sql.grammar.tokens import Token

ExpressionKind = Literal[
    "and", "or", "not", "compare", "between", "in", "arithmetic", "paren", "column", "integer", "query", "other"
]


@dataclass(frozen=True, slots=True)
class Expression:
    """A value or condition. `words` are a column's names in lower case, or the operators between the parts."""

    kind: ExpressionKind
    parts: tuple["Expression", ...] = ()
    words: tuple[str, ...] = ()


@dataclass(slots=True)
class Select:
    """One SELECT. Token places count from 0; `after_from` and `after_where` are the places after those clauses."""

    sources: int = 0
    """Tables, subqueries and arrays in FROM."""
    has_outer_join: bool = False
    where: Expression | None = None
    where_at: int | None = None
    after_from: int = 0
    after_where: int = 0


@dataclass(slots=True)
class NamedQuery:
    """A query of a WITH clause; `inside` is the named query in which it is defined."""

    name: str
    recursive: bool
    inside: "NamedQuery | None"


@dataclass(slots=True)
class TableName:
    """A table's name at the tokens from `first` to before `end`.

    `named` is the named query that it means, None for a table of the catalogue; `inside` is the named query and
    `select` the SELECT in which it is written. `alias` is as written, the table's own name where it has none.
    """

    parts: tuple[Token, ...]
    first: int
    end: int
    named: NamedQuery | None
    inside: NamedQuery | None
    select: Select | None
    alias: str
    has_alias: bool = False


@dataclass(slots=True)
class Query:
    """A query at the tokens up to before `end`.

    `inner` is the query in its parentheses, where it is nothing but that. `count` is the place of the number of its
    LIMIT or FETCH (None: FETCH FIRST ROW); with `has_ties` it may give more rows than that.
    """

    end: int = 0
    inner: "Query | None" = None
    has_limit: bool = False
    count: int | None = None
    has_ties: bool = False


StatementKind = Literal["query", "explain", "columns", "describe"]


@dataclass(slots=True)
class ParsedSql:
    """A whole statement. `tables` and `named_queries` stand in the order of the text."""

    sql: str
    tokens: list[Token]
    kind: StatementKind = "query"
    query: Query | None = None
    tables: list[TableName] = field(default_factory=list)
    named_queries: list[NamedQuery] = field(default_factory=list)
    """Each one after those that are defined inside of it."""
    parameters: list[Token] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """Every column name or field name in lower case."""
    bare_columns: list[Token] = field(default_factory=list)
    """Each mention of a column without the name of a table before it."""
    own_names: set[str] = field(default_factory=set)
    """Names that the statement gives to something of its own, in lower case: aliases, named queries, arguments."""
    reads_all_columns: bool = False
