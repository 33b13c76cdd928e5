"""SQL text flows in; its one parsed statement, or a refusal with the place of the fault, flows out.

The parser reads each token once, so its time grows with the length of the text alone: a statement of 100 kB takes less
than a second, whatever it holds.
"""

import re
from typing import Final

from dashboard.errors import RefusedSql
from dashboard.sql.grammar.cursor import too_deep
from dashboard.sql.grammar.expressions import QUERY_WORDS
from dashboard.sql.grammar.queries import QueryReader
from dashboard.sql.grammar.tokens import Token, position, tokens_of
from dashboard.sql.grammar.tree import ParsedSql

_EXPLAIN_OPTIONS: Final = {
    "TYPE": ("LOGICAL", "DISTRIBUTED", "VALIDATE", "IO"),
    "FORMAT": ("TEXT", "GRAPHVIZ", "JSON"),
}


def one_statement(sql: str) -> ParsedSql:
    """Return the parsed statement of a text that holds exactly one; raise RefusedSql with the place of the fault."""
    tokens = _only_statement(sql, tokens_of(sql))
    reader = QueryReader(sql, tokens)
    try:
        _read_statement(reader)
    except RecursionError:
        raise too_deep(sql, reader.here.start) from None
    if reader.here.kind != "end":
        raise reader.unexpected()
    return reader.found


def position_of_failure(written: str, reason: str) -> tuple[str, int | None, int | None]:
    """Return Athena's reason without its own position, and the position in the written text; None, None if not found.

    Athena's position is that of the sent text. So the name in the reason (`Column 'agent' cannot be resolved`) is
    searched in the written text.
    """
    text = re.sub(r"(?:^|(?<=: ))line \d+:\d+: ", "", reason)
    for name in re.findall(r"['\"]([^'\"]+)['\"]|(?:Function|Table) (\w+)", text):
        wanted = (name[0] or name[1]).rpartition(".")[2].lower()
        for token in tokens_of(written):
            if token.name.lower() == wanted and token.kind in {"word", "quoted"}:
                return text, *position(written, token.start)
    return text, None, None


def _only_statement(sql: str, tokens: list[Token]) -> list[Token]:
    end = next((place for place, token in enumerate(tokens) if token.word == ";"), len(tokens))
    after = next((token for token in tokens[end:] if token.word != ";"), None)
    if after is not None and end:
        raise RefusedSql("Only one statement can run", *position(sql, after.start), "Remove what follows the `;`.")
    if not end:
        raise RefusedSql("There is no statement", 1, 1, "Write a SELECT.")
    return tokens[:end]


def _read_statement(reader: QueryReader) -> None:
    if reader.at("(", *QUERY_WORDS):
        reader.found.query = reader.query()
    elif reader.accept("EXPLAIN"):
        reader.found.kind = "explain"
        _read_explain(reader)
    elif reader.accept("SHOW", "COLUMNS"):
        reader.found.kind = "columns"
        reader.expect_one_of("FROM", "IN")
        reader.table_name()
        if reader.accept("FROM") or reader.accept("IN"):
            table = reader.found.tables[-1]
            table.parts, table.end = (reader.new_name(), *table.parts), reader.place
    elif reader.accept("DESCRIBE") or reader.accept("DESC"):
        reader.found.kind = "describe"
        if reader.at("FORMATTED", "EXTENDED"):
            raise reader.refusal("The storage location of a table is not served", reader.here, "Write DESCRIBE alone.")
        reader.table_name()
    else:
        raise reader.refusal(
            f"{reader.here.text[:20].upper()} cannot be run here: only SELECT, set operations (UNION, INTERSECT, "
            "EXCEPT), WITH, VALUES, EXPLAIN, SHOW COLUMNS and DESCRIBE",
            reader.here,
            "Write a SELECT over the served tables.",
        )


def _read_explain(reader: QueryReader) -> None:
    if reader.at("ANALYZE"):
        raise reader.refusal("EXPLAIN ANALYZE runs the query", reader.here, "Run the query, or write EXPLAIN alone.")
    if reader.at("(") and reader.look().word in _EXPLAIN_OPTIONS:
        reader.step()
        while True:
            reader.expect_one_of(*_EXPLAIN_OPTIONS[reader.expect_one_of(*_EXPLAIN_OPTIONS)])
            if not reader.accept(","):
                break
        reader.expect(")")
    reader.found.query = reader.query()
