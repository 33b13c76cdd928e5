"""Which SQL a person may run: read by a parser, never by its beginning.

One statement; SELECT, set operations and WITH; over the served tables alone. A keyword inside a text, a quoted name or
a comment is just that. What is sent is the checked tree written out again, without comments, so that Athena reads
nothing that was not looked at here; and what was written out is checked once more.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from dashboard.errors import RefusedSql
from dashboard.model.statements import Statement
from dashboard.sql.functions import FUNCTIONS
from dashboard.sql.parameters import bound, check_parameters, standing_in
from dashboard.sql.parser import DIALECT, one_statement, refusal

CATALOG = "awsdatacatalog"


@dataclass(frozen=True)
class ServedTable:
    """A table (or view) that people may read; `columns` in lower case, None where they are not known."""

    database: str
    table: str
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Catalogue:
    """Everything that people may read. The first table's database is the one that a bare name is looked up in."""

    tables: tuple[ServedTable, ...]

    def find(self, database: str | None, table: str) -> ServedTable | None:
        """Return the served table of that name; a bare name may be of any served database, the first one first."""
        wanted = (database or "").lower(), table.lower()
        return next(
            (
                served
                for served in self.tables
                if served.table.lower() == wanted[1] and wanted[0] in {"", served.database.lower()}
            ),
            None,
        )


@dataclass(frozen=True)
class CheckedSql:
    """SQL that was let through, its rows bounded."""

    tree: exp.Query
    sql: str
    """What is sent: the tree written out, asking for `limit` + 1 rows at most."""
    tables: tuple[ServedTable, ...]
    limit: int
    written: str
    """What the person wrote."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Literals of its parameters."""

    def statement(self) -> Statement:
        """Return it as a statement."""
        tables = tuple((served.database, served.table) for served in self.tables)
        columns = columns_read(self.tree, self.tables)
        ready = bound(self.sql, self.given)
        return Statement(
            ready.sql,
            ready.literals,
            self.limit,
            None,
            columns,
            "custom_sql",
            tables,
            self.written,
            shown=ready.shown if ready.literals else "",
        )


