"""SQL that a person wrote flows in; the statement that is sent, or a RefusedSql with the place, flows out.

One statement that reads the served tables alone, through named functions alone. What is sent is the person's own text
without comments: tables get their full names, or the query that shows as much of them as the requester may see, and
the number of rows gets its bound. Nothing else changes, which `sent_text` compares token by token.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dashboard.errors import RefusedSql
from dashboard.model.access.table_view import quoted, table_name
from dashboard.model.statements import Statement
from dashboard.sql.catalogue import CATALOG, Catalogue, ServedTable
from dashboard.sql.cost.reference_count import MOST_TIMES, read_too_often
from dashboard.sql.grammar.tokens import Token, position
from dashboard.sql.grammar.tree import ParsedSql, TableName
from dashboard.sql.parameters import bound, check_parameters
from dashboard.sql.parser import one_statement
from dashboard.sql.sent_text import Edit, sent_text
from dataset_model.targets.partitions import PARTITION_COLUMNS

MOST_BYTES: Final = 262_144
"""Of a statement, as Athena takes it."""
_COMPARISONS: Final = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})


@dataclass(frozen=True)
class CheckedSql:
    """SQL that was let through, its rows bounded."""

    parsed: ParsedSql
    sql: str
    """What is sent, asking for `limit` + 1 rows at most."""
    tables: tuple[ServedTable, ...]
    limit: int
    written: str
    """What the person wrote."""
    plain: str
    """What is sent, with every table under its name."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Literals of its parameters."""

    def statement(self) -> Statement:
        """Return it as a statement."""
        tables = tuple((served.database, served.table) for served in self.tables)
        ready = bound(self.sql, self.given)
        in_place_of = tuple(
            (served.query.sent, table_name(served.database, served.table)) for served in self.tables if served.query
        )
        return Statement(
            ready.sql,
            ready.literals,
            self.limit,
            None,
            columns_read(self.parsed, self.tables),
            "custom_sql",
            # Only a query reads the table's files; the others read the catalogue, which costs nothing.
            tables if self.parsed.kind == "query" else (),
            self.written,
            shown=bound(self.plain, self.given).shown if ready.literals or in_place_of else "",
            in_place_of=in_place_of,
        )


def checked(sql: str, catalogue: Catalogue, limit: int, given: Mapping[str, str] | None = None) -> CheckedSql:
    """Return the SQL fit to run; raise RefusedSql saying what, where and how to mend it.

    `given` holds the literals of its parameters (see `parameters.literals_of`); None where it may have none.
    """
    parsed = one_statement(sql)
    check_parameters(parsed, given)
    mentions = [table for table in parsed.tables if table.named is None]
    if len(mentions) > MOST_TIMES:
        raise read_too_often()
    named = [(table, _served(table, parsed, catalogue)) for table in mentions]
    tables = tuple(dict.fromkeys(served for _, served in named))
    if parsed.kind in {"columns", "describe"}:
        sent = plain = _about_table(parsed, tables[0])
    else:
        bounds = _bounds(parsed, limit + 1)
        names = [Edit(table.first, table.end, _full_name(table, served)) for table, served in named]
        sent = plain = sent_text(parsed.tokens, [*names, *bounds])
        if any(served.query for served in tables):
            sent = sent_text(parsed.tokens, [*(_seen(parsed, table, served) for table, served in named), *bounds])
    if len(sent.encode()) > MOST_BYTES:
        raise RefusedSql(f"The statement is longer than Athena takes ({MOST_BYTES:,} bytes)", mend="Make it shorter.")
    return CheckedSql(parsed, sent, tables, limit, sql, plain, given or {})


def columns_read(parsed: ParsedSql, tables: tuple[ServedTable, ...]) -> tuple[str, ...] | None:
    """Return every served column that the SQL names, None where it may read all of them (`*`, or columns not known)."""
    if parsed.reads_all_columns or any(served.columns is None for served in tables):
        return None
    known = {name for served in tables for name in served.columns or ()}
    always = {name for served in tables if served.query for name in served.query.reads}
    return tuple(sorted(known & parsed.names | always))


def unknown_column(found: CheckedSql) -> RefusedSql | None:
    """Return the refusal of SQL that names a column which no table of it has; None where each is known.

    Athena would say the same after a wait. A name that the statement gives itself, anywhere, counts as known: what is
    refused here is certainly wrong, and the rest is left to Athena.
    """
    parsed = found.parsed
    if any(served.columns is None for served in found.tables):
        return None
    served_columns = [name for served in found.tables for name in served.columns or ()]
    known = {*served_columns, *parsed.own_names}
    token = next((each for each in parsed.bare_columns if each.name.lower() not in known), None)
    if token is None:
        return None
    close = difflib.get_close_matches(token.name.lower(), dict.fromkeys(served_columns), n=1)
    mend = f"Did you mean {close[0]}?" if close else f"Columns: {', '.join(dict.fromkeys(served_columns))}."
    return RefusedSql(f"There is no column {token.name}", *position(parsed.sql, token.start), mend)


