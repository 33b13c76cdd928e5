"""The kinds of statement: how each is recognised, what Athena calls it, and who carries it out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from local.athena.errors import RequestError
from local.athena.results.results import Result, result_from_rows
from local.athena.sql.checks.refusals import check_spelling
from local.athena.sql.parsing import parse
from local.athena.sql.statement_text import NAME, without_comments
from local.athena.statements import ddl, describe, iceberg, writes
from local.athena.statements.context import Job

StatementType = Literal["DML", "DDL", "UTILITY"]
Handler = Callable[[Job, re.Match[str]], Result]


@dataclass(frozen=True)
class Statement:
    """A recognised statement; `extension` ends the name of its result file, `.csv` for rows and `.txt` for text."""

    sql: str
    type: StatementType
    subtype: str
    handler: Handler
    match: re.Match[str]
    extension: str

    def run(self, job: Job) -> Result:
        """Carry the statement out."""
        return self.handler(job, self.match)


def _select(job: Job, _: re.Match[str]) -> Result:
    check_spelling(job.sql)
    return result_from_rows(job.query.rows(parse(job.sql)))


def _prepare(job: Job, found: re.Match[str]) -> Result:
    job.prepared.keep(job.workgroup, found[1].lower(), found[2])
    return Result()


def _deallocate(job: Job, found: re.Match[str]) -> Result:
    job.prepared.drop(job.workgroup, found[1].lower())
    return Result()


def _nothing(_: Job, __: re.Match[str]) -> Result:
    return Result()


_IF_NOT = r"(IF\s+NOT\s+EXISTS\s+)?"
_IF = r"(IF\s+EXISTS\s+)?"

# Pattern of the start, statement type, substatement type, handler. The first match counts.
_TABLE: tuple[tuple[str, StatementType, str, Handler], ...] = (
    (r"(?:SELECT|WITH|VALUES|TABLE|\()", "DML", "SELECT", _select),
    (rf"INSERT\s+INTO\s+(?:TABLE\s+)?{NAME}\s*(.*)", "DML", "INSERT", writes.insert),
    (r"UNLOAD\s*\(", "DML", "UNLOAD", writes.unload),
    (rf"UPDATE\s+{NAME}\s", "DML", "UPDATE", iceberg.update),
    (rf"DELETE\s+FROM\s+{NAME}", "DML", "DELETE", iceberg.delete),
    (rf"MERGE\s+INTO\s+{NAME}", "DML", "MERGE", iceberg.merge),
    (r"PREPARE\s+(\w+)\s+FROM\s+(.*)", "DDL", "PREPARE", _prepare),
    (r"DEALLOCATE\s+PREPARE\s+(\w+)", "DDL", "DEALLOCATE", _deallocate),
    (r"EXPLAIN\s+(?:ANALYZE\s+|\([^)]*\)\s*)?(.*)", "UTILITY", "EXPLAIN", describe.explain),
    (rf"CREATE\s+(?:DATABASE|SCHEMA)\s+{_IF_NOT}{NAME}(.*)", "DDL", "CREATE_DATABASE", ddl.create_database),
    (rf"DROP\s+(?:DATABASE|SCHEMA)\s+{_IF}{NAME}\s*(CASCADE)?", "DDL", "DROP_DATABASE", ddl.drop_database),
    (rf"CREATE\s+TABLE\s+{_IF_NOT}{NAME}\s*(WITH\s*\(.*|)\bAS\s*(?:SELECT|WITH|VALUES|TABLE|\().*", "DDL",
     "CREATE_TABLE_AS_SELECT", writes.create_table_as),
    (rf"CREATE\s+(?:EXTERNAL\s+)?TABLE\s+{_IF_NOT}{NAME}\s*\(", "DDL", "CREATE_TABLE", ddl.create_table),
    (rf"CREATE\s+(OR\s+REPLACE\s+)?VIEW\s+{NAME}\s+AS\s+(.*)", "DDL", "CREATE_VIEW", ddl.create_view),
    (rf"DROP\s+TABLE\s+{_IF}{NAME}", "DDL", "DROP_TABLE", ddl.drop_table),
    (rf"DROP\s+VIEW\s+{_IF}{NAME}", "DDL", "DROP_VIEW", ddl.drop_view),
    (rf"ALTER\s+TABLE\s+{NAME}\s+ADD\s+COLUMNS\s*\(", "DDL", "ALTER_TABLE_ADD_COLUMNS", ddl.add_columns),
    (rf"ALTER\s+TABLE\s+{NAME}\s+REPLACE\s+COLUMNS\s*\(", "DDL", "ALTER_TABLE_REPLACE_COLUMNS", ddl.replace_columns),
    (rf"ALTER\s+TABLE\s+{NAME}\s+ADD\s+{_IF_NOT}(PARTITION\b.*)", "DDL", "ALTER_TABLE_ADD_PARTITION",
     ddl.add_partitions),
    (rf"ALTER\s+TABLE\s+{NAME}\s+DROP\s+{_IF}(PARTITION\b.*)", "DDL", "ALTER_TABLE_DROP_PARTITION",
     ddl.drop_partitions),
    (rf"ALTER\s+TABLE\s+{NAME}\s+SET\s+TBLPROPERTIES\s*\(", "DDL", "ALTER_TABLE_SET_TBLPROPERTIES",
     ddl.set_properties),
    (rf"ALTER\s+TABLE\s+{NAME}\s+SET\s+LOCATION\s+'([^']+)'", "DDL", "ALTER_TABLE_SET_LOCATION", ddl.set_location),
    (rf"MSCK\s+REPAIR\s+TABLE\s+{NAME}", "DDL", "MSCK", ddl.repair),
    (rf"(?:VACUUM|OPTIMIZE)\s+{NAME}", "DDL", "VACUUM", _nothing),
    (r"SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+LIKE\s+'([^']*)')?\s*$", "UTILITY", "SHOW_DATABASES", describe.databases),
    (rf"SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+{NAME})?(?:\s+(?:LIKE\s+)?'([^']*)')?\s*$", "UTILITY", "SHOW_TABLES",
     describe.tables),
    (rf"SHOW\s+VIEWS(?:\s+(?:IN|FROM)\s+{NAME})?(?:\s+(?:LIKE\s+)?'([^']*)')?\s*$", "UTILITY", "SHOW_VIEWS",
     describe.views),
    (rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{NAME}(?:\s+(?:IN|FROM)\s+{NAME})?", "UTILITY", "SHOW_COLUMNS",
     describe.columns),
    (rf"SHOW\s+PARTITIONS\s+{NAME}", "UTILITY", "SHOW_PARTITIONS", describe.partitions),
    (rf"SHOW\s+CREATE\s+TABLE\s+{NAME}", "UTILITY", "SHOW_CREATE_TABLE", describe.create_table),
    (rf"SHOW\s+CREATE\s+VIEW\s+{NAME}", "UTILITY", "SHOW_CREATE_VIEW", describe.create_view),
    (rf"SHOW\s+TBLPROPERTIES\s+{NAME}\s*(?:\(\s*'([^']+)'\s*\))?", "UTILITY", "SHOW_TBLPROPERTIES",
     describe.properties),
    (rf"(?:DESCRIBE|DESC)\s+(?:EXTENDED\s+|FORMATTED\s+)?{NAME}", "UTILITY", "DESCRIBE_TABLE", describe.table),
)  # fmt: skip
_PATTERNS = tuple((re.compile(row[0], re.IGNORECASE | re.DOTALL), row[1], row[2], row[3]) for row in _TABLE)
_EXECUTE = re.compile(
    r"EXECUTE\s+(?:IMMEDIATE\s+)?(\w+|'(?:[^']|'')*')(?:\s+USING\s+(.*))?\s*$", re.IGNORECASE | re.DOTALL
)
_FILED = ("SELECT", "UNLOAD", "INSERT", "UPDATE", "DELETE", "MERGE")


def executed(sql: str) -> tuple[str, str | None] | None:
    """Return the name and the USING list of an EXECUTE, or None for another statement."""
    found = _EXECUTE.match(without_comments(sql))
    return (found[1], found[2]) if found else None


def statement(sql: str) -> Statement:
    """Recognise a statement; what is none of Athena's is refused with its position."""
    bare = without_comments(sql)
    for pattern, kind, subtype, handler in _PATTERNS:
        found = pattern.match(bare)
        if not found:
            continue
        if subtype == "SELECT":
            parse(sql.strip().rstrip(";"))
        extension = ".csv" if subtype in _FILED else ".txt"
        return Statement(bare, kind, subtype, handler, found, extension)
    first = re.match(r"[\w$]+|\S", bare)
    word = first[0] if first else "<EOF>"
    raise RequestError(
        f"line 1:1: mismatched input '{word}'. Expecting: 'ALTER', 'CREATE', 'DEALLOCATE', 'DELETE', 'DESC', "
        "'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'INSERT', 'MERGE', 'MSCK', 'PREPARE', 'SHOW', 'UNLOAD', 'UPDATE', "
        "'VACUUM', <query>",
        reason="MALFORMED_QUERY",
    )