def checked(sql: str, catalogue: Catalogue, limit: int, given: Mapping[str, str] | None = None) -> CheckedSql:
    """Return the SQL fit to run; raise RefusedSql saying what, where and how to mend it.

    `given` holds the literals of its parameters (see `parameters.literals_of`); None where it may have none.
    """
    text = sql if given is None else standing_in(sql)
    tree = one_statement(text)
    tables = _inspected(tree, text, catalogue)
    if given is not None and text != sql:
        check_parameters(tree, text, given)
    query = _bounded(tree, limit + 1)
    try:
        sent = query.sql(dialect=DIALECT, comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise RefusedSql(f"Athena has nothing like it: {error}", mend="Write it another way.") from None
    except RecursionError:
        raise RefusedSql("The statement is nested too deeply", mend="Split it with WITH.") from None
    again = one_statement(sent)
    _inspected(again, sent, catalogue)
    bound = again.args.get("limit")
    if not isinstance(bound, exp.Limit) or (_number(bound.expression) or 0) > limit + 1:
        raise RefusedSql("The number of its rows cannot be bounded", mend="Write it another way.")
    return CheckedSql(query, sent, tables, limit, sql, given or {} if text != sql else {})


def columns_read(tree: exp.Query, tables: tuple[ServedTable, ...]) -> tuple[str, ...] | None:
    """Return every served column that the SQL names, None where it may read all of them (`*`, or columns not known)."""
    if any(served.columns is None for served in tables) or any(
        _is_everything(star) for star in tree.find_all(exp.Star)
    ):
        return None
    named = {identifier.name.lower() for identifier in tree.find_all(exp.Identifier)}
    return tuple(sorted(named.intersection(*[{name for served in tables for name in served.columns or ()}])))


def _inspected(tree: exp.Expr, sql: str, catalogue: Catalogue) -> tuple[ServedTable, ...]:
    _check_root(tree, sql)
    found: dict[ServedTable, None] = {}
    for node in tree.walk():
        _check_node(node, sql)
        if isinstance(node, exp.Table) and not is_named_query(node):
            found[_served(node, sql, catalogue)] = None
    return tuple(found)


def _check_root(tree: exp.Expr, sql: str) -> None:
    inner: exp.Expr = tree
    while isinstance(inner, exp.Subquery | exp.Paren):
        inner = inner.this
    if isinstance(inner, exp.Select | exp.SetOperation):
        return
    word = sql.split(None, 1)[0].strip("(").upper()[:20] if sql.split() else ""
    raise refusal(
        f"{word or 'This'} cannot be run here: only SELECT, set operations (UNION, INTERSECT, EXCEPT) and WITH",
        sql,
        None,
        "Write a SELECT over the served tables.",
    )


_FORBIDDEN: tuple[tuple[tuple[type[exp.Expr], ...], str, str], ...] = (
    ((exp.DDL, exp.DML, exp.Command, exp.Copy, exp.Drop, exp.Alter, exp.Set, exp.Use, exp.Merge, exp.Grant,
      exp.Describe, exp.Pragma, exp.Show, exp.TruncateTable),
     "Only reading is allowed", "Remove the statement inside."),
    ((exp.Into,), "SELECT ... INTO writes a table", "Remove INTO."),
    ((exp.Lock,), "Rows cannot be locked", "Remove FOR UPDATE or FOR SHARE."),
    ((exp.Version,), "The served tables have no versions", "Remove FOR VERSION or FOR TIMESTAMP."),
    ((exp.Placeholder, exp.Parameter, exp.SessionParameter), "A parameter has no value", "Write the value itself."),
    ((exp.Pivot,), "Athena has no PIVOT", "Use CASE or FILTER."),
    ((exp.JSONTable, exp.XMLTable, exp.OpenJSON, exp.ReadCSV, exp.ReadParquet, exp.Explode, exp.Posexplode, exp.Inline,
      exp.TableFromRows),
     "Table functions are not served", "Use UNNEST for arrays and maps."),
    ((exp.Hint,), "Athena has no hints", "Remove the hint."),
    ((exp.Connect, exp.Sort, exp.Cluster, exp.Distribute, exp.Qualify),
     "Athena has no such clause", "Remove the clause."),
    # Its pattern is kept as raw text, which nobody has looked at.
    ((exp.MatchRecognize,), "MATCH_RECOGNIZE is not served", "Use window functions."),
)  # fmt: skip


def _check_node(node: exp.Expr, sql: str) -> None:
    # A set operation is DML for the parser, and so is a SELECT; those two are what this is all about.
    if not isinstance(node, exp.Query):
        for kinds, reason, mend in _FORBIDDEN:
            if isinstance(node, kinds):
                raise refusal(reason, sql, node, mend)
    if isinstance(node, exp.Identifier):
        _check_identifier(node, sql)
    elif isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
        raise refusal("Functions of a schema are not served", sql, node, "Use Athena's built-in functions.")
    elif isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        _check_function(node, sql)
    elif isinstance(node, exp.Distinct) and node.args.get("on"):
        raise refusal("Athena has no DISTINCT ON", sql, node, "Use row_number() or max_by().")
    elif isinstance(node, exp.Lateral) and not isinstance(node.this, exp.Subquery):
        raise refusal("Table functions are not served", sql, node, "Use UNNEST for arrays and maps.")


def _check_identifier(node: exp.Identifier, sql: str) -> None:
    # "$path", "$bucket" and their kin exist beside every real column and tell where the files lie.
    is_new_name = isinstance(node.parent, exp.Alias | exp.TableAlias | exp.CTE) and node.arg_key in {"alias", "columns"}
    if node.name.startswith("$") and not is_new_name:
        raise refusal(f'The hidden column "{node.name}" is not served', sql, node, "Use the table's own columns.")


def _check_function(node: exp.Expr, sql: str) -> None:
    name = node.name.lower()
    if name in FUNCTIONS:
        return
    close = difflib.get_close_matches(name, FUNCTIONS, n=1)
    mend = f"Did you mean {close[0]}?" if close else "Use Athena's built-in functions."
    raise refusal(f"There is no function {node.name} in Athena", sql, node, mend)


def _served(node: exp.Table, sql: str, catalogue: Catalogue) -> ServedTable:
    names = ", ".join(f"{served.database}.{served.table}" for served in catalogue.tables)
    mend = f"Served: {names}."
    if not isinstance(node.this, exp.Identifier):
        raise refusal("Table functions are not served", sql, node, "Use UNNEST for arrays and maps.")
    if node.catalog and node.catalog.lower() != CATALOG:
        raise refusal(f"The catalog {node.catalog} is not served", sql, node, mend)
    if "$" in node.name:
        raise refusal(f'The system table "{node.name}" is not served', sql, node, mend)
    served = catalogue.find(node.db or None, node.name)
    if served is None:
        shown = f"{node.db}.{node.name}" if node.db else node.name
        raise refusal(f"The table {shown} is not served", sql, node, mend)
    # A bare name means the served table whatever database the workgroup would look in.
    node.set("this", exp.to_identifier(served.table, quoted=True))
    node.set("db", exp.to_identifier(served.database, quoted=True))
    return served


def is_named_query(table: exp.Table) -> bool:
    """Return whether a table's name is that of a WITH query that can be seen from where it stands.

    A named query is seen by the ones after it and by the body, and by itself where it is recursive: the rule by which
    Athena decides, so that a name which only looks like one cannot reach a table.
    """
    return not table.db and not table.catalog and table.name.lower() in set(_visible_names(table))


def _visible_names(node: exp.Expr) -> Iterator[str]:
    below: exp.Expr = node
    above = node.parent
    while above is not None:
        clause = above if isinstance(above, exp.With) else above.args.get("with_")
        if isinstance(clause, exp.With) and clause is not below:
            for query in clause.expressions:
                if query is below:
                    if clause.recursive:
                        yield query.alias.lower()
                    break
                yield query.alias.lower()
        below, above = above, above.parent


def _is_everything(star: exp.Star) -> bool:
    return not isinstance(star.parent, exp.Count)


def _bounded(tree: exp.Expr, rows: int) -> exp.Query:
    query = tree
    while isinstance(query, exp.Subquery | exp.Paren) and not _has_modifiers(query):
        query = query.this
    if not isinstance(query, exp.Query):
        raise TypeError(type(query).__name__)
    bound = query.args.get("limit")
    if isinstance(bound, exp.Fetch):
        # WITH TIES and PERCENT give more rows than they say, so they are bounded from outside.
        options = bound.args.get("limit_options")
        asked = _number(bound.args.get("count"))
        if asked is None or (options and (options.args.get("with_ties") or options.args.get("percent"))):
            return exp.select("*").from_(query.subquery("bounded")).limit(rows)
    else:
        asked = _number(bound.expression) if isinstance(bound, exp.Limit) else None
    query.set("limit", exp.Limit(expression=exp.Literal.number(min(rows, asked if asked is not None else rows))))
    return query


def _has_modifiers(tree: exp.Expr) -> bool:
    return any(value for name, value in tree.args.items() if name != "this")


def _number(node: object) -> int | None:
    return int(node.name) if isinstance(node, exp.Literal) and node.is_int else None