def text_for_number(found: CheckedSql) -> RefusedSql | None:
    """Return the refusal of SQL that compares year, month or day with a text: Athena compares no number with one.

    A name that the statement gives itself may be a text, and is left to Athena.
    """
    parsed = found.parsed
    places = {token.start: place for place, token in enumerate(parsed.tokens)}
    for column in parsed.bare_columns:
        name = column.name.lower()
        if not found.tables or name not in PARTITION_COLUMNS or name in parsed.own_names:
            continue
        text = _text_compared(parsed.tokens, places[column.start])
        if text is not None:
            value = text.text.strip("'")
            mend = f"Write {name} = {int(value)}." if re.fullmatch("[0-9]{1,4}", value) else "Write a number."
            reason = f"{name} is a number, and {text.text:.40} is a text"
            return RefusedSql(reason, *position(parsed.sql, text.start), mend)
    return None


def _text_compared(tokens: Sequence[Token], place: int) -> Token | None:
    """Return the text that follows or precedes a column in a comparison."""
    after, before = tokens[place + 1 : place + 4], tokens[max(place - 2, 0) : place]
    words = [token.word for token in after]
    if words[:1] and words[0] in _COMPARISONS | {"BETWEEN"}:
        found = after[1:2]
    elif words[:2] == ["IN", "("]:
        found = after[2:3]
    else:
        found = before[:1] if len(before) == 2 and before[1].word in _COMPARISONS else []
    return next((token for token in found if token.kind == "string"), None)


def _served(table: TableName, parsed: ParsedSql, catalogue: Catalogue) -> ServedTable:
    parts = [token.name for token in table.parts]
    served = None
    if len(parts) == 3 and parts[0].lower() != CATALOG:
        reason = f"The catalog {parts[0]} is not served"
    elif "$" in parts[-1]:
        reason = f'The system table "{parts[-1]}" is not served'
    else:
        reason = f"The table {'.'.join(parts)} is not served"
        served = catalogue.find(parts[-2] if len(parts) > 1 else None, parts[-1]) if len(parts) <= 3 else None
    if served is None:
        names = ", ".join(f"{each.database}.{each.table}" for each in catalogue.tables)
        raise RefusedSql(reason, *position(parsed.sql, table.parts[0].start), f"Served: {names}.")
    return served


def _full_name(table: TableName, served: ServedTable) -> str:
    # A bare name means the served table, whatever database the workgroup would look in.
    names = [served.database, served.table]
    return ".".join(quoted(name) for name in ([CATALOG, *names] if len(table.parts) == 3 else names))


def _seen(parsed: ParsedSql, table: TableName, served: ServedTable) -> Edit:
    """Return the edit that replaces a table by the query of what the requester may see."""
    if served.query is None:
        return Edit(table.first, table.end, _full_name(table, served))
    query = served.query.explained if parsed.kind == "explain" else served.query.sent
    # Without a name of its own the derived table takes the table's, by which columns may be qualified.
    relation = f"({query})" if table.has_alias else f"({query}) AS {quoted(served.table)}"
    if table.first and parsed.tokens[table.first - 1].word == "TABLE":
        return Edit(table.first - 1, table.end, f"SELECT * FROM {relation}")
    return Edit(table.first, table.end, relation)


def _about_table(parsed: ParsedSql, served: ServedTable) -> str:
    """Return SHOW COLUMNS or DESCRIBE, which Athena reads by Hive's rules: names are quoted with backticks."""
    name = ".".join(f"`{part.replace('`', '``')}`" for part in (served.database, served.table))
    return f"SHOW COLUMNS IN {name}" if parsed.kind == "columns" else f"DESCRIBE {name}"


def _bounds(parsed: ParsedSql, rows: int) -> list[Edit]:
    """Return the edits by which a query gives at most so many rows."""
    query = parsed.query
    if query is None or parsed.kind != "query":
        return []
    while query.inner is not None:
        query = query.inner
    if query.has_ties:
        # WITH TIES gives more rows than its number, so it is bounded from outside.
        end = len(parsed.tokens)
        return [Edit(0, 0, "SELECT * FROM ("), Edit(end, end, f") AS bounded LIMIT {rows}")]
    if not query.has_limit:
        return [Edit(query.end, query.end, f" LIMIT {rows}")]
    # FETCH FIRST ROW has no number, which is one row.
    count = None if query.count is None else parsed.tokens[query.count]
    if query.count is None or count is None or (count.kind == "integer" and int(count.text) <= rows):
        return []
    return [Edit(query.count, query.count + 1, str(rows))]
