"""Point 3: what the guard sends means what was written. Both texts are asked of Athena's engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from conformance.cells import differences
from conformance.comparison import Case, Part, asked, explanations
from conformance.engine.client import Trino
from conformance.exports.publish import CORPUS_DATABASE
from conformance.outcome import Outcome
from conformance.stand_in import StandIn
from dashboard.errors import RefusedSql
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.guard import checked
from local.athena.errors import RequestError
from local.athena.sql.parsing import tokens

MOST_ROWS = 20_000
_INNOCENT = Path("tests/dashboard/sql/corpus/innocent.txt")
_FUNCTIONS = Path("tests/dashboard/sql/corpus/functions.txt")
_DOCUMENTED = Path(__file__).parent.parent / "corpora" / "documented.txt"
_CHOOSES = re.compile(r"\b(limit|fetch|tablesample|random|rand|shuffle|uuid)\b", re.IGNORECASE)
_ESTIMATES = re.compile(
    r"\b(approx_\w+|arbitrary|any_value|array_agg|row_number|now|current_\w+|localtime\w*)\b", re.IGNORECASE
)
_ADDS = re.compile(r"\b(sum|avg|stddev|var_pop|corr)\b", re.IGNORECASE)
_ORDERS = re.compile(r"\border by\b", re.IGNORECASE)


def compare(trino: Trino, stand_in: StandIn) -> Part:
    """Return how the engine's answers to what was written compare with those to what is sent."""
    part = Part("Guard", "what the guard sends")
    part.tables.add("contacts")
    explained = explanations("guard")
    catalogue = Catalogue((ServedTable(CORPUS_DATABASE, "contacts", _columns(stand_in)),))

    def guarded(case: Case) -> Outcome:
        try:
            sent = checked(case.sql, catalogue, MOST_ROWS)
        except RefusedSql as error:
            return Outcome(error="REFUSED_BY_THE_GUARD", message=str(error))
        return trino.ask(sent.sql, CORPUS_DATABASE)

    outcomes = asked(_corpus(), lambda case: trino.ask(_without_semicolons(case.sql), case.database), guarded)
    for case, (written, sent) in outcomes:
        exact = not _ADDS.search(case.sql)
        if _may_differ(case.sql, written, sent) and differences(written, sent, exact=exact):
            part.compare(case, _counted(written), _counted(sent), explained)
        else:
            part.compare(case, written, sent, explained, exact=exact)
    return part


def _counted(found: Outcome) -> Outcome:
    return Outcome(found.columns, ((str(len(found.rows)),),))


def _corpus() -> list[Case]:
    calls = _FUNCTIONS.read_text(encoding="utf-8").splitlines()
    cases = [
        *_entries("innocent", _INNOCENT),
        *_entries("documented", _DOCUMENTED),
        *(Case("functions", f"SELECT {line}", CORPUS_DATABASE) for line in calls if line and not line.startswith("#")),
    ]
    return list({case.sql: case for case in cases}.values())


def _entries(label: str, path: Path) -> Iterator[Case]:
    for line in path.read_text(encoding="utf-8").splitlines():
        _, found, sql = line.partition(" :: ")
        if found and not line.startswith("#"):
            yield Case(label, sql.replace("\\n", "\n").replace("\\t", "\t"), CORPUS_DATABASE)


def _without_semicolons(sql: str) -> str:
    # Athena takes a statement with its closing semicolon, Trino's protocol does not.
    try:
        found = tokens(sql)
    except RequestError:  # no tokens of the stand-in's parser; the engine has the last word
        return sql
    closing = None
    for token in reversed(found):
        if token.text != ";":
            break
        closing = token
    return sql if closing is None else sql[: closing.start]


def _may_differ(sql: str, written: Outcome, sent: Outcome) -> bool:
    """Whether the engine may answer otherwise the next time: the statement does not say which rows, or estimates."""
    if written.error or sent.error:
        return False
    return bool(_ESTIMATES.search(sql)) or (bool(_CHOOSES.search(sql)) and not _ORDERS.search(sql))


def _columns(stand_in: StandIn) -> tuple[str, ...]:
    table = stand_in.glue.get_table(DatabaseName=CORPUS_DATABASE, Name="contacts")["Table"]
    return tuple(column["Name"] for column in table["StorageDescriptor"]["Columns"] + table["PartitionKeys"])
