"""Texts of any kind at the guard."""

import contextlib
from pathlib import Path

from dashboard.errors import RefusedSql
from dashboard.model.access.table_view import TableView, table_name, table_query
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.grammar.tokens import tokens_of
from dashboard.sql.guard import checked
from dataset_model.columns.types import BIGINT, STRING

CORPUS = Path(__file__).parents[1] / "dashboard" / "sql" / "corpus"
NAME = table_name("reports", "contacts")
QUERY = table_query(
    NAME,
    [("contact_id", STRING), ("note", STRING), ("year", BIGINT), ("month", BIGINT), ("day", BIGINT)],
    TableView({"note": "hidden"}, rows="\"contact_id\" IN ('c')", rows_read=("contact_id",)),
)
CATALOGUE = Catalogue((ServedTable("reports", "contacts", ("contact_id", "note", "year", "month", "day"), QUERY),))


def seeds() -> list[bytes]:
    """Return the statements of the guard's corpora."""
    lines = [line for name in ("hostile", "innocent") for line in (CORPUS / f"{name}.txt").read_text().splitlines()]
    return [line.partition(" :: ")[2].replace("\\n", "\n").encode() for line in lines if " :: " in line]


def hold(data: bytes) -> None:
    """Any text is refused, or sent with the table inside of its query alone, and reads the same when read again."""
    with contextlib.suppress(RefusedSql):
        found = checked(data.decode(errors="ignore"), CATALOGUE, 100)
        if found.parsed.kind in {"columns", "describe"}:
            return
        assert QUERY is not None
        left = found.sql.replace(QUERY.sent, "").replace(QUERY.explained, "")
        quoted = {token.name.lower() for token in tokens_of(left) if token.kind == "quoted"}
        assert NAME not in left, found.sql
        # A statement may give the name of a hidden column to something of its own.
        assert not any(name.startswith("$") for name in quoted - found.parsed.own_names), found.sql
        assert {(table.database, table.table) for table in found.tables} <= {("reports", "contacts")}
